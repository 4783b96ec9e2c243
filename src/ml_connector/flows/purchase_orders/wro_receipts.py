"""How many units of each WRO NetSuite has received. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ml_connector.flows.purchase_orders.facts import OrderedLine
from ml_connector.flows.purchase_orders.products import shipbob_sku
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.rules.external_ids import is_receipt_of
from ml_connector.shipbob.payloads import Wro

ItemsOnWros = Mapping[int, Mapping[str, int]]
"""By WRO and NetSuite's item id: the inventory id under which the item is on the WRO."""

UnitsByWro = Mapping[int, Mapping[int, int]]
"""By WRO and inventory id: the units that NetSuite has received."""


def items_on(
    wros: Sequence[Wro],
    lines: Sequence[OrderedLine],
    bindings: Mapping[str, Sequence[Binding]],
    skus: Mapping[str, str],
) -> ItemsOnWros:
    """Find the ordered items on WROs: by SKU, and by what they were matched to before.

    Args:
        wros: of the order.
        lines: of the order.
        bindings: what its items were matched to before, by NetSuite's item id.
        skus: SKU to item name, where they differ.
    """
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


def received_of_purchase(
    wros: Sequence[Wro], receipts: Sequence[ReceiptLine], items: ItemsOnWros
) -> UnitsByWro:
    """Return what a purchase order has received of each WRO, by its receipts' external ids."""
    booked: dict[int, dict[int, int]] = {wro.id: defaultdict(int) for wro in wros}
    for wro in wros:
        for receipt in receipts:
            inventory_id = items[wro.id].get(receipt.item)
            ours = is_receipt_of(wro.id, receipt.externalid)
            if ours and inventory_id is not None:
                booked[wro.id][inventory_id] += int(receipt.quantity)
    return booked


def received_of_transfer(
    wros: Sequence[Wro], order: PurchaseOrder, items: ItemsOnWros
) -> UnitsByWro:
    """Return what a transfer order has received of each WRO.

    People receive it, and no receipt names a WRO. What the order's lines have received is
    taken to be of the WROs that were made first, up to what was stowed of each.
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
