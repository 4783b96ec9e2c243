"""Compares the histories of both systems and of our journal, of what differs at a location."""

from collections.abc import Collection
from datetime import datetime, time
from decimal import Decimal

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.inventory.facts import Level, StockFacts
from ml_connector.reads.reads import Reads
from ml_connector.reads.stock.histories import MOST_ITEMS, ItemHistories
from ml_connector.reads.stock.stock import Expected
from ml_connector.rules.stock_causes.evidence import evidence
from ml_connector.rules.stock_causes.histories import Thing, Times, history_of
from ml_connector.rules.stock_causes.rows import StockEvidence


async def evidence_of(
    facts: StockFacts, keys: Collection[str], expected: Expected, reads: Reads
) -> tuple[StockEvidence, ...] | None:
    """Return all that one of the systems did alone to what differs, of at most 50 things.

    Args:
        facts: of the location.
        keys: of the levels that differ.
        expected: what the ledger knows.
        reads: of the connection.

    Returns:
        None where one of the histories can't be read, or there is too much of it.
    """
    some = [one for one in facts.levels if one.key in keys and one.item and one.inventory_ids]
    try:
        read, rates = await _read(facts, some[:MOST_ITEMS], reads) if some else (None, {})
    except (NeedsData, NeedsHuman):
        return None  # a difference without its cause is shown all the same
    if read is None or read.too_many:
        return None
    open_sources = {f"{one.flow} {one.key}" for one in expected.open}
    return tuple(
        evidence(
            history_of(
                Thing(one.key, one.sku, one.item or "", one.inventory_ids, rates[one.item or ""]),
                read,
                locations={*reads.stock.locations.values()},
                open_sources=open_sources,
                times=Times(facts.taken_at, reads.stock.zone),
            )
        )
        for one in some[:MOST_ITEMS]
    )


async def _read(
    facts: StockFacts, levels: Collection[Level], reads: Reads
) -> tuple[ItemHistories, dict[str, dict[str, Decimal]]]:
    stock = reads.stock
    read = await stock.histories.of_items(
        {one.item for one in levels if one.item},
        {number for one in levels for number in one.inventory_ids},
        since=datetime.combine(facts.looked_back_to, time.min, stock.zone),
        until=facts.taken_at,
        first=facts.looked_back_to,
    )
    return read, await _rates(levels, reads)


async def _rates(levels: Collection[Level], reads: Reads) -> dict[str, dict[str, Decimal]]:
    """Return eaches in one of each unit that items can be counted in, by the item."""
    items = {one.item for one in levels if one.item}
    there = await reads.items_by_id(items, spoiled={})
    units = {
        key: [unit for unit in (one.stockunit, one.purchaseunit) if unit]
        for key, one in there.items()
    }
    rates = await reads.units.rates({unit for some in units.values() for unit in some})
    return {
        item: {unit: rates[unit] for unit in units.get(item, ()) if unit in rates}
        for item in items
    }
