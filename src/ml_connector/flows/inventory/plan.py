"""Inventory: the stock of both systems is compared, and what differs is explained.

Once a day, and whenever somebody asks, for each NetSuite location that a fulfillment center
is mapped to: what ShipBob has on hand there (shipbob.md section 9.3) and what NetSuite has
(netsuite.md section 5.4), SKU by SKU. A difference is explained by what our own books know is
open: received and not posted yet, parked, refused, shipped and not fulfilled yet, on its way.
What remains is a drift. The movements of both systems tell what probably made it, and a person
is told what to do. Nothing is ever adjusted by itself.

The snapshot is kept with the run that saw it, as all facts are.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.inventory import drift
from ml_connector.flows.inventory import facts as stocked
from ml_connector.flows.inventory.facts import Elsewhere, ItemOf, Level, OpenItem, StockFacts
from ml_connector.ledger.postings.documents import Plan, Posted, SourceLine
from ml_connector.reads.reads import Reads
from ml_connector.reads.stock import Expected, Snapshot
from ml_connector.rules.items import MatchFacts, match, read_items
from ml_connector.words import Cause

LOOKS_BACK: Final = timedelta(days=35)
"""So far back movements are looked at for the cause of a drift."""


async def read(key: str, reads: Reads) -> StockFacts:
    """Take the snapshot of one location, with what explains its differences.

    Only what our books leave unexplained is looked into further.
    """
    stock = reads.stock
    snapshot = await stock.snapshot()
    since = snapshot.taken_at - LOOKS_BACK
    centers = tuple(sorted(one for one, place in stock.locations.items() if place == key))
    facts = StockFacts(
        location=key,
        centers=centers,
        taken_at=snapshot.taken_at,
        looked_back_to=since.astimezone(stock.zone).date(),
    )
    if not centers:
        return facts
    expected = await stock.expected(snapshot)
    wanted = stocked.wanted_skus(snapshot, ((one.name, one.sku) for one in expected.open))
    item_of = _item_of(wanted, await read_items(wanted, reads), reads.skus)
    found, open_items, moved = _at(key, snapshot, expected, reads, item_of)
    open_keys = {level.key for level, _, rest in drift.balances(found, open_items) if rest}
    facts = replace(
        facts,
        levels=found,
        open=open_items,
        moved=moved,
        unmapped=stocked.unmapped(snapshot, stock.locations),
    )
    if not open_keys:
        return facts
    items, keys = stocked.differing(found, open_keys)
    some = stocked.only(snapshot, items, keys)
    trail = await stock.trail(key, items=items, inventory_ids=keys, since=since)
    return replace(
        facts,
        unread=trail.unread[:500],
        moves=stocked.moves(trail, keys=keys, taken_at=snapshot.taken_at, zone=stock.zone),
        elsewhere=tuple(
            Elsewhere(key=level.key, location=other, rest=rest)
            for other in sorted(set(stock.locations.values()) - {key})
            for level, _, rest in drift.balances(*_at(other, some, expected, reads, item_of)[:2])
            if rest and level.key in open_keys
        ),
    )


def _at(
    location: str, snapshot: Snapshot, expected: Expected, reads: Reads, item_of: ItemOf
) -> tuple[tuple[Level, ...], tuple[OpenItem, ...], dict[str, tuple[int, ...]]]:
    """Return what lies at a location, what is open there, and what moved a moment ago."""
    locations = reads.stock.locations
    quarantine = reads.stock.quarantine
    return (
        stocked.levels(
            snapshot,
            location,
            locations=locations,
            quarantine=quarantine if quarantine != location else None,
            item_of=item_of,
        ),
        stocked.open_items(expected, location, locations, item_of),
        {
            stocked.key_of(item, ""): units
            for (item, place), units in expected.moved.items()
            if place == location
        },
    )


def _item_of(
    wanted: Mapping[int, str], found: MatchFacts, exceptions: Mapping[str, str]
) -> ItemOf:
    """Return what matches a SKU to an item, each once."""
    known: dict[int, str | Cause] = {}

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


def plan(facts: StockFacts, posted: Sequence[Posted], settings: ConnectionSettings) -> Plan:
    """Post nothing: either all is explained, or a person has to look.

    The plan ends in NeedsHuman (``stock_drift``) when something differs that nothing open
    explains.
    """
    del posted, settings
    if not facts.centers:
        return Plan(note=f"No fulfillment center is mapped to location {facts.location}")
    found = drift.judge(facts)
    drifts = [one for one in found if one.drift]
    note = f"SKUs: {len(facts.levels)}, different: {len(found)}, unexplained: {len(drifts)}"
    if facts.unmapped:
        note += ". Not compared, since no location is mapped to it: " + ", ".join(
            f"{units} units at fulfillment center {center}"
            for center, units in facts.unmapped.items()
        )
    if not drifts:
        return Plan(note=note)
    return Plan(
        note=note,
        remaining_failure=NeedsHuman(
            drift.sentence(facts, drifts),
            cause=Cause.STOCK_DRIFT,
            remedy=drift.remedy(facts, drifts),
        ),
    )


def source_lines(facts: StockFacts, settings: ConnectionSettings) -> Sequence[SourceLine]:
    """Return none: a comparison moves no stock."""
    del facts, settings
    return ()


def details(facts: StockFacts, settings: ConnectionSettings) -> Sequence[Mapping[str, Any]]:
    """Return all differences, those first that nothing explains, then by SKU."""
    del settings
    found = sorted(drift.judge(facts), key=lambda one: (not one.drift, one.level.sku))
    return [
        {
            "location": facts.location,
            "sku": one.level.sku,
            "item": one.level.item,
            "shipbob": one.level.shipbob,
            "netsuite": _whole(one.level.netsuite),
            "drift": _whole(one.drift),
            "likely": one.verdict.likely if one.verdict else None,
            "why": "; ".join(
                (
                    *(f"{_whole(part.quantity):+}: {part.says}" for part in one.explained),
                    *((one.verdict.says,) if one.verdict else ()),
                )
            ),
            "remedy": one.verdict.remedy if one.verdict else "",
        }
        for one in found
    ]


def _whole(quantity: Decimal) -> int | float:
    """Return a quantity as JSON and people write it; only NetSuite has parts of a unit."""
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield every location that a fulfillment center is mapped to, or was when it differed."""
    del since
    mapped = reads.stock.locations.values()
    for location in sorted({*mapped, *await reads.stock.left_over()}):
        yield SweepResult(key=location)


FLOW: Final = Flow(
    name="inventory",
    source="location",
    topics=frozenset(),
    rules="inventory-1",
    facts=StockFacts,
    read=read,
    plan=plan,
    source_lines=source_lines,
    schedule="inventory",
    sweep=sweep,
    event_source="schedule",
    details=details,
)
