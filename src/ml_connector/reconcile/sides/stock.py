"""Both systems' own word on stock: what lies where, and every movement that led there.

Whether ShipBob's history holds all movements is not documented (shipbob.md section 9.3,
assumption: SB-054).
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ml_connector.netsuite.queries import stock
from ml_connector.netsuite.queries.stock import MovedStock, OnHand
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.sides.kit_stock import moved_in_kits
from ml_connector.reconcile.tie_out.open_items import is_alone
from ml_connector.reconcile.tie_out.rows import Side, TiePlace
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.shipbob.resources.stock import StockLevel

_EVER: Final = date(9999, 12, 31)


@dataclass(frozen=True)
class Window:
    """The days whose movements are tied.

    Attributes:
        first: the first day.
        after: the day after the last one.
        zone: the merchant's.
    """

    first: date
    after: date
    zone: ZoneInfo

    def __contains__(self, moment: datetime) -> bool:
        return self.first <= self.day(moment) < self.after

    def day(self, moment: datetime) -> date:
        """Return the merchant's local date of a moment."""
        return moment.astimezone(self.zone).date()

    @property
    def ends(self) -> datetime:
        """The instant at which it is over."""
        return datetime.combine(self.after, datetime.min.time(), self.zone)

    @property
    def begins(self) -> datetime:
        """The instant of its first local midnight."""
        return datetime.combine(self.first, datetime.min.time(), self.zone)


class NetSuiteStock(NamedTuple):
    """NetSuite's stock at the mapped locations.

    Attributes:
        on_hand: now.
        moved: in the window, kits as their members; an item may be in it twice.
        moved_since: after the window, likewise.
        hides_kits: kits moved, and the role may not see what they are made of.
    """

    on_hand: Sequence[OnHand]
    moved: Sequence[MovedStock]
    moved_since: Sequence[MovedStock]
    hides_kits: bool = False


class ShipBobStock(NamedTuple):
    """ShipBob's stock at the mapped centers.

    Attributes:
        levels: now.
        skus: by inventory id.
        moved: units in the window, by place; a place is a SKU and a center's location.
        moved_since: units after the window.
        alone: those of the window that name no order, WRO or return.
    """

    levels: Sequence[StockLevel]
    skus: Mapping[int, str]
    moved: Mapping[TiePlace, int]
    moved_since: Mapping[TiePlace, int]
    alone: Sequence[tuple[TiePlace, StockMovement]]


async def netsuite_stock(
    suiteql: SuiteQL, locations: Sequence[str], window: Window
) -> NetSuiteStock:
    """Read NetSuite's side, summed up by NetSuite.

    Args:
        suiteql: the account.
        locations: internal ids.
        window: the days.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    moved, kits = await _moved(suiteql, locations, window.first, window.after)
    since, kits_since = await _moved(suiteql, locations, window.after, _EVER)
    on_hand = [row async for page in stock.on_hand(suiteql, locations) for row in page]
    return NetSuiteStock(
        on_hand, [*moved, *(kits or ())], [*since, *(kits_since or ())], hides_kits=kits is None
    )


async def _moved(
    suiteql: SuiteQL, locations: Sequence[str], first: date, after: date
) -> tuple[list[MovedStock], list[MovedStock] | None]:
    """Return what moved, and the members of kits that did; None where these are hidden."""
    pages = stock.moved(suiteql, locations, first, after)
    rows = [row async for page in pages for row in page]
    return rows, await moved_in_kits(suiteql, locations, first, after)


async def shipbob_stock(
    shipbob: ShipBob, locations: Mapping[str, str], window: Window, *, now: datetime
) -> ShipBobStock:
    """Read ShipBob's side: levels, and the whole history since the window began.

    Args:
        shipbob: the account.
        locations: NetSuite's location by center.
        window: the days.
        now: the present, aware.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    levels = [level async for level in shipbob.stock.levels()]
    skus = {one.inventory_id: sku for one in levels if (sku := (one.sku or "").strip())}
    moved: dict[TiePlace, int] = defaultdict(int)
    since: dict[TiePlace, int] = defaultdict(int)
    alone: list[tuple[TiePlace, StockMovement]] = []
    until = now + timedelta(seconds=1)
    for center, location in sorted(locations.items()):
        async for one in shipbob.history.every(int(center), since=window.begins, until=until):
            place = TiePlace(sku_of(one, skus), location)
            if one.event_datetime in window:
                moved[place] += one.change
                if one.change and is_alone(one):
                    alone.append((place, one))
            elif window.day(one.event_datetime) >= window.after:
                since[place] += one.change
    return ShipBobStock(levels, skus, moved, since, alone)


