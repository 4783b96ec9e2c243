"""What lies at one NetSuite location, as both systems say and our books explain: the facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.ledger.sources.stock import Standing
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import StockLine
from ml_connector.reads.stock import MOVING, Expected, Snapshot, Trail, source_of
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.words import Cause, System

PICKED: Final = timedelta(days=3)
"""What is picked is labelled within days; an order that is not has been missed."""

_TYPE_WORDS: Final[Mapping[str, str]] = {
    "InvAdjst": "inventory adjustment",
    "InvTrnfr": "inventory transfer",
    "ItemRcpt": "item receipt",
    "ItemShip": "item fulfillment",
}

ItemOf = Callable[[int, str], "str | Cause"]
"""NetSuite's item of a ShipBob inventory id and SKU, or why there is none."""


class Level(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many of one thing both systems have at the location. Whole eaches at ShipBob.

    Attributes:
        sku: ShipBob's, or the item's name where ShipBob has no such thing.
        item: NetSuite's internal id.
        unmatched: why there is no item; a cause.
        transfer: at ShipBob, on the way between two buildings.
        quarantined: in NetSuite, at the location for what can't be sold.
    """

    sku: str
    item: str | None = None
    unmatched: str = ""
    inventory_ids: tuple[int, ...] = ()
    shipbob: int = 0
    netsuite: Decimal = Decimal(0)
    transfer: int = 0
    quarantined: Decimal = Decimal(0)

    @property
    def key(self) -> str:
        """What its open items and movements are known by."""
        return key_of(self.item, self.sku)


class OpenItem(msgspec.Struct, frozen=True, kw_only=True):
    """What moved at ShipBob alone, as far as our books know.

    Attributes:
        key: of the level.
        quantity: signed, as ShipBob's stock has changed.
        what: such as ``receiving 90311``.
    """

    key: str
    sku: str
    quantity: int
    standing: Standing
    what: str
    because: str = ""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A movement that we did not post.

    Attributes:
        key: of the level.
        side: in whose stock.
        quantity: signed, of that stock.
        what: the document, or the movement, for a person.
        standing: ``recent`` and ``picked`` explain a difference, since they will be told of
            and booked; ``untold`` should have been; ``other`` is nothing of ours.
        source: flow and key of what it belongs to, such as ``receiving 90311``.
    """

    key: str
    side: System
    quantity: Decimal
    day: date
    what: str
    standing: Literal["recent", "picked", "untold", "other"] = "other"
    source: str = ""


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """What differs of the same thing at another location."""

    key: str
    location: str
    rest: Decimal


class StockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot of one location.

    Attributes:
        centers: the fulfillment centers that are mapped to it; none when it is not mapped.
        looked_back_to: movements are known from this day on.
        moved: units that we posted a moment ago, in order, by the key of the level.
        unread: why movements could not be looked into; empty when they were.
        unmapped: stock at centers that no location is mapped to, by the center's id.
    """

    location: str
    centers: tuple[str, ...]
    taken_at: datetime
    looked_back_to: date
    levels: tuple[Level, ...] = ()
    open: tuple[OpenItem, ...] = ()
    moved: dict[str, tuple[int, ...]] = {}
    moves: tuple[Move, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    unread: str = ""
    unmapped: dict[str, int] = {}


def key_of(item: str | None, sku: str) -> str:
    """Return what the level of an item, or of a SKU that is none, is known by."""
    return f"item {item}" if item else f"sku {sku}"


def levels(
    snapshot: Snapshot,
    location: str,
    *,
    locations: Mapping[str, str],
    quarantine: str | None,
    item_of: ItemOf,
) -> tuple[Level, ...]:
    """Join both sides at one location, by item, in the order of the SKUs. Pure.

    Fulfillment centers that are mapped to one location are added up, and so are ShipBob's
    inventory ids of one item.
    """
    found: dict[str, Level] = {}
    at_shipbob: set[str] = set()
    for one in snapshot.shipbob:
        sku = (one.sku or "").strip() or f"inventory item {one.inventory_id}"
        item = item_of(one.inventory_id, sku)
        key = key_of(None if isinstance(item, Cause) else item, sku)
        at_shipbob.add(key)
        places = [
            place for place in one.locations if locations.get(str(place.location_id)) == location
        ]
        before = found.get(key) or Level(
            sku=sku,
            item=None if isinstance(item, Cause) else item,
            unmatched=item.value if isinstance(item, Cause) else "",
        )
        found[key] = msgspec.structs.replace(
            before,
            inventory_ids=(*before.inventory_ids, one.inventory_id),
            shipbob=before.shipbob + sum(place.on_hand_quantity for place in places),
            transfer=before.transfer
            + sum(abs(place.internal_transfer_quantity) for place in places),
        )
    for row in snapshot.netsuite:
        key = key_of(row.item, row.itemid)
        if row.location not in {location, quarantine}:
            continue
        before = found.get(key) or Level(sku=row.itemid, item=row.item)
        if row.location == location:
            after = before.netsuite + row.quantityonhand
            found[key] = msgspec.structs.replace(before, netsuite=after)
        elif key in at_shipbob:
            held = before.quarantined + row.quantityonhand
            found[key] = msgspec.structs.replace(before, quarantined=held)
    return tuple(
        level
        for level in sorted(found.values(), key=lambda level: (level.sku, level.key))
        if level.shipbob or level.netsuite
    )


def open_items(
    expected: Expected, location: str, locations: Mapping[str, str], item_of: ItemOf
) -> tuple[OpenItem, ...]:
    """Return what our books say has moved at ShipBob alone, at one location. Pure."""
    found: list[OpenItem] = []
    for line in expected.open:
        if locations.get(str(line.center)) != location:
            continue
        inventory_id, sku = _inventory_id(line.name), line.sku or ""
        item = item_of(inventory_id, sku)
        found.append(
            OpenItem(
                key=key_of(None if isinstance(item, Cause) else item, sku),
                sku=sku,
                quantity=line.quantity,
                standing=line.standing,
                what=f"{line.flow} {line.key}",
                because=line.because[:200],
            )
        )
    return tuple(found)


def moves(
    trail: Trail,
    *,
    keys: Mapping[int, str],
    taken_at: datetime,
    zone: ZoneInfo,
) -> tuple[Move, ...]:
    """Return the movements that we did not post, the oldest first. Pure.

    Args:
        trail: what both systems say.
        keys: of the levels, by ShipBob's inventory id.
        taken_at: when the snapshot was.
        zone: the merchant's.
    """
    found = [_of_netsuite(line) for line in trail.netsuite if _counts(line)]
    for movement in trail.shipbob:
        if movement.change and movement.inventory_id in keys:
            one = _of_shipbob(movement, trail, keys[movement.inventory_id], taken_at, zone)
            if one is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda move: (move.day, move.what)))


def _counts(line: StockLine) -> bool:
    affects = line.isinventoryaffecting is not Flag.F
    return bool(line.quantity and line.posting and affects and not line.voided)


def _of_netsuite(line: StockLine) -> Move:
    word = _TYPE_WORDS.get(line.type, line.type)
    return Move(
        key=key_of(line.item, line.itemid),
        side="netsuite",
        quantity=line.quantity,
        day=line.trandate,
        what=f"{word} {line.tranid or line.id}",
    )


def _of_shipbob(
    movement: StockMovement, trail: Trail, key: str, taken_at: datetime, zone: ZoneInfo
) -> Move | None:
    """Return a movement at ShipBob; None when it belongs to what is booked."""
    source = source_of(movement) or ""
    order = str(movement.shipbob_order_id) if movement.shipbob_order_id else ""
    age = taken_at - movement.event_datetime
    if order in trail.known.shipped or source in trail.known.settled:
        return None
    standing: Literal["recent", "picked", "untold", "other"] = "other"
    if source in trail.known.told or (age < MOVING and (source or order)):
        standing = "recent"
    elif order:
        standing = "picked" if age < PICKED else "untold"
    elif source:
        standing = "untold"
    named = source or (f"order {order}" if order else movement.reason)
    return Move(
        key=key,
        side="shipbob",
        quantity=Decimal(movement.change),
        day=movement.event_datetime.astimezone(zone).date(),
        what=f"{movement.event_category or 'movement'}{f' ({named})' if named else ''}",
        standing=standing,
        source=source,
    )


def unmapped(snapshot: Snapshot, locations: Mapping[str, str]) -> dict[str, int]:
    """Return the units at fulfillment centers that no location is mapped to. Pure."""
    found: dict[str, int] = defaultdict(int)
    for one in snapshot.shipbob:
        for place in one.locations:
            if str(place.location_id) not in locations and place.on_hand_quantity:
                found[str(place.location_id)] += place.on_hand_quantity
    return dict(sorted(found.items()))


def _inventory_id(line: str) -> int:
    """Return the inventory id in the name of a source's line; 0 where there is none."""
    word = line.removeprefix("inventory ").split(" ")[0]
    return int(word) if line.startswith("inventory ") and word.isdigit() else 0


def wanted_skus(
    snapshot: Snapshot, open_lines: Iterable[tuple[str, str | None]]
) -> dict[int, str]:
    """Return the SKU of every inventory id that must be matched to an item. Pure.

    Args:
        snapshot: of both systems.
        open_lines: names and SKUs of the lines that are open.
    """
    wanted = {
        one.inventory_id: (one.sku or "").strip()
        for one in snapshot.shipbob
        if (one.sku or "").strip()
    }
    for name, sku in open_lines:
        if sku and (inventory_id := _inventory_id(name)):
            wanted.setdefault(inventory_id, sku)
    return wanted


def only(snapshot: Snapshot, items: set[str], keys: Mapping[int, str]) -> Snapshot:
    """Return the snapshot with these items and inventory ids alone. Pure."""
    return Snapshot(
        taken_at=snapshot.taken_at,
        shipbob=[one for one in snapshot.shipbob if one.inventory_id in keys],
        netsuite=[row for row in snapshot.netsuite if row.item in items],
    )


def differing(found: Sequence[Level], keys: Iterable[str]) -> tuple[set[str], dict[int, str]]:
    """Return items, and keys by inventory id, of the levels with these keys. Pure."""
    some = set(keys)
    chosen = [level for level in found if level.key in some]
    return (
        {level.item for level in chosen if level.item},
        {one: level.key for level in chosen for one in level.inventory_ids},
    )
