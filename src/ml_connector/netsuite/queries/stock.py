"""The stock at each location in NetSuite (netsuite.md sections 5.2 and 5.4)."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.classify import UnknownIdentifier
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
