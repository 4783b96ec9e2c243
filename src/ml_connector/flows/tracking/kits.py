"""How many kits the units of a shipment are. Pure.

ShipBob counts inventory items, not products: how many kits a shipment holds follows from what
was ordered, or from ShipBob's own catalogue, and only when it comes out even.
"""

from collections.abc import Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import (
    OrderedProduct,
    ShipmentFact,
    StoreProduct,
    Units,
    units_by_inventory,
)
from ml_connector.flows.tracking.sales_orders import BY_HAND
from ml_connector.words import Cause


def kits_in_shipment(
    product: StoreProduct,
    siblings: Sequence[ShipmentFact],
    ordered: Sequence[OrderedProduct],
    shipment_id: int,
) -> int:
    """Return how many kits of a product a shipment holds, by what was ordered.

    Each member must give the same number: its units in this shipment, divided by its units
    for one kit, which follow from all shipments of the order.

    Args:
        product: the kit, with its units in this shipment.
        siblings: all shipments of the order, this one included.
        ordered: the order's products.
        shipment_id: of this shipment.

    Raises:
        NeedsHuman: it does not come out even.
    """
    here = units_by_inventory(product.units)
    everywhere = _in_all_shipments(product.key, siblings, shipment_id)
    kits = sum(one.quantity for one in ordered if one.key == product.key)
    numbers = {
        _kits_by_member(here.get(inventory_id, 0), total, kits)
        for inventory_id, total in everywhere.items()
    }
    if len(numbers) == 1 and (number_of_kits := numbers.pop()):
        return number_of_kits
    raise NeedsHuman(
        f"Shipment {shipment_id}: how many {product.sku} these are is not clear: its members do"
        f" not make up whole kits of the {kits} that were ordered",
        cause=Cause.KIT_UNCLEAR,
        remedy=f"Find out what is in it, and {BY_HAND}",
    )


def kits_made_up(members: Mapping[str, int], units: Mapping[str, Sequence[Units]]) -> int:
    """Return how many kits units make up; 0 when some member is missing or left over.

    Args:
        members: how many of each SKU one kit has.
        units: by SKU.
    """
    if not members or not all(sku in units for sku in members):
        return 0
    have = {sku: sum(one.quantity for one in units[sku]) for sku in members}
    kits = min(have[sku] // each for sku, each in members.items())
    comes_out_even = all(have[sku] == kits * each for sku, each in members.items())
    return kits if comes_out_even else 0


def _in_all_shipments(
    product_key: str, siblings: Sequence[ShipmentFact], shipment_id: int
) -> dict[int, int]:
    """Return a product's units in all shipments but cancelled ones, by inventory item."""
    return units_by_inventory(
        units
        for shipment in siblings
        if not shipment.is_cancelled or shipment.id == shipment_id
        for product in shipment.products
        if product.key == product_key
        for units in product.units
    )


def _kits_by_member(here: int, everywhere: int, kits: int) -> int | None:
    """Return how many kits the units of one member are; None when it does not come out even.

    Args:
        here: its units in this shipment.
        everywhere: its units in all shipments of the order.
        kits: how many kits were ordered.
    """
    if not kits:
        return None
    each, odd = divmod(everywhere, kits)
    if not each or odd:
        return None
    number, rest = divmod(here, each)
    return None if rest else number
