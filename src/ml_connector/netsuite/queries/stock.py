"""The stock at each location in NetSuite, and what moved there (netsuite.md sections 5.2 and 5.4).

What moved is summed up by NetSuite by item and location, whoever moved it. Square brackets enclose
what an account may lack (``SuiteQL``). A kit carries no stock, its members do (section 5.6), so
only items that lie on a shelf are summed.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# Two tables have the same numbers. One public integrator calls the first one definitive, and an
# account or a role may lack either (section 4.5).
TABLES: Final = ("inventoryitemlocations", "aggregateitemlocation")

ON_HAND: Final = {
    table: f"""
SELECT s.item, i.itemid, s.location, s.quantityonhand
FROM {table} s JOIN item i ON i.id = s.item
WHERE s.location IN ({{list}}) AND s.quantityonhand <> 0
    AND (s.item > ? OR (s.item = ? AND s.location > ?))
ORDER BY s.item, s.location
"""  # noqa: S608 - our own constants
    for table in TABLES
}


class OnHand(msgspec.Struct, frozen=True, kw_only=True):
    """Quantity of an item at a location, in its stock unit."""

    item: str
    itemid: str
    location: str
    quantityonhand: Decimal = Decimal(0)


async def on_hand(suiteql: SuiteQL, locations: Sequence[str]) -> AsyncIterator[list[OnHand]]:
    """Yield the items at these locations; those with none there are left out.

    Args:
        suiteql: the account.
        locations: internal ids, at most 1,000.

    Raises:
        UnknownIdentifier: the account or the role shows neither of the tables.
    """
    if not locations:
        return
    for table in TABLES:
        try:
            async for page in suiteql.pages(
                ON_HAND[table],
                within=sorted(locations),
                type=OnHand,
                start=(0, 0, 0),
                key=lambda row: (int(row.item), int(row.item), int(row.location)),
                operation="suiteql.on_hand",
                priority=Priority.BULK,
            ):
                yield page
        except UnknownIdentifier:
            if table == TABLES[-1]:
                raise
        else:
            return


# Orders move nothing (section 5.7). On a receipt a negative line is an offsetting entry, and on a
# fulfilment a positive one, unless the account shows no other (section 5.2).
MOVED: Final = """
SELECT l.item, i.itemid, l.location,
    SUM(CASE WHEN t.type = 'ItemShip' AND l.quantity > 0 THEN 0 ELSE l.quantity END) AS quantity,
    SUM(CASE WHEN t.type = 'ItemShip' AND l.quantity > 0 THEN l.quantity ELSE 0 END) AS shown,
    SUM(CASE WHEN t.type = 'ItemShip' AND l.quantity < 0 THEN 1 ELSE 0 END) AS negative
FROM transaction t
JOIN transactionline l ON l.transaction = t.id
JOIN item i ON i.id = l.item
WHERE l.location IN ({list}) AND i.itemtype IN (?, ?)
    AND t.type NOT IN ('PurchOrd', 'SalesOrd', 'RtnAuth', 'TrnfrOrd')
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    AND (t.type <> 'ItemRcpt' OR l.quantity > 0)
    [AND t.posting = 'T'][AND (t.voided = 'F' OR t.voided IS NULL)]
    [AND (l.isinventoryaffecting = 'T' OR l.isinventoryaffecting IS NULL)]
    AND t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.trandate < TO_DATE(?, 'YYYY-MM-DD')
    AND (l.item > ? OR (l.item = ? AND l.location > ?))
GROUP BY l.item, i.itemid, l.location
ORDER BY l.item, l.location
"""


_OF_TYPES: Final = "WHERE l.location IN ({list}) AND i.itemtype IN (?, ?)\n"
_BESIDE_KITS: Final = """    AND t.id IN (SELECT k.transaction FROM transactionline k
        JOIN item j ON j.id = k.item WHERE j.itemtype = ?)
"""
MOVED_BESIDE_KITS: Final = MOVED.replace(_OF_TYPES, _OF_TYPES + _BESIDE_KITS)


class MovedStock(msgspec.Struct, frozen=True, kw_only=True):
    """What moved of an item at a location, in its stock unit: positive into stock."""

    item: str
    itemid: str
    location: str
    quantity: Decimal = Decimal(0)


class _MovedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of an item at a location.

    Attributes:
        quantity: of all but the positive lines of fulfilments.
        shown: of those.
        negative: how many negative lines of fulfilments there are.
    """

    item: str
    itemid: str
    location: str
    quantity: Decimal = Decimal(0)
    shown: Decimal = Decimal(0)
    negative: Decimal = Decimal(0)

    def as_moved(self) -> MovedStock:
        """Return what moved. Assumptions: NS-032."""
        fulfilled = Decimal(0) if self.negative else self.shown
        return MovedStock(
            item=self.item,
            itemid=self.itemid,
            location=self.location,
            quantity=self.quantity - fulfilled,
        )


async def moved(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> AsyncIterator[list[MovedStock]]:
    """Yield what all transactions moved at these locations, 1,000 sums a page.

    Args:
        suiteql: the account.
        locations: internal ids, at most 1,000.
        first: the first day.
        after: the day after the last one.
    """
    async for page in _moved(suiteql, "all", sorted(STOCKED), locations, (first, after)):
        yield page


async def moved_kits(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> AsyncIterator[list[MovedStock]]:
    """Yield the kits on all transactions at these locations, as ``moved`` does; none is stock."""
    async for page in _moved(suiteql, "all", (_KIT, _KIT), locations, (first, after)):
        yield page


async def moved_beside_kits(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> AsyncIterator[list[MovedStock]]:
    """Yield what ``moved`` does, of the transactions that hold a kit."""
    types, days = (*sorted(STOCKED), _KIT), (first, after)
    async for page in _moved(suiteql, "beside_kits", types, locations, days):
        yield page


_KIT: Final = "Kit"
_Transactions = Literal["all", "beside_kits"]
_MOVED_BY: Final[Mapping[_Transactions, str]] = {"all": MOVED, "beside_kits": MOVED_BESIDE_KITS}
"""The first parameters of each are types of items."""


async def _moved(
    suiteql: SuiteQL,
    of: _Transactions,
    types: Sequence[str],
    locations: Sequence[str],
    days: tuple[date, date],
) -> AsyncIterator[list[MovedStock]]:
    """Yield a query's sums, from a day to before another.

    Args:
        suiteql: the account.
        of: all transactions, or those that hold a kit.
        types: of items.
        locations: internal ids.
        days: the first day, and the day after the last one.
    """
    if not locations:
        return
    first, after = days
    async for page in suiteql.pages(
        _MOVED_BY[of],
        (*types, first.isoformat(), after.isoformat()),
        within=sorted(locations),
        type=_MovedRow,
        start=(0, 0, 0),
        key=lambda row: (int(row.item), int(row.item), int(row.location)),
        operation="suiteql.moved_stock",
        priority=Priority.REPORT,
    ):
        yield [row.as_moved() for row in page]
