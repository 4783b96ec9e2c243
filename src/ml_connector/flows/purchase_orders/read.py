"""What NetSuite has ordered, and what ShipBob knows of it: the facts of purchase orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from ml_connector.flows.purchase_orders.products import (
    OrderedItem,
    Products,
    VariantFact,
    bound_to,
    holding,
    shipbob_sku,
)
from ml_connector.flows.purchase_orders.transfers import read_transfer
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.netsuite.statuses import PURCHASE_ORDER_OPEN
from ml_connector.reads.reads import Reads
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.shipbob.payloads import Variant, Wro
from ml_connector.words import ExternalIdPrefix

OVER: Final = frozenset({"Completed", "Cancelled", "Incomplete"})
_NUMBERS: Final = 30
"""So many WROs of one order are looked for: ``PO123`` to ``PO123-30``."""


class OrderedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open item line of a purchase order. Eaches, as NetSuite's base unit counts them.

    Attributes:
        open_quantity: ordered less received, without a fraction.
        fraction: there is one, which ShipBob can not count.
        item: NetSuite's internal id.
        full_name: of a matrix child, where it is not its name.
        unit: of the line, where it does not count in eaches.
    """

    line: int
    item_name: str
    item_type: str
    item: str = ""
    full_name: str = ""
    unit: LineUnit | None = None
    open_quantity: int
    fraction: bool = False
    location: str | None = None
    expected: date | None = None

    @property
    def ordered_item(self) -> OrderedItem:
        """The item, as it is matched to a product."""
        names = (self.item_name, self.full_name) if self.full_name else (self.item_name,)
        return OrderedItem(self.item, names)


class WroFact(msgspec.Struct, frozen=True, kw_only=True):
    """A WRO with one of the order's numbers.

    Attributes:
        expected: announced units by inventory id.
        stowed: units on the shelf by inventory id.
        booked: units that NetSuite has received of it, by SKU's inventory id.
    """

    id: int
    number: str
    status: str
    fulfillment_center_id: int
    expected: dict[int, int]
    stowed: dict[int, int]
    booked: dict[int, int]

    def on_its_way(self, inventory_id: int) -> int:
        """Return the units that NetSuite will still receive of this WRO."""
        stowed = self.stowed.get(inventory_id, 0)
        coming = stowed if self.status in OVER else max(stowed, self.expected.get(inventory_id, 0))
        return max(0, coming - self.booked.get(inventory_id, 0))


class PurchaseOrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one purchase or transfer order sees.

    Attributes:
        number: empty when the order was deleted.
        variants: ShipBob's variants by SKU.
        bindings: what its items were matched to before, by NetSuite's item id.
        bound: ShipBob's variants by inventory id, for what was matched before.
        centers: fulfillment centers that stock may be sent to.
        read_at: when; an arrival date must lie after it.
        ordered_on: the order's own date.
        moved_from: the location that the goods of a transfer order leave; None for a
            purchase order. Its status is the letter of a purchase order in the same state.
        shares_number: a transfer order that has the number of a purchase order.
        unreadable: a transfer order that the role may not read.
        hidden: NetSuite shows it no more, and does not say that it was deleted.
    """

    order_id: str
    number: str
    status: str
    lines: tuple[OrderedLine, ...]
    variants: dict[str, tuple[VariantFact, ...]]
    wros: tuple[WroFact, ...]
    centers: tuple[int, ...]
    read_at: datetime
    ordered_on: date | None = None
    bindings: dict[str, tuple[Binding, ...]] = {}
    bound: dict[int, tuple[VariantFact, ...]] = {}
    moved_from: str | None = None
    shares_number: bool = False
    unreadable: bool = False
    hidden: bool = False

    @property
    def products(self) -> Products:
        """What ShipBob has for the ordered items."""
        return Products(self.variants, self.bindings, self.bound)


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
            ours = (receipt.externalid or "").startswith(f"{ExternalIdPrefix.RECEIPT}{wro.id}-")
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
