"""What NetSuite has ordered, and what ShipBob knows of it: the facts of purchase orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from ml_connector.engine.reads import Reads
from ml_connector.flows.received import OUR_RECEIPTS
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
    """

    line: int
    item_name: str
    item_type: str
    open_quantity: int
    fraction: bool = False
    location: str | None = None
    expected: date | None = None


class VariantFact(msgspec.Struct, frozen=True, kw_only=True):
    """What ShipBob keeps under a SKU."""

    inventory_id: int
    active: bool
    lot_tracked: bool = False


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
    lines = tuple(_lines(order))
    skus = {shipbob_sku(line.item_name, reads.skus) for line in lines}
    variants = await reads.variants(skus) if order.status in OPEN else {}
    wros = await reads.wros_by_number(wro_numbers(order.tranid))
    receipts = await reads.receipts(order.id) if wros else ()
    return PurchaseOrderFacts(
        order_id=order.id,
        number=order.tranid,
        status=order.status,
        lines=lines,
        variants={sku: tuple(map(_variant, found)) for sku, found in variants.items()},
        wros=tuple(_wro(wro, order, receipts, reads.skus) for wro in wros),
        centers=tuple(center.id for center in await reads.centers()),
        read_at=read_at,
        ordered_on=order.trandate,
    )


def wro_numbers(number: str) -> list[str]:
    """Return the numbers that WROs of an order may carry."""
    return [number, *(f"{number}-{n}" for n in range(2, _NUMBERS + 1))]


def shipbob_sku(item_name: str, skus: Mapping[str, str]) -> str:
    """Return ShipBob's SKU for a NetSuite item name: itself, but for the exceptions."""
    return next((sku for sku, name in skus.items() if name == item_name), item_name)


def _lines(order: PurchaseOrder) -> list[OrderedLine]:
    return [
        OrderedLine(
            line=line.line,
            item_name=line.itemid,
            item_type=line.itemtype,
            open_quantity=int(line.open_quantity),
            fraction=line.open_quantity != int(line.open_quantity),
            location=line.location or order.location,
            expected=line.expectedreceiptdate,
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
    wro: Wro, order: PurchaseOrder, receipts: Sequence[ReceiptLine], skus: Mapping[str, str]
) -> WroFact:
    """Return a WRO with what NetSuite has received of it, by its receipts' external ids."""
    names = {line.item: shipbob_sku(line.itemid, skus) for line in order.lines}
    by_sku = {line.sku: line.inventory_id for line in wro.inventory_quantities}
    booked: dict[int, int] = defaultdict(int)
    for receipt in receipts:
        inventory_id = by_sku.get(names.get(receipt.item, ""))
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
