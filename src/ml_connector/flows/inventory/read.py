"""Takes the snapshot of one location, and what explains its differences."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from ml_connector.errors import NeedsData, NeedsHuman, Unreadable
from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory.facts import (
    Elsewhere,
    Level,
    OpenItem,
    StockFacts,
    UnreadLevel,
    key_of,
)
from ml_connector.flows.inventory.histories import evidence_of
from ml_connector.flows.inventory.levels import (
    ItemOf,
    differing,
    levels,
    only,
    open_items,
    unmapped,
    unread_items,
    unread_levels,
    wanted_skus,
    without,
)
from ml_connector.flows.inventory.movements import moves
from ml_connector.ledger.postings.documents import Posted
from ml_connector.reads.reads import Reads
from ml_connector.reads.stock.stock import Expected, Snapshot
from ml_connector.rules.decisions.corrections import wants_correction
from ml_connector.rules.decisions.decided import read_decided
from ml_connector.rules.facts import item_fact, stock_periods
from ml_connector.rules.items import MatchFacts, match, read_items
from ml_connector.transport.spoiled import SpoiledRow
from ml_connector.words import Cause

LOOKS_BACK: Final = timedelta(days=35)
"""How far back movements are read for the cause of a drift."""


async def read(key: str, reads: Reads) -> StockFacts:
    """Take the snapshot of one location, with what explains its differences.

    Movements are read only for what our ledger does not explain.
    """
    stock = reads.stock
    snapshot = await stock.snapshot()
    since = snapshot.taken_at - LOOKS_BACK
    centers = _centers_of(key, stock.locations)
    facts = StockFacts(
        location=key,
        centers=centers,
        taken_at=snapshot.taken_at,
        looked_back_to=since.astimezone(stock.zone).date(),
    )
    if not centers:
        return facts
    expected = await stock.expected(snapshot)
    wanted = wanted_skus(snapshot, ((one.name, one.sku) for one in expected.open))
    wanted |= await _skus_of(snapshot.spoiled, reads)
    item_of, unread = await _matched(wanted, snapshot, reads)
    snapshot = without(snapshot, unread, item_of)
    found, still_open, moved = _at(key, snapshot, expected, reads, item_of)
    still_open = _compared(still_open, unread)
    open_keys = {level.key for level, _, rest in drift.balances(found, still_open) if rest}
    decisions = await read_decided("inventory", key, reads)
    facts = replace(
        facts,
        decisions=decisions,
        levels=found,
        open=still_open,
        moved=moved,
        unmapped=unmapped(snapshot, stock.locations),
        unread_levels=unread,
    )
    if not open_keys:
        return facts
    if wants_correction(decisions):
        facts = await _with_what_corrections_need(facts, reads)
    items, keys = differing(found, open_keys)
    some = only(snapshot, items, keys)
    trail = await stock.trail(key, items=items, inventory_ids=keys, since=since)
    return replace(
        facts,
        evidence=await evidence_of(facts, open_keys, expected, reads),
        unread=trail.unread[:500],
        moves=moves(trail, keys=keys, taken_at=snapshot.taken_at, zone=stock.zone),
        elsewhere=tuple(
            Elsewhere(key=level.key, location=other, rest=rest)
            for other in sorted(set(stock.locations.values()) - {key})
            for level, _, rest in drift.balances(*_at(other, some, expected, reads, item_of)[:2])
            if rest and level.key in open_keys
        ),
    )


async def _matched(
    wanted: Mapping[int, str], snapshot: Snapshot, reads: Reads
) -> tuple[ItemOf, tuple[UnreadLevel, ...]]:
    """Return how SKUs are matched to items, and what can't be compared, since it can't be read."""
    odd: dict[int, Unreadable] = {}
    items = await read_items(wanted, reads, odd)
    item_of = _item_of(wanted, items, reads.skus, odd)
    unread = (
        *unread_levels(snapshot.spoiled, wanted, item_of),
        *unread_items(odd, wanted, snapshot, items.bindings, reads.skus),
    )
    return item_of, unread


def _centers_of(location: str, locations: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(one for one, place in locations.items() if place == location))


def _compared(
    still_open: Sequence[OpenItem], unread: Sequence[UnreadLevel]
) -> tuple[OpenItem, ...]:
    """Return what is open of all that is compared."""
    not_compared = {one.key for one in unread}
    return tuple(one for one in still_open if one.key not in not_compared)


async def _skus_of(rows: Sequence[SpoiledRow], reads: Reads) -> dict[int, str]:
    """Return the SKUs of ShipBob's rows that can't be read, by their inventory id."""
    named = {
        int(one.ids["inventory_id"]): one.sku
        for one in rows
        if one.ids.get("inventory_id", "").isdigit()
    }
    found = {key: sku or await _sku(key, reads) for key, sku in sorted(named.items())}
    return {key: sku.strip() for key, sku in found.items() if sku}


async def _sku(inventory_id: int, reads: Reads) -> str | None:
    try:
        return await reads.sku(inventory_id)
    except Unreadable:
        return None  # nor can the row that names it: it is told by its number


async def confirm(facts: StockFacts, posted: Sequence[Posted], reads: Reads) -> StockFacts:
    """Add what counter-documents have changed at the location."""
    del reads
    return replace(facts, corrected=tuple(line for one in posted for line in one.lines))


async def _with_what_corrections_need(facts: StockFacts, reads: Reads) -> StockFacts:
    """Add how the items of decisions are kept, the posting periods and the subsidiaries."""
    skus = {one.value for one in facts.decisions}
    named = {units.item for one in facts.decisions for units in one.corrects}
    items = named | {one.item for one in facts.levels if one.item and one.sku in skus}
    there = await reads.items_by_id(items, spoiled={})  # those that can't be read are told of
    found = {key: item_fact(one) for key, one in there.items()}
    units = {one.stock_unit for one in found.values() if one.stock_unit}
    return replace(
        facts,
        items=found,
        unit_rates=await reads.units.rates(units),
        periods=await stock_periods(facts.taken_at, reads),
        location_subsidiaries=dict(await reads.locations.subsidiaries([facts.location])),
    )


def _at(
    location: str, snapshot: Snapshot, expected: Expected, reads: Reads, item_of: ItemOf
) -> tuple[tuple[Level, ...], tuple[OpenItem, ...], dict[str, tuple[int, ...]]]:
    """Return what lies at a location, what is open there, and what moved a moment ago."""
    locations = reads.stock.locations
    quarantine = reads.stock.quarantine
    return (
        levels(
            snapshot,
            location,
            locations=locations,
            quarantine=quarantine if quarantine != location else None,
            item_of=item_of,
        ),
        open_items(expected, location, locations, item_of),
        {
            key_of(item, ""): units
            for (item, place), units in expected.moved.items()
            if place == location
        },
    )


def _item_of(
    wanted: Mapping[int, str],
    found: MatchFacts,
    exceptions: Mapping[str, str],
    odd: Collection[int],
) -> ItemOf:
    """Return the function that matches a SKU to an item; it matches each inventory id once.

    Args:
        wanted: SKU by ShipBob's inventory id.
        found: the items.
        exceptions: SKU to item name, where they differ.
        odd: the inventory ids whose item can't be read.
    """
    known: dict[int, str | Cause] = dict.fromkeys(odd, Cause.EVENT_UNREADABLE)

    def item_of(inventory_id: int, sku: str) -> str | Cause:
        if inventory_id not in wanted:
            return Cause.SKU_MISSING_IN_NETSUITE
        if inventory_id not in known:
            try:
                matched = match({inventory_id: wanted[inventory_id]}, found, exceptions)
                known[inventory_id] = matched.items[inventory_id].id
            except (NeedsData, NeedsHuman) as error:
                known[inventory_id] = error.cause
        del sku
        return known[inventory_id]

    return item_of
