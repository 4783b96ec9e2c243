"""The questions of polling: which orders are open, changed or deleted (netsuite.md 4.7).

Purchase orders and transfer orders, each with a query of its own. Times are the account's
own, as texts: its zone is not UTC (section 4.2).
"""

from collections.abc import AsyncIterator
from datetime import date
from typing import Final, Literal

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.queries.purchase_orders import ChangedOrder
from ml_connector.netsuite.statuses import (
    PURCHASE_ORDER_KNOWN,
    PURCHASE_ORDER_OPEN,
    TRANSFER_ORDER_OPEN,
)
from ml_connector.netsuite.suiteql import SuiteQL

_BEGINNING: Final = "1900-01-01"
_NAMES: Final = {"PurchOrd": "purchase_orders", "TrnfrOrd": "transfer_orders"}

OrderType = Literal["PurchOrd", "TrnfrOrd"]

OPEN_STATUSES: Final[dict[OrderType, frozenset[str]]] = {
    "PurchOrd": PURCHASE_ORDER_OPEN,
    "TrnfrOrd": TRANSFER_ORDER_OPEN,
}
"""Approved, and with something that has not arrived yet (section 5.7)."""

_SHUT_STATUSES: Final[dict[OrderType, frozenset[str]]] = {
    "PurchOrd": PURCHASE_ORDER_KNOWN - PURCHASE_ORDER_OPEN,
    "TrnfrOrd": PURCHASE_ORDER_KNOWN - TRANSFER_ORDER_OPEN,
}
"""The other letters from A to H; an order in any further one is looked at, and shown."""

OPEN_ORDERS: Final = {
    order_type: f"""
SELECT t.id, t.status, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS lastmodified
FROM transaction t
WHERE t.type = '{order_type}'
    AND t.status NOT IN ({", ".join(f"'{one}'" for one in sorted(letters))})
    AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.id > ?
ORDER BY t.id
"""  # noqa: S608 - our own constants
    for order_type, letters in _SHUT_STATUSES.items()
}

# Thousands may share one second after a mass update, so the key is the pair (section 4.3). Times
# are compared as TO_CHAR writes them: whether TO_DATE reads a text in the same zone is not known
# (15.8), and where it does not, an order changed just now would look older than the last poll.
CHANGED_ORDERS: Final = """
SELECT t.id, t.status, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodified
FROM transaction t
WHERE t.type = ? AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD')
    AND (TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') > ?
        OR (TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') = ? AND t.id > ?))
ORDER BY TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS'), t.id
"""

DELETED: Final = """
SELECT d.recordid, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS deleted
FROM deletedrecord d
WHERE TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') >= ? AND d.recordid > ?
ORDER BY d.recordid
"""


DELETED_AMONG: Final = """
SELECT d.recordid, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS deleted
FROM deletedrecord d WHERE d.recordid IN ({list}) ORDER BY d.recordid
"""


class _Deleted(msgspec.Struct, frozen=True, kw_only=True):
    recordid: str


async def open_orders(
    suiteql: SuiteQL, order_type: OrderType = "PurchOrd", *, ordered_since: date | None
) -> AsyncIterator[list[ChangedOrder]]:
    """Yield the orders of a type that are not received in full, by keyset.

    Args:
        suiteql: the account.
        order_type: purchase or transfer orders.
        ordered_since: only orders of this day or later; None for all.
    """
    since = ordered_since.isoformat() if ordered_since else _BEGINNING
    async for page in suiteql.pages(
        OPEN_ORDERS[order_type],
        (since,),
        type=ChangedOrder,
        start=(0,),
        key=lambda row: (int(row.id),),
        operation=f"suiteql.open_{_NAMES[order_type]}",
    ):
        yield page


async def changed_orders(
    suiteql: SuiteQL,
    order_type: OrderType = "PurchOrd",
    *,
    changed_since: str,
    ordered_since: date | None,
) -> AsyncIterator[list[ChangedOrder]]:
    """Yield the orders of a type that changed from a moment on, in that order.

    Args:
        suiteql: the account.
        order_type: purchase or transfer orders, whatever their status.
        changed_since: ``YYYY-MM-DD HH:MM:SS`` by the account's clock, included.
        ordered_since: only orders of this day or later; None for all.
    """
    since = ordered_since.isoformat() if ordered_since else _BEGINNING
    async for page in suiteql.pages(
        CHANGED_ORDERS,
        (order_type, since),
        type=ChangedOrder,
        start=(changed_since, changed_since, 0),
        key=lambda row: (row.lastmodified, row.lastmodified, int(row.id)),
        operation=f"suiteql.changed_{_NAMES[order_type]}",
    ):
        yield [
            msgspec.structs.replace(row, lastmodified=row.lastmodified.replace(" ", "T"))
            for row in page
        ]


async def deleted_records(suiteql: SuiteQL, *, since: str) -> set[str]:
    """Return the internal ids of records of any type that were deleted from a moment on.

    It is not documented what ``deletedrecord`` calls a purchase order (NS-031), and records of
    different types may have the same id. So look each one up. Returns nothing when the role may
    not read the table.
    """
    found: set[str] = set()
    try:
        async for page in suiteql.pages(
            DELETED,
            (since,),
            type=_Deleted,
            start=(0,),
            key=lambda row: (int(row.recordid),),
            operation="suiteql.deleted_records",
        ):
            found |= {row.recordid for row in page}
    except UnknownIdentifier:
        return set()
    return found


async def is_listed_as_deleted(suiteql: SuiteQL, record_id: str) -> bool:
    """Return whether NetSuite lists a record as deleted; False when the list can't be read."""
    try:
        listed = await suiteql.rows_in(
            DELETED_AMONG, [record_id], type=_Deleted, operation="suiteql.deleted_among"
        )
    except UnknownIdentifier:
        return False
    return bool(listed)
