"""From NetSuite's item to ShipBob's product: as it is bound, else by its SKU; exactly one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.purchase_orders.facts import OrderedItem, Products, VariantFact
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.rules.items import item_name
from ml_connector.words import Cause

_NAMED: Final = 5
"""The number of missing SKUs that a message names; all of them are waited for."""


class ItemProduct(NamedTuple):
    """ShipBob's product of an item.

    Attributes:
        binding: new, where the item was matched by its SKU now; None where it was bound before.
    """

    sku: str
    inventory_id: int
    binding: Binding | None


def shipbob_sku(names: Sequence[str], exceptions: Mapping[str, str]) -> str:
    """Return ShipBob's SKU for an item of these names: its name, but for the exceptions."""
    return next((sku for sku, name in exceptions.items() if name in names), names[0])


def holding(
    item: OrderedItem, bindings: Sequence[Binding], exceptions: Mapping[str, str]
) -> tuple[Binding, ...]:
    """Return the bindings of an item that still hold: ``[skus]`` has not changed since."""
    sku = shipbob_sku(item.names, exceptions)
    named = sku in exceptions
    return tuple(
        one
        for one in bindings
        if item_name(one.sku, exceptions) == one.item_name and (not named or one.sku == sku)
    )


def bound_to(
    item: OrderedItem, products: Products, exceptions: Mapping[str, str]
) -> list[VariantFact]:
    """Return the active products that an item was matched to before, whatever SKU they have now.

    None are left when ShipBob's product was removed; a new product is matched by its SKU.
    """
    return [
        one
        for binding in holding(item, products.bindings.get(item.id, ()), exceptions)
        for one in products.bound.get(binding.inventory_id, ())
        if one.active
    ]


def unknown(
    items: Collection[OrderedItem], products: Products, exceptions: Mapping[str, str]
) -> dict[str, OrderedItem]:
    """Return the items, by SKU, of which ShipBob has no product, not even an inactive one."""
    return {
        sku: item
        for item in items
        if not bound_to(item, products, exceptions)
        and not _taken(sku := shipbob_sku(item.names, exceptions), item, exceptions)
        and not products.by_sku.get(sku)
    }


def products_of(
    items: Collection[OrderedItem],
    products: Products,
    exceptions: Mapping[str, str],
    *,
    order_number: str,
) -> dict[OrderedItem, ItemProduct]:
    """Return the one active product of each item.

    Raises:
        NeedsData: ShipBob has none; all such SKUs are named.
        NeedsHuman: it has several, or one that it keeps by lot.
    """
    found: dict[OrderedItem, ItemProduct] = {}
    missing: list[str] = []
    for item in sorted(items):
        sku = shipbob_sku(item.names, exceptions)
        candidates = bound = bound_to(item, products, exceptions)
        if not bound and not _taken(sku, item, exceptions):
            candidates = [one for one in products.by_sku.get(sku, ()) if one.active]
        inventory_id = _one(sku, candidates, order_number)
        if inventory_id is None:
            missing.append(sku)
            continue
        new = None
        if not bound and item.id:
            name = item_name(sku, exceptions)
            new = Binding(
                inventory_id=inventory_id,
                item=item.id,
                sku=sku,
                item_name=name,
                reason="skus" if sku in exceptions else "matched",
            )
        found[item] = ItemProduct(sku, inventory_id, new)
    if missing:
        raise _missing(missing, order_number)
    return found


def only_products(
    items: Collection[OrderedItem], products: Products, exceptions: Mapping[str, str]
) -> dict[str, int]:
    """Return the inventory ids of those items, by their id, that have just one active product."""
    found: dict[str, int] = {}
    for item in items:
        sku = shipbob_sku(item.names, exceptions)
        active = bound_to(item, products, exceptions) or [
            one for one in products.by_sku.get(sku, ()) if one.active
        ]
        ids = {one.inventory_id for one in active}
        if len(ids) == 1:
            found[item.id] = ids.pop()
    return found


def _taken(sku: str, item: OrderedItem, exceptions: Mapping[str, str]) -> bool:
    """Return whether ``[skus]`` says that this SKU is another item."""
    return item_name(sku, exceptions) not in item.names


def _one(sku: str, active: Sequence[VariantFact], order_number: str) -> int | None:
    if any(one.lot_tracked for one in active):
        raise NeedsHuman(
            f"{order_number} orders {sku}, which ShipBob keeps by lot: a WRO must name lots,"
            " and a purchase order does not",
            cause=Cause.LOT_TRACKED,
            remedy=f"Make the WRO at ShipBob by hand, with the number {order_number}.",
        )
    ids = {one.inventory_id for one in active}
    if len(ids) > 1:
        raise NeedsHuman(
            f"ShipBob has SKU {sku} under several inventory ids:"
            f" {', '.join(map(str, sorted(ids)))}",
            cause=Cause.SKU_AMBIGUOUS,
            remedy="Keep one of them active at ShipBob, then replay.",
        )
    return ids.pop() if ids else None


def _missing(skus: Sequence[str], order_number: str) -> NeedsData:
    named = ", ".join(skus[:_NAMED]) + (" and more" if len(skus) > _NAMED else "")
    return NeedsData(
        f"ShipBob has no active product {named}, ordered on {order_number}",
        cause=Cause.SKU_MISSING_IN_SHIPBOB,
        waiting_for=[
            *(AwaitedKind.PRODUCT.named(sku) for sku in skus),
            AwaitedKind.POLICY.named("missing_product"),
        ],
        remedy=(
            "Create the product at ShipBob with this SKU, map it under [skus], or set"
            ' missing_product = "create".'
        ),
    )
