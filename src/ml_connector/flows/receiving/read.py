"""Reading a WRO, and which WROs there are."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from typing import Final

import msgspec

from ml_connector.engine.flow import SweepResult
from ml_connector.flows.receiving.facts import ReceivingFacts, StowedLine
from ml_connector.flows.receiving.orders import is_transfer, read_orders
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import stock_periods
from ml_connector.rules.items import read_items
from ml_connector.shipbob.payloads import Box, Wro
from ml_connector.shipbob.resources.receiving import AWAITED, CANCELLED, COMPLETED

_NOTHING_TO_RECEIVE: Final = AWAITED | {CANCELLED}


async def read(key: str, reads: Reads) -> ReceivingFacts:
    """Gather a WRO, the items of its SKUs, its purchase order and the posting periods."""
    wro = await reads.wro(int(key))
    lines = await _lines(wro, reads)
    stowed = [line for line in lines if line.stowed]
    matches = await read_items({line.inventory_id: line.sku for line in stowed if line.sku}, reads)
    items = [*chain.from_iterable(matches.named.values()), *matches.bound.values()]
    if any(item.lot_tracked for item in items):
        lines = _by_lot(lines, await reads.boxes(wro.id))
    number = (wro.purchase_order_number or "").strip() or None
    ordered = number if stowed else None
    orders = await read_orders(wro.id, ordered, stowed, items, reads)
    stowed_at = _stowed_at(wro)
    return ReceivingFacts(
        wro_id=wro.id,
        status=wro.status,
        purchase_order_number=number,
        fulfillment_center_id=wro.fulfillment_center.id,
        fulfillment_center_name=wro.fulfillment_center.name,
        stowed_at=stowed_at,
        lines=tuple(lines),
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        unit_rates=await reads.units.rates({item.stock_unit for item in items if item.stock_unit}),
        orders=orders,
        is_transfer=not orders and await is_transfer(ordered, reads),
        periods=await stock_periods(stowed_at, reads) if stowed else (),
        synced=wro.external_sync_timestamp is not None,
    )


async def _lines(wro: Wro, reads: Reads) -> list[StowedLine]:
    return [
        StowedLine(
            inventory_id=line.inventory_id,
            sku=(line.sku or await reads.sku(line.inventory_id) or "").strip() or None,
            expected=line.expected_quantity,
            stowed=line.stowed_quantity,
        )
        for line in wro.inventory_quantities
    ]


def _stowed_at(wro: Wro) -> datetime:
    """Return the moment of completion, or of the last change before it."""
    for change in wro.status_history:
        if change.status == COMPLETED and change.timestamp is not None:
            return change.timestamp
    return wro.last_updated_date or wro.insert_date or datetime.fromtimestamp(0, UTC)


def _by_lot(lines: Sequence[StowedLine], boxes: Sequence[Box]) -> list[StowedLine]:
    """Split the lines of a WRO by the lots that its boxes hold.

    Units that the boxes do not account for stay without a lot (shipbob.md section 9.4: the
    counters of WRO and boxes can disagree while work goes on).
    """
    lots: dict[int, dict[tuple[str, date | None], int]] = defaultdict(lambda: defaultdict(int))
    for box in boxes:
        for item in box.box_items:
            if item.lot_number and item.stowed_quantity:
                day = item.lot_date.date() if item.lot_date else None
                lots[item.inventory_id][item.lot_number, day] += item.stowed_quantity
    split: list[StowedLine] = []
    for line in lines:
        rest = line.stowed
        for (lot, day), quantity in sorted(
            lots[line.inventory_id].items(), key=lambda entry: (entry[0][0], str(entry[0][1]))
        ):
            units = min(rest, quantity)
            if units:
                split.append(msgspec.structs.replace(line, stowed=units, lot=lot, lot_date=day))
                rest -= units
        if rest or not lots[line.inventory_id]:
            split.append(msgspec.structs.replace(line, stowed=rest))
    return split


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the WROs of which something has arrived and that are not marked as booked yet."""
    async for wro in reads.open_wros(since):
        if wro.status not in _NOTHING_TO_RECEIVE:
            changed = wro.last_updated_date
            version = changed.isoformat() if changed else ""
            yield SweepResult(key=str(wro.id), version=version, changed_at=changed)
