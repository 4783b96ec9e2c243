"""From NetSuite's item to ShipBob's product: as it is bound, else by its SKU; exactly one.

Assumptions: SB-047.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.purchase_orders.facts import OrderedItem, Products, VariantFact
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.item_names import difference
from ml_connector.rules.items import item_name
from ml_connector.words import Cause

NAMED: Final = 5
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
    """Return the items, by SKU, of which ShipBob has no product, not even an inactive one.

    Nor one of nearly the same SKU: that may be the product, and a person says so.
    """
    return {
        sku: item
        for item in items
        if not bound_to(item, products, exceptions)
        and not _taken(sku := shipbob_sku(item.names, exceptions), item, exceptions)
        and not products.by_sku.get(sku)
        and sku not in products.near_skus
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
        NeedsHuman: it has several, or one that it keeps by lot, or one that is another item's.
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
        if not bound and sku not in exceptions:
            _refuse_held(item, sku, products.held_by.get(inventory_id), order_number)
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
        raise _missing(missing, products.near_skus, order_number)
    _refuse_shared(found, order_number)
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
            remedy="Keep one of them active at ShipBob. It then goes on by itself.",
        )
    return ids.pop() if ids else None


def _refuse_held(item: OrderedItem, sku: str, binding: Binding | None, order_number: str) -> None:
    """Stop where a product was matched to another item before: it may be of the same name only."""
    if binding is not None and item.id and binding.item != item.id:
        raise NeedsHuman(
            f"{order_number} orders {_shown(item)}, and ShipBob's SKU {sku} was matched to item"
            f" {binding.item} ({binding.item_name}) before",
            cause=Cause.SKU_AMBIGUOUS,
            remedy=(
                "Two items of one name need SKUs of their own: give this one its own at ShipBob"
                f" and name it in full under [skus]; or, if it takes the place of item"
                f' {binding.item}, add "{sku}" = "{item.names[-1]}" there. Then apply the'
                " connection again. What waits goes on by itself."
            ),
        )


def _refuse_shared(found: Mapping[OrderedItem, ItemProduct], order_number: str) -> None:
    """Stop where two items of an order are one product at ShipBob."""
    of_product: dict[int, OrderedItem] = {}
    for item, product in sorted(found.items()):
        other = of_product.setdefault(product.inventory_id, item)
        if item.id and other.id and item.id != other.id:
            raise NeedsHuman(
                f"{order_number} orders {_shown(other)} and {_shown(item)}, and both are SKU"
                f" {product.sku} at ShipBob (inventory id {product.inventory_id})",
                cause=Cause.SKU_AMBIGUOUS,
                remedy=(
                    "Give each a SKU of its own at ShipBob, name them in full under [skus], and"
                    " apply the connection again. What waits goes on by itself."
                ),
            )


def _shown(item: OrderedItem) -> str:
    return f"{item.names[-1]} (item {item.id})"


def _missing(
    skus: Sequence[str], near_skus: Mapping[str, Sequence[str]], order_number: str
) -> NeedsData:
    named = ", ".join(skus[:NAMED]) + (" and more" if len(skus) > NAMED else "")
    near = [
        f'ShipBob has "{other}", which differs from "{sku}" only by {difference(sku, other)}: if'
        f' they are the same, give both one name, or map "{other}" under [skus] and apply the'
        " connection again."
        for sku in skus[:NAMED]
        for other in near_skus.get(sku, ())[:NAMED]
    ]
    usual = (
        "Create the product at ShipBob with this SKU, map it under [skus], or set"
        ' missing_product = "create".'
    )
    return NeedsData(
        f"ShipBob has no active product {named}, ordered on {order_number}",
        cause=Cause.SKU_MISSING_IN_SHIPBOB,
        waiting_for=[
            *(AwaitedKind.PRODUCT.named(sku) for sku in skus),
            AwaitedKind.POLICY.named("missing_product"),
        ],
        remedy=" ".join([*near, f"Otherwise: {usual[0].lower()}{usual[1:]}" if near else usual]),
    )
