"""Reading an order, what ShipBob knows of it, and which orders there is news of."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import SweepResult
from ml_connector.errors import Retryable
from ml_connector.flows.purchase_orders.facts import (
    OrderedLine,
    Products,
    PurchaseOrderFacts,
    VariantFact,
    WroFact,
)
from ml_connector.flows.purchase_orders.products import bound_to, holding, shipbob_sku
from ml_connector.flows.purchase_orders.transfers import Transfer, read_transfer
from ml_connector.flows.purchase_orders.wro_receipts import (
    items_on,
    received_of_purchase,
    received_of_transfer,
)
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.postings.announcements import WroOutcome
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.netsuite.statuses import PURCHASE_ORDER_OPEN
from ml_connector.reads.reads import Reads
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.rules.wro_lines import inventory_of
from ml_connector.shipbob.payloads import Variant, Wro
from ml_connector.words import Cause

_READ_AGAIN_SECONDS: Final = 1.0
"""After how long to read an order again that changed while it was read."""


async def read(key: str, reads: Reads) -> PurchaseOrderFacts:
    """Gather an order of either kind, ShipBob's products for its lines, WROs and receipts."""
    order = await reads.order(key)
    transfer = await read_transfer(key, reads) if order is None else None
    read_at = datetime.now(UTC).replace(microsecond=0)
    if order is not None:
        units = await read_units(order.lines, "purchaseOrder", key, reads)
        return await _facts(order, units, None, read_at, reads)
    if transfer is not None:
        return await _facts(transfer.order, transfer.units, transfer, read_at, reads)
    return PurchaseOrderFacts(
        order_id=key,
        number="",
        status="",
        lines=(),
        variants={},
        wros=await _wros(key, "", reads),
        centers=(),
        read_at=read_at,
        hidden=not await reads.purchase_orders.is_deleted(key),
    )


async def _facts(
    order: PurchaseOrder,
    units: Mapping[int, LineUnit],
    transfer: Transfer | None,
    read_at: datetime,
    reads: Reads,
) -> PurchaseOrderFacts:
    lines = tuple(_lines(order, units))
    bindings = await reads.bindings.of_items({line.item for line in lines})
    products = Products({}, bindings, {})
    if order.status in PURCHASE_ORDER_OPEN:
        products = await _products(lines, bindings, reads)
    wros = await _wros(order.id, order.tranid, reads, lines, products.bindings)
    if transfer is not None:
        wros = received_of_transfer(wros, order)
    elif wros:
        receipts = await reads.receipts(order.id)
        await _refuse_newer_receipts(order, receipts, reads)
        wros = received_of_purchase(wros, receipts)
    return PurchaseOrderFacts(
        order_id=order.id,
        number=order.tranid,
        status=order.status,
        lines=lines,
        variants=products.by_sku,
        wros=wros,
        centers=tuple(center.id for center in await reads.centers()),
        read_at=read_at,
        ordered_on=order.trandate,
        bindings=products.bindings,
        bound=products.bound,
        moved_from=transfer.source if transfer is not None else None,
        shares_number=transfer is not None and transfer.shares_number,
        unreadable=transfer is not None and transfer.unreadable,
        announce_again=await _announce_again(order.id, wros, reads),
    )


async def _refuse_newer_receipts(
    order: PurchaseOrder, receipts: Sequence[ReceiptLine], reads: Reads
) -> None:
    """Stop where a receipt was made between the reading of the order and that of its receipts.

    Its units would be open and received at the same time, and would be announced once more.

    Raises:
        Retryable: the order has changed meanwhile.
    """
    received: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in receipts:
        received[receipt.item] += receipt.quantity
    for line in order.lines:
        received[line.item] -= line.quantityshiprecv
    if any(units > 0 for units in received.values()) and await reads.order(order.id) != order:
        raise Retryable(
            f"Purchase order {order.tranid} changed in NetSuite while it was read",
            cause=Cause.UPSTREAM_UNAVAILABLE,
            retry_after_seconds=_READ_AGAIN_SECONDS,
        )


async def _wros(
    order_id: str,
    number: str,
    reads: Reads,
    lines: Sequence[OrderedLine] = (),
    bindings: Mapping[str, Sequence[Binding]] = MappingProxyType({}),
) -> tuple[WroFact, ...]:
    """Read the WROs with an order's numbers, and those of ours that have another number now."""
    found = [*(await reads.wros_of_order(number))] if number else []
    listed = {wro.id for wro in found}
    ours = await reads.announcements.made(order_id)
    found += await reads.known_wros([wro_id for wro_id in ours if wro_id not in listed])
    outcomes = await asyncio.gather(*(reads.announcements.outcome(wro.id) for wro in found))
    return tuple(
        _wro(wro, items_on(wro, lines, bindings, reads.skus), outcome)
        for wro, outcome in zip(found, outcomes, strict=True)
    )


