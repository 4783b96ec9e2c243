"""What is asked for month end: our documents, and what others moved at the mapped locations.

Tables and columns: netsuite.md section 5; paging by keyset over (transaction, line): section
4.3. All values from outside are bound parameters. Square brackets enclose what an account may
lack (``SuiteQL``): where it does not say whether a line affects inventory or posts, orders and
headers are left out by their types and flags.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority
from ml_connector.words import OUR_EXTERNAL_IDS

OURS: Final = f"{OUR_EXTERNAL_IDS}%"
"""All external ids of ours (netsuite.md sections 11.3 and 11.7)."""

# Orders move nothing; what is made from them does (section 5.7).
_STOCK_COLUMNS: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.memo, t.entity, m.createdfrom,
    o.type AS ordertype, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate,
    l.id AS line, l.item, i.itemid, i.itemtype, l.location, l.quantity
    [, t.posting][, t.voided][, l.isinventoryaffecting]
FROM transaction t
JOIN transactionline l ON l.transaction = t.id
JOIN item i ON i.id = l.item
LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
LEFT JOIN transaction o ON o.id = m.createdfrom
"""
_STOCK_LINES: Final = """
    AND t.type NOT IN ('PurchOrd', 'SalesOrd', 'RtnAuth', 'TrnfrOrd')
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
"""
_IN_MONTH: Final = """
    AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.trandate < TO_DATE(?, 'YYYY-MM-DD')
"""
_AFTER: Final = """
    AND (t.id > ? OR (t.id = ? AND l.id > ?))
ORDER BY t.id, l.id
"""

OUR_STOCK: Final = _STOCK_COLUMNS + "WHERE t.externalid LIKE ?" + _STOCK_LINES + _IN_MONTH + _AFTER
OTHERS_STOCK: Final = (
    _STOCK_COLUMNS
    + "WHERE l.location IN ({list}) AND (t.externalid IS NULL OR t.externalid NOT LIKE ?)"
    + _STOCK_LINES
    + _IN_MONTH
    + _AFTER
)
OTHERS_OF_ITEMS: Final = (
    _STOCK_COLUMNS
    + "WHERE l.item IN ({list}) AND l.location = ?"
    + " AND (t.externalid IS NULL OR t.externalid NOT LIKE ?)"
    + _STOCK_LINES
    + "AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD')"
    + _AFTER
)
OF_ITEMS: Final = (
    _STOCK_COLUMNS
    + "WHERE l.item IN ({list})"
    + _STOCK_LINES
    + "AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD')"
    + _AFTER
)
STOCK_BY_EXTERNAL_ID: Final = (
    _STOCK_COLUMNS + "WHERE t.externalid IN ({list})" + _STOCK_LINES + "ORDER BY t.id, l.id"
)
STOCK_BY_ID: Final = (
    _STOCK_COLUMNS + "WHERE t.id IN ({list})" + _STOCK_LINES + "ORDER BY t.id, l.id"
)

_MONEY_COLUMNS: Final = """
SELECT t.id, t.type, t.tranid, t.externalid, t.memo, t.entity,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, l.id AS line, l.location, l.foreignamount
    [, t.posting][, t.voided][, a.account]
    [, t.currency][, BUILTIN.DF(t.currency) AS currencyname]
FROM transaction t
JOIN transactionline l ON l.transaction = t.id
[LEFT JOIN transactionaccountingline a
    ON a.transaction = l.transaction AND a.transactionline = l.id]
"""
_MONEY_LINES: Final = """
    AND t.type IN ('VendBill', 'VendCred')
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
"""
BILLS: Final = (
    _MONEY_COLUMNS
    + "WHERE (t.externalid LIKE ? OR t.entity = ?)"
    + _MONEY_LINES
    + _IN_MONTH
    + _AFTER
)
BILLS_BY_EXTERNAL_ID: Final = (
    _MONEY_COLUMNS + "WHERE t.externalid IN ({list})" + _MONEY_LINES + "ORDER BY t.id, l.id"
)
BILLS_BY_ID: Final = (
    _MONEY_COLUMNS + "WHERE t.id IN ({list})" + _MONEY_LINES + "ORDER BY t.id, l.id"
)


class StockLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a transaction that moves stock.

    Attributes:
        id: internal id of the transaction.
        ordertype: type of the order it was made from, such as PurchOrd.
        posting: whether the transaction touches the books; a fulfilment that is only picked
            does not.
        isinventoryaffecting: None where the account does not say.
    """

    id: str
    type: str
    line: int
    item: str
    itemid: str
    itemtype: str = ""
    trandate: date
    quantity: Decimal = Decimal(0)
    tranid: str | None = None
    externalid: str | None = None
    memo: str | None = None
    entity: str | None = None
    createdfrom: str | None = None
    ordertype: str | None = None
    location: str | None = None
    posting: Flag = Flag.T
    voided: Flag = Flag.F
    isinventoryaffecting: Flag | None = None


class MoneyLine(msgspec.Struct, frozen=True, kw_only=True):
    """An expense or item line of a vendor bill or credit.

    Attributes:
        foreignamount: in the transaction's currency; a credit's lines are negative.
        account: None where the role may not read it.
        currency: internal id; None in accounts with one currency (section 5.1).
        currencyname: its display text.
    """

    id: str
    type: str
    line: int
    trandate: date
    foreignamount: Decimal = Decimal(0)
    tranid: str | None = None
    externalid: str | None = None
    memo: str | None = None
    entity: str | None = None
    location: str | None = None
    account: str | None = None
    currency: str | None = None
    currencyname: str | None = None
    posting: Flag = Flag.T
    voided: Flag = Flag.F


class FulfilledLines:
    """Reads the lines of fulfilments as what leaves, whichever sign the account shows.

    Queries of others show them negative (netsuite.md section 5.2), and an entry against them
    positive, after them. Where a fulfilment has positive lines only, the account shows those so.
    Assumptions: NS-032.
    """

    def __init__(self) -> None:
        self._negative: set[str] = set()

    def signed(self, lines: Sequence[StockLine]) -> Sequence[StockLine]:
        """Return the lines of a page, each positive into stock; pages follow each other by id."""
        fulfilled = [one for one in lines if one.type == "ItemShip"]
        self._negative.update(one.id for one in fulfilled if one.quantity < 0)
        if all(one.id in self._negative for one in fulfilled):
            return lines
        return [
            msgspec.structs.replace(one, quantity=-one.quantity)
            if one.type == "ItemShip" and one.id not in self._negative
            else one
            for one in lines
        ]


async def our_stock(
    suiteql: SuiteQL, first: date, after: date
) -> AsyncIterator[Sequence[StockLine]]:
    """Yield the lines of our documents dated in a month, wherever they put the stock."""
    lines = FulfilledLines()
    async for page in suiteql.pages(
        OUR_STOCK,
        (OURS, first.isoformat(), after.isoformat()),
        type=StockLine,
        start=(0, 0, 0),
        key=_key,
        operation="suiteql.our_stock",
    ):
        yield lines.signed(page)


async def others_stock(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> AsyncIterator[Sequence[StockLine]]:
    """Yield the lines of everybody else's documents at these locations, dated in a month.

    Args:
        suiteql: the account.
        locations: internal ids, at most 1,000.
        first: the first day.
        after: the day after the last one.
    """
    if not locations:
        return
    lines = FulfilledLines()
    async for page in suiteql.pages(
        OTHERS_STOCK,
        (OURS, first.isoformat(), after.isoformat()),
        within=locations,
        type=StockLine,
        start=(0, 0, 0),
        key=_key,
        operation="suiteql.others_stock",
    ):
        yield lines.signed(page)


async def others_of_items(
    suiteql: SuiteQL, items: Sequence[str], location: str, first: date
) -> AsyncIterator[Sequence[StockLine]]:
    """Yield the lines of everybody else's documents that move these items at a location.

    Args:
        suiteql: the account.
        items: internal ids, at most 1,000.
        location: its internal id.
        first: the first day.
    """
    if not items:
        return
    lines = FulfilledLines()
    async for page in suiteql.pages(
        OTHERS_OF_ITEMS,
        (location, OURS, first.isoformat()),
        within=items,
        type=StockLine,
        start=(0, 0, 0),
        key=_key,
        operation="suiteql.others_of_items",
    ):
        yield lines.signed(page)


async def of_items(
    suiteql: SuiteQL, items: Sequence[str], first: date
) -> AsyncIterator[Sequence[StockLine]]:
    """Yield the lines of all documents that move these items, wherever, ours and others'.

    Args:
        suiteql: the account.
        items: internal ids, at most 1,000.
        first: the first day.
    """
    if not items:
        return
    async for page in suiteql.pages(
        OF_ITEMS,
        (first.isoformat(),),
        within=items,
        type=StockLine,
        start=(0, 0, 0),
        key=_key,
        operation="suiteql.of_items",
        priority=Priority.BULK,
    ):
        yield page


async def stock_of(
    suiteql: SuiteQL, *, external_ids: Sequence[str] = (), ids: Sequence[str] = ()
) -> Sequence[StockLine]:
    """Return the lines of these documents, whatever their date."""
    found = [
        *await suiteql.rows_in(
            STOCK_BY_EXTERNAL_ID,
            external_ids,
            type=StockLine,
            operation="suiteql.stock_of",
            priority=Priority.BULK,
        ),
        *await suiteql.rows_in(
            STOCK_BY_ID,
            ids,
            type=StockLine,
            operation="suiteql.stock_of",
            priority=Priority.BULK,
        ),
    ]
    return FulfilledLines().signed(found)


async def bill_pages(
    suiteql: SuiteQL, vendor: str | None, first: date, after: date
) -> AsyncIterator[Sequence[MoneyLine]]:
    """Yield the lines of our bills, and of all bills of ShipBob's vendor, dated in a month."""
    async for page in suiteql.pages(
        BILLS,
        (OURS, vendor or "0", first.isoformat(), after.isoformat()),
        type=MoneyLine,
        start=(0, 0, 0),
        key=_key,
        operation="suiteql.bills",
    ):
        yield page


async def bills_of(
    suiteql: SuiteQL, *, external_ids: Sequence[str] = (), ids: Sequence[str] = ()
) -> list[MoneyLine]:
    """Return the lines of these bills and credits, whatever their date."""
    return [
        *await suiteql.rows_in(
            BILLS_BY_EXTERNAL_ID,
            external_ids,
            type=MoneyLine,
            operation="suiteql.bills_of",
            priority=Priority.BULK,
        ),
        *await suiteql.rows_in(
            BILLS_BY_ID,
            ids,
            type=MoneyLine,
            operation="suiteql.bills_of",
            priority=Priority.BULK,
        ),
    ]


def _key(row: StockLine | MoneyLine) -> tuple[int, int, int]:
    return int(row.id), int(row.id), row.line
