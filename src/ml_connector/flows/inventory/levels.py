"""The stock of both systems at one location, joined by item, and what is open there. Pure."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from ml_connector.errors import Unreadable
from ml_connector.flows.inventory.facts import Level, OpenItem, UnreadLevel, key_of
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.reads.stock.stock import Expected, Snapshot
from ml_connector.rules.items import item_name
from ml_connector.shipbob.resources.stock import StockLevel
from ml_connector.transport.spoiled import SpoiledRow
from ml_connector.words import Cause

ItemOf = Callable[[int, str], "str | Cause"]
"""NetSuite's item of a ShipBob inventory id and SKU, or why there is none."""


def levels(
    snapshot: Snapshot,
    location: str,
    *,
    locations: Mapping[str, str],
    quarantine: str | None,
    item_of: ItemOf,
) -> tuple[Level, ...]:
    """Join both systems' stock at one location, by item, in the order of the SKUs.

    Fulfillment centers that are mapped to one location are added up, and so are ShipBob's
    inventory ids of one item.
    """
    found: dict[str, Level] = {}
    for stock in snapshot.shipbob:
        level = _shipbob_level(stock, location, locations, item_of)
        before = found.get(level.key)
        found[level.key] = level if before is None else _added_up(before, level)
    at_shipbob = frozenset(found)
    for row in snapshot.netsuite:
        key = key_of(row.item, row.itemid)
        if row.location == location:
            before = found.get(key) or Level(sku=row.itemid, item=row.item)
            on_hand = before.netsuite + row.quantityonhand
            found[key] = replace(before, netsuite=on_hand)
        elif row.location == quarantine and key in at_shipbob:
            held = found[key].quarantined + row.quantityonhand
            found[key] = replace(found[key], quarantined=held)
    return tuple(
        level
        for level in sorted(found.values(), key=lambda level: (level.sku, level.key))
        if level.shipbob or level.netsuite
    )


def _shipbob_level(
    stock: StockLevel, location: str, locations: Mapping[str, str], item_of: ItemOf
) -> Level:
    """Return how many of one inventory id ShipBob has at the location."""
    sku = _sku_of(stock)
    item = item_of(stock.inventory_id, sku)
    places = [
        place for place in stock.locations if locations.get(str(place.location_id)) == location
    ]
    return Level(
        sku=sku,
        item=None if isinstance(item, Cause) else item,
        unmatched=item.value if isinstance(item, Cause) else "",
        inventory_ids=(stock.inventory_id,),
        shipbob=sum(place.on_hand_quantity for place in places),
        transfer=sum(abs(place.internal_transfer_quantity) for place in places),
    )


def _added_up(before: Level, more: Level) -> Level:
    return replace(
        before,
        inventory_ids=(*before.inventory_ids, *more.inventory_ids),
        shipbob=before.shipbob + more.shipbob,
        transfer=before.transfer + more.transfer,
    )


def open_items(
    expected: Expected, location: str, locations: Mapping[str, str], item_of: ItemOf
) -> tuple[OpenItem, ...]:
    """Return what has moved at ShipBob alone at one location, as far as our ledger knows."""
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


def unmapped(snapshot: Snapshot, locations: Mapping[str, str]) -> dict[str, int]:
    """Return the units at fulfillment centers that are mapped to no location."""
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
    """Return the SKU of every inventory id that must be matched to an item.

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


def unread_levels(
    rows: Iterable[SpoiledRow], skus: Mapping[int, str], item_of: ItemOf
) -> tuple[UnreadLevel, ...]:
    """Return what the rows are of that can't be read, as far as they say it.

    Args:
        rows: of either system.
        skus: by ShipBob's inventory id.
        item_of: matches a SKU to an item.
    """
    return tuple(
        UnreadLevel(key=_key_of_row(one, skus, item_of), says=one.sentence) for one in rows
    )


def _key_of_row(row: SpoiledRow, skus: Mapping[int, str], item_of: ItemOf) -> str:
    if item := row.ids.get("item"):
        return key_of(item, "")
    inventory_id = row.ids.get("inventory_id", "")
    if not inventory_id.isdigit():
        return ""
    sku = skus.get(int(inventory_id), "") or f"inventory item {inventory_id}"
    found = item_of(int(inventory_id), sku)
    return key_of(None if isinstance(found, Cause) else found, sku)


def unread_items(
    odd: Mapping[int, Unreadable],
    skus: Mapping[int, str],
    snapshot: Snapshot,
    bindings: Mapping[int, Binding],
    exceptions: Mapping[str, str],
) -> tuple[UnreadLevel, ...]:
    """Return the levels of items whose own row can't be read: at ShipBob, and in NetSuite.

    Args:
        odd: why, by ShipBob's inventory id.
        skus: by inventory id.
        snapshot: of both systems.
        bindings: what was matched before, by inventory id.
        exceptions: SKU to item name, where they differ.
    """
    found: dict[str, str] = {}
    for inventory_id, why in odd.items():
        sku = skus[inventory_id]
        found[key_of(None, sku)] = str(why)
        if inventory_id in bindings:
            found[key_of(bindings[inventory_id].item, "")] = str(why)
        name = item_name(sku, exceptions)
        found |= {
            key_of(row.item, ""): str(why) for row in snapshot.netsuite if row.itemid == name
        }
    return tuple(UnreadLevel(key=key, says=says) for key, says in found.items())


def without(snapshot: Snapshot, unread: Collection[UnreadLevel], item_of: ItemOf) -> Snapshot:
    """Return the snapshot without what one of the systems shows in an unreadable form.

    It would look as if that system had none of it. Where a row does not even say what it is of,
    that may be anything which one system alone shows.
    """
    keys = {one.key for one in unread}
    if not keys:
        return snapshot
    if "" in keys:
        at_shipbob = {_key_of_level(one, item_of) for one in snapshot.shipbob}
        keys |= at_shipbob ^ {key_of(one.item, one.itemid) for one in snapshot.netsuite}
    return dataclasses.replace(
        snapshot,
        shipbob=[one for one in snapshot.shipbob if _key_of_level(one, item_of) not in keys],
        netsuite=[one for one in snapshot.netsuite if key_of(one.item, one.itemid) not in keys],
    )


def _key_of_level(stock: StockLevel, item_of: ItemOf) -> str:
    sku = _sku_of(stock)
    item = item_of(stock.inventory_id, sku)
    return key_of(None if isinstance(item, Cause) else item, sku)


def _sku_of(stock: StockLevel) -> str:
    return (stock.sku or "").strip() or f"inventory item {stock.inventory_id}"


def only(snapshot: Snapshot, items: set[str], keys: Mapping[int, str]) -> Snapshot:
    """Return the part of the snapshot that is about these items and inventory ids."""
    return Snapshot(
        taken_at=snapshot.taken_at,
        shipbob=[one for one in snapshot.shipbob if one.inventory_id in keys],
        netsuite=[row for row in snapshot.netsuite if row.item in items],
    )


def differing(found: Sequence[Level], keys: Iterable[str]) -> tuple[set[str], dict[int, str]]:
    """Return the items, and the keys by inventory id, of the levels with these keys."""
    some = set(keys)
    chosen = [level for level in found if level.key in some]
    return (
        {level.item for level in chosen if level.item},
        {one: level.key for level in chosen for one in level.inventory_ids},
    )
