"""Reading a WRO, what NetSuite has ordered under its number, and which WROs there are."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import chain
from typing import Final

import msgspec

from ml_connector.engine.flow import SweepResult
from ml_connector.flows.receiving.facts import (
    Receipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
    StowedLine,
)
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.external_ids import is_receipt_of_other
from ml_connector.rules.facts import ItemFact, stock_periods
from ml_connector.rules.items import read_items
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.shipbob.payloads import Box, Wro
from ml_connector.shipbob.resources.receiving import AWAITED, CANCELLED, COMPLETED

_NOTHING_TO_RECEIVE: Final = AWAITED | {CANCELLED}
_LATER_WRO: Final = re.compile(r"^(.+)-\d{1,3}$")
"""The number of an order's second or later WRO, such as ``PO123-2`` (shipbob.md section 8)."""


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
    orders = await _orders(wro.id, ordered, stowed, items, reads)
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
        is_transfer=not orders and await _is_transfer(ordered, reads),
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


async def _orders(
    wro_id: int,
    number: str | None,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> tuple[ReceivingOrder, ...]:
    """Return the purchase orders with a WRO's number; none without a number.

    A number such as ``PO123-2`` is looked for as it is, and if no order has it, as the second
    WRO of ``PO123`` (shipbob.md section 8). The receipts of an order are only read where it
    has fewer units open than were stowed.
    """
    if number is None:
        return ()
    found = await reads.orders(number)
    later = _LATER_WRO.match(number)
    if not found and later:
        found = await reads.orders(later[1])
    return tuple([await _order(wro_id, order, stowed, items, reads) for order in found])


async def _is_transfer(number: str | None, reads: Reads) -> bool:
    """Return whether a WRO's number is that of a transfer order, or of its second WRO."""
    if number is None:
        return False
    later = _LATER_WRO.match(number)
    return bool(
        await reads.transfers.named(number) or (later and await reads.transfers.named(later[1]))
    )


async def _order(
    wro_id: int,
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> ReceivingOrder:
    receipts: Mapping[int, tuple[Receipt, ...]] = {}
    if _fewer_open(order, stowed, items):
        receipts = _unexplained(wro_id, await reads.receipts(order.id))
    units = await read_units(order.lines, "purchaseOrder", order.id, reads)
    plain = LineUnit(unit="")
    return ReceivingOrder(
        id=order.id,
        number=order.tranid,
        status=order.status,
        lines=tuple(
            ReceivingOrderLine(
                line=line.line,
                item_id=line.item,
                open_quantity=int(line.open_quantity),
                receipts=receipts.get(line.line, ()),
                unit=units.get(line.line, plain).unit or None,
                per_unit=units.get(line.line, plain).eaches,
                unit_problem=units.get(line.line, plain).problem,
            )
            for line in order.lines
        ),
    )


def _unexplained(wro_id: int, lines: Sequence[ReceiptLine]) -> dict[int, tuple[Receipt, ...]]:
    """Return the receipts of an order that no other WRO explains, by order line.

    Our receipts carry the number of their WRO in the external id (netsuite.md section 11.4).
    Those of this WRO are kept: a database that was restored may not know of them.
    """
    found: dict[int, tuple[Receipt, ...]] = {}
    for line in lines:
        if is_receipt_of_other(wro_id, line.externalid):
            continue
        if line.order_line is not None and line.quantity:
            receipt = Receipt(quantity=int(line.quantity), external_id=line.externalid)
            found[line.order_line] = (*found.get(line.order_line, ()), receipt)
    return found


def _fewer_open(
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
) -> bool:
    stowed_units = sum(line.stowed for line in stowed)
    ids = {item.id for item in items}
    return sum(line.open_quantity for line in order.lines if line.item in ids) < stowed_units


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
