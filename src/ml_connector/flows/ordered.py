"""What NetSuite has ordered, and what ShipBob knows of it: the facts of purchase orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from ml_connector.engine.reads import Reads
from ml_connector.flows.products import (
    OrderedItem,
    Products,
    VariantFact,
    bound_to,
    holding,
    shipbob_sku,
)
from ml_connector.flows.received import OUR_RECEIPTS
from ml_connector.flows.units import LineUnit, read_units
from ml_connector.ledger.bindings import Binding
from ml_connector.netsuite.order_queries import PurchaseOrder, ReceiptLine
from ml_connector.shipbob.payloads import Variant, Wro

OPEN: Final = frozenset("BDE")  # netsuite.md section 5.7
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
    """What the plan for one purchase order sees.

    Attributes:
        number: empty when the order was deleted.
        variants: ShipBob's variants by SKU.
        bindings: what its items were matched to before, by NetSuite's item id.
        bound: ShipBob's variants by inventory id, for what was matched before.
        centers: fulfillment centers that stock may be sent to.
        read_at: when; an arrival date must lie after it.
        ordered_on: the order's own date.
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

    @property
    def products(self) -> Products:
        """What ShipBob has for the ordered items."""
        return Products(self.variants, self.bindings, self.bound)


async def read(key: str, reads: Reads) -> PurchaseOrderFacts:
    """Gather an order, ShipBob's products for its lines, its WROs and its receipts."""
    order = await reads.order(key)
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
        )
    lines = tuple(_lines(order, await read_units(order.lines, "purchaseOrder", key, reads)))
    products = await _products(lines, reads) if order.status in OPEN else Products({}, {}, {})
    wros = await reads.wros_by_number(wro_numbers(order.tranid))
    receipts = await reads.receipts(order.id) if wros else ()
    return PurchaseOrderFacts(
        order_id=order.id,
        number=order.tranid,
        status=order.status,
        lines=lines,
        variants=products.by_sku,
        wros=tuple(_wro(wro, lines, receipts, products.bindings, reads.skus) for wro in wros),
        centers=tuple(center.id for center in await reads.centers()),
        read_at=read_at,
        ordered_on=order.trandate,
        bindings=products.bindings,
        bound=products.bound,
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


def _wro(
    wro: Wro,
    lines: Sequence[OrderedLine],
    receipts: Sequence[ReceiptLine],
    bindings: Mapping[str, Sequence[Binding]],
    skus: Mapping[str, str],
) -> WroFact:
    """Return a WRO with what NetSuite has received of it, by its receipts' external ids."""
    names = {line.item: shipbob_sku(line.ordered_item.names, skus) for line in lines}
    by_sku = {line.sku: line.inventory_id for line in wro.inventory_quantities}
    by_item = {
        item: bound.inventory_id
        for item, several in bindings.items()
        for bound in several
        if any(line.inventory_id == bound.inventory_id for line in wro.inventory_quantities)
    }
    booked: dict[int, int] = defaultdict(int)
    for receipt in receipts:
        inventory_id = by_item.get(receipt.item) or by_sku.get(names.get(receipt.item, ""))
        ours = (receipt.externalid or "").startswith(f"{OUR_RECEIPTS}{wro.id}-")
        if ours and inventory_id is not None:
            booked[inventory_id] += int(receipt.quantity)
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
