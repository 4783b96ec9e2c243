"""What polling asks: which purchase orders are open, changed or deleted (netsuite.md 4.7).

Times are the account's own, as texts: its zone is not UTC (section 4.2).
"""

from collections.abc import AsyncIterator
from datetime import date
from typing import Final

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.order_queries import ChangedOrder
from ml_connector.netsuite.suiteql import SuiteQL

_BEGINNING: Final = "1900-01-01"

_OPEN_ORDERS: Final = """
SELECT t.id, t.status, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS lastmodified
FROM transaction t
WHERE t.type = 'PurchOrd' AND t.status IN ('B', 'D', 'E')
    AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.id > ?
ORDER BY t.id
"""

# Thousands may share one second after a mass update, so the key is the pair (section 4.3).
_CHANGED_ORDERS: Final = """
SELECT t.id, t.status, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodified
FROM transaction t
WHERE t.type = 'PurchOrd' AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD')
    AND (t.lastmodifieddate > TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')
        OR (t.lastmodifieddate = TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND t.id > ?))
ORDER BY t.lastmodifieddate, t.id
"""

_DELETED: Final = """
SELECT d.recordid, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS deleted
FROM deletedrecord d
WHERE d.deleteddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND d.recordid > ?
ORDER BY d.recordid
"""


class _Deleted(msgspec.Struct, frozen=True, kw_only=True):
    recordid: str


async def open_orders(
    suiteql: SuiteQL, *, ordered_since: date | None
) -> AsyncIterator[list[ChangedOrder]]:
    """Yield the orders that are open for receiving, by keyset; status B, D or E (section 5.7).

    Args:
        suiteql: the account.
        ordered_since: those of this day or later; None for all.
    """
    since = ordered_since.isoformat() if ordered_since else _BEGINNING
    async for page in suiteql.pages(
        _OPEN_ORDERS,
        (since,),
        type=ChangedOrder,
        start=(0,),
        key=lambda row: (int(row.id),),
        operation="suiteql.open_purchase_orders",
    ):
        yield page


async def changed_orders(
    suiteql: SuiteQL, *, changed_since: str, ordered_since: date | None
) -> AsyncIterator[list[ChangedOrder]]:
    """Yield the orders that changed from a moment on, whatever their status, in that order.

    Args:
        suiteql: the account.
        changed_since: ``YYYY-MM-DD HH:MM:SS`` by the account's clock, included.
        ordered_since: those of this day or later; None for all.
    """
    since = ordered_since.isoformat() if ordered_since else _BEGINNING
    async for page in suiteql.pages(
        _CHANGED_ORDERS,
        (since,),
        type=ChangedOrder,
        start=(changed_since, changed_since, 0),
        key=lambda row: (row.lastmodified, row.lastmodified, int(row.id)),
        operation="suiteql.changed_purchase_orders",
    ):
        yield [
            msgspec.structs.replace(row, lastmodified=row.lastmodified.replace(" ", "T"))
            for row in page
        ]


async def deleted_records(suiteql: SuiteQL, *, since: str) -> set[str]:
    """Return the internal ids of records of any type that were deleted from a moment on.

    Which word ``deletedrecord`` has for a purchase order is not documented, and ids of
    records of different types may be equal: look each up before you believe it. Nothing
    where the role may not read the table.
    """
    found: set[str] = set()
    try:
        async for page in suiteql.pages(
            _DELETED,
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
