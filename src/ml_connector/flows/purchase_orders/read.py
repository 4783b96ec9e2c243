"""Reading an order, what ShipBob knows of it, and which orders there is news of."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from ml_connector.engine.flow import SweepResult
from ml_connector.flows.purchase_orders.facts import (
    OrderedLine,
    Products,
    PurchaseOrderFacts,
    VariantFact,
    WroFact,
)
from ml_connector.flows.purchase_orders.products import bound_to, holding, shipbob_sku
from ml_connector.flows.purchase_orders.transfers import read_transfer
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.netsuite.statuses import (
    PURCHASE_ORDER_OPEN,
)
from ml_connector.reads.reads import Reads
from ml_connector.rules.external_ids import is_receipt_of
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.shipbob.payloads import Variant, Wro

_NUMBERS: Final = 30
"""So many WROs of one order are looked for: ``PO123`` to ``PO123-30``."""


async def read(key: str, reads: Reads) -> PurchaseOrderFacts:
    """Gather an order of either kind, ShipBob's products for its lines, WROs and receipts."""
    order = await reads.order(key)
    transfer = await read_transfer(key, reads) if order is None else None
    order = transfer.order if transfer is not None else order
    read_at = datetime.now(UTC).replace(microsecond=0)
    if order is None:
        return PurchaseOrderFacts(
            order_id=key,
            number="",
            status="",
            lines=(),
            variants={},
            wros=(),
            centers=(),
            read_at=read_at,
            hidden=not await reads.purchase_orders.is_deleted(key),
        )
    units = (
        transfer.units
        if transfer is not None
        else await read_units(order.lines, "purchaseOrder", key, reads)
    )
    lines = tuple(_lines(order, units))
    products = (
        await _products(lines, reads)
        if order.status in PURCHASE_ORDER_OPEN
        else Products({}, {}, {})
    )
    wros = await reads.wros_by_number(wro_numbers(order.tranid))
    if transfer is not None:
        booked = _arrived(wros, order, _items_on(wros, lines, products.bindings, reads.skus))
    else:
        receipts = await reads.receipts(order.id) if wros else ()
        booked = _booked(wros, receipts, _items_on(wros, lines, products.bindings, reads.skus))
    return PurchaseOrderFacts(
        order_id=order.id,
        number=order.tranid,
        status=order.status,
        lines=lines,
        variants=products.by_sku,
        wros=tuple(_wro(wro, booked[wro.id]) for wro in wros),
        centers=tuple(center.id for center in await reads.centers()),
        read_at=read_at,
        ordered_on=order.trandate,
        bindings=products.bindings,
        bound=products.bound,
        moved_from=transfer.source if transfer is not None else None,
        shares_number=transfer is not None and transfer.shares_number,
        unreadable=transfer is not None and transfer.unreadable,
    )


async def _products(lines: Sequence[OrderedLine], reads: Reads) -> Products:
    """Read the products of ordered items: by inventory id where matched before, else by SKU."""
    items = {line.ordered_item for line in lines}
    bindings = await reads.bindings.of_items({item.id for item in items})
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


def wro_numbers(number: str) -> list[str]:
    """Return the numbers that WROs of an order may carry."""
    return [number, *(f"{number}-{n}" for n in range(2, _NUMBERS + 1))]


def _lines(order: PurchaseOrder, units: Mapping[int, LineUnit]) -> list[OrderedLine]:
    return [
        OrderedLine(
            line=line.line,
            item_name=line.itemid,
            item_type=line.itemtype,
            open_quantity=int(line.open_quantity),
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


_OnWros = Mapping[int, Mapping[str, int]]
"""By WRO: which of its inventory ids an ordered item is, by NetSuite's item id."""


_Booked = Mapping[int, Mapping[int, int]]
"""By WRO: how many units NetSuite has received of each of its inventory ids."""


def _items_on(
    wros: Sequence[Wro],
    lines: Sequence[OrderedLine],
    bindings: Mapping[str, Sequence[Binding]],
    skus: Mapping[str, str],
) -> _OnWros:
    names = {line.item: shipbob_sku(line.ordered_item.names, skus) for line in lines}
    found: dict[int, dict[str, int]] = {}
    for wro in wros:
        by_sku = {line.sku: line.inventory_id for line in wro.inventory_quantities}
        there = set(by_sku.values())
        found[wro.id] = {item: by_sku[name] for item, name in names.items() if name in by_sku} | {
            item: bound.inventory_id
            for item, several in bindings.items()
            for bound in several
            if bound.inventory_id in there
        }
    return found


def _booked(wros: Sequence[Wro], receipts: Sequence[ReceiptLine], items: _OnWros) -> _Booked:
    """Return what NetSuite has received of each WRO, by its receipts' external ids."""
    booked: dict[int, dict[int, int]] = {wro.id: defaultdict(int) for wro in wros}
    for wro in wros:
        for receipt in receipts:
            inventory_id = items[wro.id].get(receipt.item)
            ours = is_receipt_of(wro.id, receipt.externalid)
            if ours and inventory_id is not None:
                booked[wro.id][inventory_id] += int(receipt.quantity)
    return booked


def _arrived(wros: Sequence[Wro], order: PurchaseOrder, items: _OnWros) -> _Booked:
    """Return what NetSuite has received of each WRO of a transfer order.

    People receive it, and no receipt names a WRO: what the order's lines have received is
    what was stowed first.
    """
    left: dict[str, int] = defaultdict(int)
    for line in order.lines:
        left[line.item] += int(line.quantityshiprecv)
    booked: dict[int, dict[int, int]] = {wro.id: {} for wro in wros}
    for wro in sorted(wros, key=lambda wro: wro.id):
        stowed = {line.inventory_id: line.stowed_quantity for line in wro.inventory_quantities}
        for item, inventory_id in items[wro.id].items():
            taken = min(left[item], stowed[inventory_id])
            booked[wro.id][inventory_id] = taken
            left[item] -= taken
    return booked


def _wro(wro: Wro, booked: Mapping[int, int]) -> WroFact:
    return WroFact(
        id=wro.id,
        number=wro.purchase_order_number or "",
        status=wro.status,
        fulfillment_center_id=wro.final_destination_fulfillment_center_id
        or wro.fulfillment_center.id,
        expected={line.inventory_id: line.expected_quantity for line in wro.inventory_quantities},
        stowed={line.inventory_id: line.stowed_quantity for line in wro.inventory_quantities},
        booked=dict(booked),
    )


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield all open orders, and those that once had a WRO and are open no more."""
    del since  # an order is open or it is not, however old it is
    seen: set[str] = set()
    async for page in reads.purchase_orders.open():
        for order in page:
            seen.add(order.id)
            yield SweepResult(key=order.id, version=order.lastmodified)
    gone = sorted(set(known) - seen)
    for one in await _now(gone, reads):
        yield one


async def poll(reads: Reads, since: str, known: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the orders that changed since a moment by the account's clock, and were deleted.

    Of those that are open no more only the ones that once had a WRO.
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
    """Return these orders as they are now, which may be deleted."""
    found = await reads.purchase_orders.changes(order_ids)
    versions = {order.id: order.lastmodified for order in found}
    return [SweepResult(key=one, version=versions.get(one, "deleted")) for one in order_ids]


async def clock(reads: Reads) -> str | None:
    """Return the time by the account's clock, which dates the changes of its orders."""
    return await reads.purchase_orders.clock()
