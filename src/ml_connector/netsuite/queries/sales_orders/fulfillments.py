"""What was fulfilled from sales orders, by whomever, with its tracking numbers.

Tables and columns: netsuite.md section 5.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# The cost-of-goods entry repeats a line with its sign turned; the quantities of a fulfilment
# itself are negative, or all positive where an account shows them so (section 5.2).
FULFILLMENTS: Final = """
SELECT t.id, t.tranid, t.externalid, t.status, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, l.id AS line, l.item, l.quantity, l.location,
    k.previousline AS orderline
FROM transaction t
JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
LEFT JOIN transactionline l ON l.transaction = t.id
    AND l.mainline = 'F' AND l.item IS NOT NULL AND l.quantity <> 0
    AND (l.taxline = 'F' OR l.taxline IS NULL) AND (l.iscogs = 'F' OR l.iscogs IS NULL)
LEFT JOIN nexttransactionlinelink k ON k.nextdoc = t.id AND k.nextline = l.id
    AND k.previousdoc = m.createdfrom AND k.nexttype = 'ItemShip'
WHERE t.type = 'ItemShip' AND m.createdfrom IN ({list})
ORDER BY t.id, l.id, k.previousline
"""

TRACKING_NUMBERS: Final = """
SELECT m.transaction, n.trackingnumber
FROM trackingnumbermap m JOIN trackingnumber n ON n.id = m.trackingnumber
WHERE m.transaction IN ({list}) ORDER BY m.transaction, n.id
"""


class FulfilledLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an item fulfilment.

    Attributes:
        order_line: the order's line, from the link table; None where it isn't known.
        quantity: units in it, positive.
    """

    line: int
    item: str
    quantity: Decimal
    location: str | None = None
    order_line: int | None = None


class Fulfillment(msgspec.Struct, frozen=True, kw_only=True):
    """An item fulfilment that was made from a sales order, by us or by others.

    Attributes:
        status: A picked, B packed, C shipped (section 5.7).
        tracking_numbers: of its packages (section 5.5).
    """

    id: str
    order: str
    tranid: str | None = None
    externalid: str | None = None
    status: str | None = None
    memo: str | None = None
    trandate: date | None = None
    lines: tuple[FulfilledLine, ...] = ()
    tracking_numbers: tuple[str, ...] = ()


class _FulfillmentRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    createdfrom: str
    tranid: str | None = None
    externalid: str | None = None
    status: str | None = None
    memo: str | None = None
    trandate: date | None = None
    line: int | None = None
    item: str | None = None
    quantity: Decimal = Decimal(0)
    location: str | None = None
    orderline: int | None = None


class _TrackingNumber(msgspec.Struct, frozen=True, kw_only=True):
    transaction: str
    trackingnumber: str


async def fulfillments_of(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, list[Fulfillment]]:
    """Return all item fulfilments made from these orders, by internal id of the order.

    This guards against a second fulfilment without relying on external ids (section 11.4). They
    are found by ``createdfrom`` on their mainline row, the order's lines by the link table
    (section 5.3), the tracking numbers by a table of their own (section 5.5).
    Assumptions: NS-032.
    """
    rows = await suiteql.rows_in(
        FULFILLMENTS,
        order_ids,
        type=_FulfillmentRow,
        operation="suiteql.fulfillments",
        priority=priority,
    )
    if not rows:
        return {}
    numbers = await _tracking_numbers(suiteql, [row.id for row in rows], priority)
    lines: dict[str, dict[int, FulfilledLine]] = {}
    negative = {row.id for row in rows if row.quantity < 0}
    for row in rows:
        leaves = row.quantity < 0 or row.id not in negative
        if row.line is not None and row.item is not None and leaves:
            lines.setdefault(row.id, {})[row.line] = FulfilledLine(
                line=row.line,
                item=row.item,
                quantity=abs(row.quantity),
                location=row.location,
                order_line=row.orderline,
            )
    found: dict[str, list[Fulfillment]] = {}
    for row in {row.id: row for row in rows}.values():
        fulfillment = Fulfillment(
            id=row.id,
            order=row.createdfrom,
            tranid=row.tranid,
            externalid=row.externalid,
            status=row.status,
            memo=row.memo,
            trandate=row.trandate,
            lines=tuple(lines.get(row.id, {}).values()),
            tracking_numbers=tuple(numbers.get(row.id, ())),
        )
        found.setdefault(row.createdfrom, []).append(fulfillment)
    return found


async def _tracking_numbers(
    suiteql: SuiteQL, fulfillment_ids: Sequence[str], priority: Priority
) -> Mapping[str, list[str]]:
    try:
        rows = await suiteql.rows_in(
            TRACKING_NUMBERS,
            fulfillment_ids,
            type=_TrackingNumber,
            operation="suiteql.tracking_numbers",
            priority=priority,
        )
    except UnknownIdentifier:
        # The role can't see them (section 4.5), so none are known here. Before packages are
        # written, those of the record itself are read.
        return {}
    numbers: dict[str, list[str]] = {}
    for row in rows:
        numbers.setdefault(row.transaction, []).append(row.trackingnumber)
    return numbers