async def _announce_again(order_id: str, wros: Sequence[WroFact], reads: Reads) -> tuple[int, ...]:
    """Return the cancelled WROs whose units a person has said to announce again."""
    cancelled = {
        AwaitedKind.CANCELLED_WRO.named(wro.id): wro.id for wro in wros if wro.is_cancelled
    }
    if not cancelled:
        return ()
    answered = await reads.announcements.answers(order_id)
    return tuple(cancelled[thing] for thing in sorted(answered) if thing in cancelled)


async def _products(
    lines: Sequence[OrderedLine], bindings: dict[str, tuple[Binding, ...]], reads: Reads
) -> Products:
    """Read the products of ordered items: by inventory id where matched before, else by SKU."""
    items = {line.ordered_item for line in lines}
    held = {
        one.inventory_id
        for item in items
        for one in holding(item, bindings.get(item.id, ()), reads.skus)
    }
    by_id = await reads.variants_by_inventory(held)
    bound = Products({}, bindings, {one: tuple(map(_variant, by_id[one])) for one in by_id})
    by_sku = await reads.variants(
        {
            shipbob_sku(item.names, reads.skus)
            for item in items
            if not bound_to(item, bound, reads.skus)
        }
    )
    return bound._replace(by_sku={sku: tuple(map(_variant, by_sku[sku])) for sku in by_sku})


def _lines(order: PurchaseOrder, units: Mapping[int, LineUnit]) -> list[OrderedLine]:
    return [
        OrderedLine(
            line=line.line,
            item_name=line.itemid,
            item_type=line.itemtype,
            open_quantity=int(line.open_quantity),
            received=int(line.quantityshiprecv),
            closed=bool(line.isclosed),
            fraction=line.open_quantity != int(line.open_quantity),
            location=line.location or order.location,
            expected=line.expectedreceiptdate,
            item=line.item,
            full_name=line.fullname if line.fullname != line.itemid else "",
            unit=units.get(line.line),
        )
        for line in order.lines
    ]


def _variant(variant: Variant) -> VariantFact:
    inventory = variant.inventory
    return VariantFact(
        inventory_id=(inventory.inventory_id or 0) if inventory else 0,
        active=variant.status in {"Active", ""}
        and inventory is not None
        and inventory.inventory_id is not None,
        lot_tracked=variant.lot_information is not None and variant.lot_information.is_lot,
    )


def _wro(wro: Wro, items: dict[str, int], outcome: WroOutcome) -> WroFact:
    adjusted: dict[int, int] = defaultdict(int)
    for name, units in outcome.units.items():
        inventory_id = inventory_of(name)
        if inventory_id is not None:
            adjusted[inventory_id] += units
    return WroFact(
        id=wro.id,
        number=wro.purchase_order_number or "",
        status=wro.status,
        fulfillment_center_id=wro.final_destination_fulfillment_center_id
        or wro.fulfillment_center.id,
        expected={line.inventory_id: line.expected_quantity for line in wro.inventory_quantities},
        stowed={line.inventory_id: line.stowed_quantity for line in wro.inventory_quantities},
        booked={},
        adjusted=dict(adjusted),
        items=items,
        left_to_people=outcome.left_to_people,
    )


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield all open orders, however old, and those that had a WRO once and are not open now."""
    del since
    seen: set[str] = set()
    async for page in reads.purchase_orders.open():
        for order in page:
            seen.add(order.id)
            yield SweepResult(key=order.id, version=order.lastmodified)
    gone = sorted(set(known) - seen)
    for one in await _now(gone, reads):
        yield one


async def poll(reads: Reads, since: str, known: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the orders that were changed or deleted since a moment by the account's clock.

    Orders that are not open now are only yielded where they had a WRO once.
    """
    once = set(known)
    seen: set[str] = set()
    async for page in reads.purchase_orders.changed(since, also=once):
        for order in page:
            if order.id not in seen:
                seen.add(order.id)
                yield SweepResult(key=order.id, version=order.lastmodified)
    deleted = await reads.purchase_orders.deleted(since) if once else set()
    for one in await _now(sorted((deleted & once) - seen), reads):
        yield one


async def _now(order_ids: Sequence[str], reads: Reads) -> list[SweepResult]:
    """Return the present version of these orders; of deleted ones the version ``deleted``."""
    found = await reads.purchase_orders.changes(order_ids)
    versions = {order.id: order.lastmodified for order in found}
    return [SweepResult(key=one, version=versions.get(one, "deleted")) for one in order_ids]


async def clock(reads: Reads) -> str | None:
    """Return the time by the account's clock, which dates the changes of its orders."""
    return await reads.purchase_orders.clock()
