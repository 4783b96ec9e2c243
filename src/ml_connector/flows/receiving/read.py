"""Reading a WRO, and which WROs there are."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain

import msgspec

from ml_connector.flows.receiving.decided import accounted_units, settled
from ml_connector.flows.receiving.facts import ReceivingFacts, ReceivingOrder, StowedLine
from ml_connector.flows.receiving.orders import may_go_beyond, order_facts, with_receipts
from ml_connector.flows.receiving.stowed import booked_otherwise, by_lot, fewer
from ml_connector.flows.receiving.whose.reading import WroSays, find_orders, nothing_found
from ml_connector.ledger.postings.documents import Posted
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.corrections import wants_correction
from ml_connector.rules.decisions.decided import Decided, read_decided
from ml_connector.rules.facts import stock_periods
from ml_connector.rules.items import MatchFacts, candidates, near_items, read_items
from ml_connector.shipbob.payloads import Wro, WroLine
from ml_connector.shipbob.resources.receiving import COMPLETED, SENT_ON


async def read(key: str, reads: Reads) -> ReceivingFacts:
    """Gather a WRO, the items of its SKUs, its purchase order and the posting periods."""
    # At once: who came together with others stays with them, for the calls they share.
    wro, link, decisions = await asyncio.gather(
        reads.wro(int(key)),
        reads.announcements.order_of(int(key)),
        read_decided("receiving", key, reads),
    )
    lines = await _lines(wro, reads)
    # Of what is to be taken back, nothing may be stowed any more.
    correcting = wants_correction(decisions)
    stowed = [line for line in lines if line.stowed or correcting]
    skus = {line.inventory_id: line.sku for line in stowed if line.sku}
    number = (wro.purchase_order_number or "").strip() or None
    matches, found = await asyncio.gather(
        read_items(skus, reads),
        find_orders(WroSays(number, wro.insert_date, link), decisions, reads)
        if stowed
        else nothing_found(),
    )
    items = [*chain.from_iterable(matches.named.values()), *matches.bound.values()]
    lot_tracked = _lot_tracked(skus, matches, reads.skus)
    if lot_tracked:
        lines = by_lot(lines, await reads.boxes(wro.id), lot_tracked)
    orders = await order_facts(found.orders, reads)
    stowed_at = _stowed_at(wro)
    return ReceivingFacts(
        wro_id=wro.id,
        status=wro.status,
        purchase_order_number=number,
        fulfillment_center_id=wro.fulfillment_center.id,
        fulfillment_center_name=wro.fulfillment_center.name,
        stowed_at=stowed_at,
        destination_id=wro.behind_hub,
        sent_on=_sent_on(wro),
        lines=lines,
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        near_items=await near_items(matches.named, reads),
        unit_rates=await reads.units.rates({item.stock_unit for item in items if item.stock_unit}),
        orders=orders,
        is_transfer=found.is_transfer,
        periods=await stock_periods(stowed_at, reads) if stowed else (),
        announced_at=wro.insert_date,
        synced=wro.external_sync_timestamp is not None,
        decisions=decisions,
        location_subsidiaries=await _subsidiaries(
            wro, stowed, orders, matches, reads, decisions=decisions
        ),
        owner=found.owner,
    )


async def _subsidiaries(
    wro: Wro,
    stowed: Sequence[StowedLine],
    orders: Sequence[ReceivingOrder],
    matches: MatchFacts,
    reads: Reads,
    *,
    decisions: Sequence[Decided],
) -> dict[str, tuple[str, ...]]:
    """Return the subsidiaries of the locations, where units may be adjusted or moved."""
    units: Counter[str] = Counter()
    for line in stowed:
        for item in candidates(line.inventory_id, line.sku or "", matches, reads.skus):
            units[item.id] += line.stowed
    location = reads.locations.of_center(wro.fulfillment_center.id)
    if not stowed or location is None:
        return {}
    # As ``Booking.ordered_at`` says: behind a hub the lines of its center expect the units.
    behind = reads.locations.of_center(wro.behind_hub) if wro.behind_hub is not None else None
    corrected = [units.location for one in decisions for units in one.corrects]
    adjusts = wants_correction(decisions) or may_go_beyond(orders, units, behind or location)
    if not adjusts and not _sent_on(wro):
        return {}
    return dict(await reads.locations.subsidiaries([location, behind, *corrected]))


def _sent_on(wro: Wro) -> bool:
    return any(one.status == SENT_ON for one in wro.status_history)


def _lot_tracked(
    skus: Mapping[int, str], matches: MatchFacts, exceptions: Mapping[str, str]
) -> set[int]:
    """Return the inventory ids of items that NetSuite keeps by lot."""
    return {
        inventory_id
        for inventory_id, sku in skus.items()
        if any(one.lot_tracked for one in candidates(inventory_id, sku, matches, exceptions))
    }


async def confirm(facts: ReceivingFacts, posted: Sequence[Posted], reads: Reads) -> ReceivingFacts:
    """Look a second time where a WRO shows less than is booked, and at receipts of others.

    Its counters and those of its boxes can disagree while work goes on (shipbob.md section 9.4):
    a decrease counts when a look that began after the first had ended shows it again.
    """
    booked = settled(facts, posted)
    is_fewer = fewer(facts.lines, accounted_units(facts, booked))
    if is_fewer or booked_otherwise(facts.lines, booked):
        again = await read(str(facts.wro_id), reads)
        facts = msgspec.structs.replace(again, seen_first=facts.lines)
    return await with_receipts(facts, posted, reads)


async def _lines(wro: Wro, reads: Reads) -> tuple[StowedLine, ...]:
    """Return each inventory id of a WRO once, with the units of all its rows."""
    rows: dict[int, list[WroLine]] = {}
    for row in wro.inventory_quantities:
        rows.setdefault(row.inventory_id, []).append(row)
    return tuple(
        [
            StowedLine(
                inventory_id=inventory_id,
                sku=await _sku(inventory_id, same, reads),
                expected=sum(row.expected_quantity for row in same),
                stowed=sum(row.stowed_quantity for row in same),
            )
            for inventory_id, same in rows.items()
        ]
    )


async def _sku(inventory_id: int, rows: Sequence[WroLine], reads: Reads) -> str | None:
    """Return the SKU of an inventory id.

    It is the one that the WRO names; where its rows name none or several, as merged variants
    share an inventory id (shipbob.md section 9.2), that of the inventory item itself.
    """
    named = {sku for row in rows if (sku := (row.sku or "").strip())}
    if len(named) == 1:
        return named.pop()
    return (await reads.sku(inventory_id) or "").strip() or None


def _stowed_at(wro: Wro) -> datetime | None:
    """Return the moment of the last completion, or of the last change before there is one.

    None where ShipBob does not say: when a WRO was made is not when it was stowed, and of
    several completions the last can't be told when one of them has no moment.
    """
    completed = [one.timestamp for one in wro.status_history if one.status == COMPLETED]
    if not completed:
        return wro.last_updated_date
    moments = [one for one in completed if one is not None]
    return max(moments) if len(moments) == len(completed) else None