async def movements_of(
    shipbob: ShipBob,
    locations: Mapping[str, str],
    inventory_ids: Collection[int],
    *,
    since: datetime,
    until: datetime,
) -> AsyncIterator[tuple[str, StockMovement]]:
    """Yield movements of some items, each with its center's location.

    Args:
        shipbob: the account.
        locations: NetSuite's location by center.
        inventory_ids: of the items.
        since: how far back; at most 89 days.
        until: how far.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    for center, location in sorted(locations.items()):
        async for one in shipbob.history.of_items(
            int(center), inventory_ids, since=since, until=until
        ):
            if since <= one.event_datetime < until:
                yield location, one


def sku_of(movement: StockMovement, skus: Mapping[int, str]) -> str:
    """Return the SKU of a movement: by its inventory id, else as the movement names it."""
    return (
        skus.get(movement.inventory_id)
        or movement.sku.strip()
        or f"inventory item {movement.inventory_id}"
    )


def shipbob_sides(found: ShipBobStock, locations: Mapping[str, str]) -> dict[TiePlace, Side]:
    """Return ShipBob's balances by place. Pure."""
    closing: dict[TiePlace, int] = defaultdict(int)
    for level in found.levels:
        sku = found.skus.get(level.inventory_id) or f"inventory item {level.inventory_id}"
        for center in level.locations:
            location = locations.get(str(center.location_id))
            if location is not None:
                closing[TiePlace(sku, location)] += center.on_hand_quantity
    for place, units in found.moved_since.items():
        closing[place] -= units
    return {
        place: Side(moved=Decimal(found.moved.get(place, 0)), closing=Decimal(closing[place]))
        for place in sorted({*closing, *found.moved})
        if closing[place] or found.moved.get(place)
    }


def location_names(found: ShipBobStock, locations: Mapping[str, str]) -> dict[str, str]:
    """Return what ShipBob calls the centers of NetSuite's locations, by internal id. Pure."""
    names: dict[str, set[str]] = defaultdict(set)
    for level in found.levels:
        for center in level.locations:
            location = locations.get(str(center.location_id))
            if location is not None and center.name:
                names[location].add(center.name)
    return {location: ", ".join(sorted(some)) for location, some in sorted(names.items())}


def named_items(found: NetSuiteStock) -> set[tuple[str, str]]:
    """Return the internal ids of all items, each with its name in NetSuite. Pure."""
    return {
        (row.item, row.itemid)
        for rows in (found.on_hand, found.moved, found.moved_since)
        for row in rows
    }


def netsuite_sides(found: NetSuiteStock, names: SkuNames) -> dict[TiePlace, Side]:
    """Return NetSuite's balances by place. Pure."""
    moved, since = _sums(found.moved, names), _sums(found.moved_since, names)
    closing: dict[TiePlace, Decimal] = defaultdict(Decimal)
    for row in found.on_hand:
        closing[TiePlace(names.called(row.item, row.itemid), row.location)] += row.quantityonhand
    for place, units in since.items():
        closing[place] -= units
    return {
        place: Side(moved=moved.get(place, Decimal(0)), closing=closing[place])
        for place in sorted({*closing, *moved})
        if closing[place] or moved.get(place)
    }


def _sums(rows: Iterable[MovedStock], names: SkuNames) -> dict[TiePlace, Decimal]:
    sums: dict[TiePlace, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[TiePlace(names.called(row.item, row.itemid), row.location)] += row.quantity
    return sums
