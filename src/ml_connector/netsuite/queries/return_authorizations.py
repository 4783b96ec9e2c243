"""What is asked about return authorizations: by number, by order, received.

Tables and columns: netsuite.md section 5. All values from outside are bound parameters.
Square brackets enclose what an account may lack (``SuiteQL``). Sales-side quantities are
negative (section 5.2). It is not documented which sign the quantities of a return authorization
have (NS-032), so all quantities are read without their sign.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.line_links import order_lines_of
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

_HEADERS: Final = """
SELECT t.id, t.tranid, t.externalid, t.memo, t.status, t.entity, m.createdfrom,
    om.createdfrom AS through[, m.subsidiary]
FROM transaction t JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
LEFT JOIN transactionline om ON om.transaction = m.createdfrom AND om.mainline = 'T'
WHERE t.type = 'RtnAuth'
"""
# ``{list}`` becomes placeholders for the same values each time it stands there.
BY_NAME: Final = (
    f"{_HEADERS} AND (t.tranid IN ({{list}}) OR t.externalid IN ({{list}})) ORDER BY t.id"
)
BY_ID: Final = f"{_HEADERS} AND t.id IN ({{list}}) ORDER BY t.id"
BY_ORDER: Final = (
    f"{_HEADERS} AND (m.createdfrom IN ({{list}}) OR om.createdfrom IN ({{list}})) ORDER BY t.id"
)

LINES: Final = """
SELECT l.transaction, l.id AS line, l.item, l.quantity, l.quantityshiprecv, l.isclosed,
    l.location[, l.units][, i.stockunit]
FROM transactionline l JOIN item i ON i.id = l.item
WHERE l.transaction IN ({list})
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
ORDER BY l.transaction, l.id
"""

# The entry against the cost of goods repeats a line with its sign turned; the quantities of
# a receipt itself are positive (section 5.2).
RECEIPT_LINES: Final = """
SELECT t.id, t.tranid, t.externalid, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, l.id AS line, l.item, l.quantity, l.location
FROM transaction t
JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
JOIN transactionline l ON l.transaction = t.id
WHERE t.type = 'ItemRcpt' AND m.createdfrom IN ({list})
    AND l.item IS NOT NULL AND l.quantity > 0
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
ORDER BY t.id, l.id
"""


class AuthorizationLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a return authorization, in base units (section 5.2).

    Attributes:
        line: what a transform takes as ``orderLine``.
        quantity: authorised; with whatever sign the account shows.
        quantityshiprecv: received so far; likewise.
        units: id of the line's unit; the quantities are not in it (section 13.3).
        order_line: the sales order's line it stands for; None where that isn't known.
    """

    transaction: str
    line: int
    item: str
    quantity: Decimal = Decimal(0)
    quantityshiprecv: Decimal = Decimal(0)
    isclosed: Flag = Flag.F
    location: str | None = None
    units: str | None = None
    stockunit: str | None = None
    order_line: int | None = None

    @property
    def authorized(self) -> Decimal:
        """Units that may come back; of a closed line only those that came back."""
        return self.received if self.isclosed else abs(self.quantity)

    @property
    def received(self) -> Decimal:
        """Units that were received, whatever their sign."""
        return abs(self.quantityshiprecv)

    @property
    def closed_quantity(self) -> Decimal:
        """Units of a closed line that were never received."""
        return max(Decimal(0), abs(self.quantity) - self.authorized)

    @property
    def open_quantity(self) -> Decimal:
        """Units still to be received; never negative."""
        return max(Decimal(0), self.authorized - self.received)


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    tranid: str = ""
    externalid: str | None = None
    memo: str | None = None
    status: str = ""
    entity: str | None = None
    createdfrom: str | None = None
    through: str | None = None
    subsidiary: str | None = None


class ReturnAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """A return authorization with its item lines.

    Attributes:
        status: the letter (section 5.7): A pending approval, B pending receipt, C cancelled,
            D partially received, E pending refund/partially received, F pending refund,
            G refunded, H closed.
        entity: internal id of the customer.
        createdfrom: internal id of the sales order, invoice or cash sale it was made from.
        through: what that was made from itself: of an invoice or a cash sale its sales order.
    """

    id: str
    tranid: str
    status: str
    lines: tuple[AuthorizationLine, ...]
    externalid: str | None = None
    memo: str | None = None
    entity: str | None = None
    createdfrom: str | None = None
    through: str | None = None
    subsidiary: str | None = None


class ReturnReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units on an item receipt that was made from a return authorization.

    Attributes:
        id: internal id of the receipt.
        createdfrom: internal id of the authorization.
        quantity: positive.
    """

    id: str
    createdfrom: str
    line: int
    item: str
    quantity: Decimal
    tranid: str | None = None
    externalid: str | None = None
    memo: str | None = None
    trandate: date | None = None
    location: str | None = None


async def by_name(
    suiteql: SuiteQL, names: Sequence[str], *, priority: Priority = Priority.LIVE
) -> list[ReturnAuthorization]:
    """Return the authorizations with one of these as number (``tranid``) or as external id.

    Exact, case-sensitive.
    """
    headers = await suiteql.rows_in(
        BY_NAME,
        names,
        type=_Header,
        operation="suiteql.return_authorizations",
        priority=priority,
    )
    return await _with_lines(suiteql, headers, priority)


async def by_id(
    suiteql: SuiteQL, ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> list[ReturnAuthorization]:
    """Return the authorizations with these internal ids."""
    headers = await suiteql.rows_in(
        BY_ID,
        ids,
        type=_Header,
        operation="suiteql.return_authorizations",
        priority=priority,
    )
    return await _with_lines(suiteql, headers, priority)


async def from_order(
    suiteql: SuiteQL, order_id: str, *, priority: Priority = Priority.LIVE
) -> list[ReturnAuthorization]:
    """Return the return authorizations that were made from a sales order.

    Or from an invoice or a cash sale that was made from it. They are found by ``createdfrom`` on
    their mainline row, and on that of what they were made from. The link table tells which line of
    the order a line stands for (section 5.3).
    """
    headers = await suiteql.rows_in(
        BY_ORDER,
        [order_id],
        type=_Header,
        operation="suiteql.return_authorizations",
        priority=priority,
    )
    found = await _with_lines(suiteql, headers, priority)
    if not found:
        return []
    order_line = await order_lines_of(
        suiteql,
        [order_id],
        "RtnAuth",
        operation="suiteql.return_authorizations",
        priority=priority,
    )
    return [
        msgspec.structs.replace(
            authorization,
            lines=tuple(
                msgspec.structs.replace(
                    line, order_line=order_line.get((authorization.id, line.line))
                )
                for line in authorization.lines
            ),
        )
        for authorization in found
    ]


async def received(
    suiteql: SuiteQL, authorization_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, list[ReturnReceiptLine]]:
    """Return the lines of all receipts of return authorizations, by authorization id.

    This guards against a second receipt without relying on external ids (section 11.4).
    """
    rows = await suiteql.rows_in(
        RECEIPT_LINES,
        authorization_ids,
        type=ReturnReceiptLine,
        operation="suiteql.return_receipts",
        priority=priority,
    )
    found: dict[str, list[ReturnReceiptLine]] = {}
    for row in rows:
        found.setdefault(row.createdfrom, []).append(row)
    return found


async def _with_lines(
    suiteql: SuiteQL, headers: Sequence[_Header], priority: Priority
) -> list[ReturnAuthorization]:
    rows = await suiteql.rows_in(
        LINES,
        [header.id for header in headers],
        type=AuthorizationLine,
        operation="suiteql.return_authorizations",
        priority=priority,
    )
    lines: dict[str, list[AuthorizationLine]] = {}
    for row in rows:
        lines.setdefault(row.transaction, []).append(row)
    return [
        ReturnAuthorization(
            **msgspec.structs.asdict(header),
            lines=tuple(sorted(lines.get(header.id, ()), key=lambda line: line.line)),
        )
        for header in headers
    ]
