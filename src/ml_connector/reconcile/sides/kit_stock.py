"""What left and came back in kits, as their members (netsuite.md sections 5.6 and 16.15).

A kit carries no stock: its members leave in its place. Whether NetSuite lists them as lines of the
transaction beside the kit is not documented (assumption: NS-038), so both are asked for: the
kits' own lines, and the lines of stocked items in transactions that hold a kit.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.queries import items, stock
from ml_connector.netsuite.queries.items import KitMember
from ml_connector.netsuite.queries.stock import MovedStock
from ml_connector.netsuite.suiteql import SuiteQL


async def moved_in_kits(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> list[MovedStock] | None:
    """Return what members of kits moved, beyond what NetSuite lists as lines of their own.

    None where there are kits, and the role may not see what they are made of.

    Args:
        suiteql: the account.
        locations: internal ids, at most 1,000.
        first: the first day.
        after: the day after the last one.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    kits = [
        row async for page in stock.moved_kits(suiteql, locations, first, after) for row in page
    ]
    if not kits:
        return []
    try:
        members = await items.kit_members(suiteql, sorted({row.item for row in kits}))
    except UnknownIdentifier:
        return None
    expected = as_members(kits, members)
    beside = [
        row
        async for page in stock.moved_beside_kits(suiteql, locations, first, after)
        for row in page
    ]
    listed = {(row.item, row.location): row.quantity for row in beside}
    return [] if are_listed(expected, listed) else expected


def as_members(
    kits: Sequence[MovedStock], members: Mapping[str, Sequence[KitMember]]
) -> list[MovedStock]:
    """Return kits that moved as their members that lie on a shelf. Pure."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    names: dict[str, str] = {}
    for kit in kits:
        for one in members.get(kit.item, ()):
            if not one.itemtype or one.itemtype in STOCKED:
                sums[one.item, kit.location] += kit.quantity * one.quantity
                names[one.item] = one.itemid or one.item
    return [
        MovedStock(item=item, itemid=names[item], location=location, quantity=quantity)
        for (item, location), quantity in sorted(sums.items())
        if quantity
    ]


def are_listed(expected: Sequence[MovedStock], listed: Mapping[tuple[str, str], Decimal]) -> bool:
    """Return whether NetSuite lists the members of kits as lines of their own. Pure.

    Args:
        expected: what the members of all kits come to.
        listed: what stocked items moved in transactions that hold a kit, by item and location.
    """
    return all(
        _covers(listed.get((one.item, one.location), Decimal(0)), one.quantity) for one in expected
    )


def _covers(listed: Decimal, wanted: Decimal) -> bool:
    return listed * wanted > 0 and abs(listed) >= abs(wanted)
