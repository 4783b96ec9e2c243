"""What tracking reads of SKUs: whose units they are, which items, what kits are made of."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from ml_connector.flows.tracking.facts import (
    ItemNames,
    KitMemberFact,
    ShipmentFact,
    StoreProduct,
    UnmatchedUnits,
    is_kit,
    ordered_products,
    product_key,
    shipment_fact,
)
from ml_connector.flows.tracking.sales_orders import (
    OrderLineFact,
    SalesOrderFact,
    lines_called,
)
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.queries.items import KitMember
from ml_connector.reads.reads import Reads
from ml_connector.rules.facts import item_fact
from ml_connector.rules.items import asks_anew, item_name, near_items, read_items
from ml_connector.shipbob.payloads import Variant
from ml_connector.shipbob.resources.shipments import Order, ParcelTracking, ShippedProduct


async def read_shipments(
    order: Order,
    tracked: Mapping[int, Sequence[ParcelTracking]],
    kits: Collection[str],
    reads: Reads,
) -> tuple[ShipmentFact, ...]:
    """Return the shipments of an order; the SKUs of inventory items are asked for where needed.

    Args:
        order: as ShipBob gave it.
        tracked: parcels by shipment, as far as the carrier was asked.
        kits: the names of kits in NetSuite: of what else their units are is asked as well.
        reads: of the connection.
    """
    products = [product for one in order.shipments for product in one.products]
    every = {item.id for product in products for item in product.inventory_items}
    bound = await reads.bindings.of_inventory(every)
    counts = _whole_counts(order)
    asked = {
        item.id
        for product in products
        if _may_be_made_up(product, bound, counts, kits, reads.skus)
        for item in product.inventory_items
    }
    skus = {one: sku for one in sorted(asked) if (sku := await reads.sku(one))}
    return tuple(shipment_fact(one, tracked.get(one.id, ()), skus) for one in order.shipments)


def kits_on(orders: Iterable[SalesOrderFact]) -> set[str]:
    """Return the names of the kits on sales orders."""
    return {line.name for order in orders for line in order.lines if line.is_kit}


def _whole_counts(order: Order) -> set[str]:
    """Return the products of which as many units are in shipments as were ordered, and stayed."""
    ordered = {one.key: one.quantity for one in ordered_products(order)}
    there: dict[str, int] = {}
    live: dict[str, int] = {}
    for shipment in order.shipments:
        for product in shipment.products:
            key = product_key(product)
            units = sum(item.quantity for item in product.inventory_items)
            there[key] = there.get(key, 0) + units
            if shipment.status != "Cancelled":
                live[key] = live.get(key, 0) + units
    return {key for key, units in ordered.items() if units == there.get(key) == live.get(key)}


def _may_be_made_up(
    product: ShippedProduct,
    bound: Mapping[int, Binding],
    counts: Collection[str],
    kits: Collection[str],
    exceptions: Mapping[str, str],
) -> bool:
    """Whether ShipBob may make up a product of other units, such as a kit or a two-pack.

    One with a single inventory item is its own where that item was matched under its SKU before,
    or where as many units are in shipments as were ordered; not where NetSuite has it as a kit.
    """
    if is_kit(product):
        return True
    if item_name(product.sku or "", exceptions) in kits:
        return True
    known = [bound[item.id] for item in product.inventory_items if item.id in bound]
    if known:
        return any(binding.sku != product.sku for binding in known)
    return product_key(product) not in counts


async def read_names(
    shipments: Sequence[ShipmentFact],
    shipment: ShipmentFact,
    found: Sequence[SalesOrderFact],
    reads: Reads,
) -> ItemNames:
    """Find the items of SKUs that are not the name of an item on the sales orders.

    Args:
        shipments: all of the order.
        shipment: the one that is planned.
        found: the sales orders.
        reads: of the connection.
    """
    lines = [line for order in found for line in order.lines]
    every = {sku for one in shipments for sku in _skus(one)}
    # The members of one kit may have left in several shipments.
    skus = every if any(line.is_kit for line in lines) else _skus(shipment)
    names = ItemNames(exceptions={sku: name for sku, name in reads.skus.items() if sku in every})
    if found:
        names = msgspec.structs.replace(names, bound=await _bound(shipments, reads))
    unknown = _on_no_line(skus, lines, reads)
    if found and unknown:
        matches = await reads.items(unknown)
        items = {name: tuple(map(item_fact, some)) for name, some in matches.items()}
        near = await near_items(items, reads)
        names = msgspec.structs.replace(names, items=items, near_items=near)
    return await _with_kits(names, shipments, lines, reads, loose=skus if unknown else ())


def _on_no_line(skus: Iterable[str], lines: Sequence[OrderLineFact], reads: Reads) -> set[str]:
    """Return the item names of those SKUs that no line of the sales orders is called."""
    names = {item_name(sku, reads.skus) for sku in skus}
    return {name for name in names if not lines_called(name, lines)}


async def read_unmatched(shipment: ShipmentFact, reads: Reads) -> UnmatchedUnits:
    """Read what the units of a shipment are that NetSuite has no sales order for.

    Each inventory item is asked for its own SKU: a product may be a bundle of others.
    """
    skus = {unit.inventory_id: await reads.sku(unit.inventory_id) for unit in shipment.units}
    matches = await read_items({one: sku.strip() for one, sku in skus.items() if sku}, reads)
    center = shipment.center_id
    location = reads.locations.of_center(center) if center is not None else None
    items = [*matches.bound.values(), *(one for some in matches.named.values() for one in some)]
    return UnmatchedUnits(
        skus=skus,
        items=matches.named,
        bindings=matches.bindings,
        bound=matches.bound,
        near_items=await near_items(matches.named, reads),
        unit_rates=await reads.units.rates({one.stock_unit for one in items if one.stock_unit}),
        location_subsidiaries=dict(await reads.locations.subsidiaries([location])),
    )


async def _with_kits(
    names: ItemNames,
    shipments: Sequence[ShipmentFact],
    lines: Sequence[OrderLineFact],
    reads: Reads,
    *,
    loose: Collection[str],
) -> ItemNames:
    """Read what kits are made of: in NetSuite, and at ShipBob where NetSuite does not say."""
    kits = {line.item: line.name for line in lines if line.is_kit}
    listed = await reads.shipments.kit_members(kits) if kits else {}
    members = {kit: found for kit, some in listed.items() if (found := _members(some))}
    told = {name for kit, name in kits.items() if kit in members}
    products = [product for one in shipments for product in one.products]
    asked = {sku for sku in _made_up(products, lines) if item_name(sku, reads.skus) not in told}
    asked |= set(kits.values()) - told if loose else set()
    bundles = await _bundles(asked, loose, reads) if asked else {}
    return msgspec.structs.replace(names, members=members, kits=bundles)


def _made_up(products: Iterable[StoreProduct], lines: Sequence[OrderLineFact]) -> set[str]:
    """Return the SKUs of products on the orders that are not kept in stock as themselves."""
    kits = {line.name for line in lines if line.is_kit}
    return {
        product.sku
        for product in products
        if product.sku and (product.sku in kits or not product.is_its_own_unit)
    }


def _members(listed: Sequence[KitMember]) -> tuple[KitMemberFact, ...]:
    """Return what a kit is made of; nothing where it holds a kit itself, or parts of a unit."""
    if any(one.itemtype == "Kit" or one.quantity != int(one.quantity) for one in listed):
        return ()
    quantities: dict[str, int] = {}
    kinds = {one.item: one.itemtype for one in listed}
    for one in listed:
        quantities[one.item] = quantities.get(one.item, 0) + int(one.quantity)
    return tuple(
        KitMemberFact(
            item=item, quantity=quantity, stocked=kinds[item] == "" or kinds[item] in STOCKED
        )
        for item, quantity in quantities.items()
        if quantity > 0
    )


async def _bundles(
    kits: Collection[str], skus: Collection[str], reads: Reads
) -> dict[str, dict[str, int]]:
    """Return how many of each SKU the kits are made of by ShipBob's catalogue.

    Nothing is each SKU that the catalogue has and not as a bundle. One with several definitions,
    or with a member without a SKU, is left out.
    """
    variants = await reads.variants({*kits, *skus})
    sku_of = {variant.id: sku for sku, some in variants.items() for variant in some}
    found: dict[str, dict[str, int]] = {}
    for kit in sorted(kits):
        some = variants.get(kit, ())
        active = [one for one in some if one.status in {"Active", ""}] or some
        definitions = [_definition(variant, sku_of) for variant in active]
        first = definitions[0] if definitions else None
        if first is not None and all(one == first for one in definitions):
            found[kit] = first
    return found


def _definition(variant: Variant, sku_of: Mapping[int, str]) -> dict[str, int] | None:
    parts: dict[str, int] = {}
    for part in variant.bundle_definition:
        sku = part.variant_sku or sku_of.get(part.variant_id)
        if sku is None:
            return None
        parts[sku] = parts.get(sku, 0) + part.quantity
    return parts


async def _bound(shipments: Sequence[ShipmentFact], reads: Reads) -> dict[int, str]:
    """Return the items that units were matched to before, by inventory id, as they hold now.

    ``[skus]`` may say something else since.
    """
    skus = {unit.inventory_id: unit.sku for one in shipments for unit in one.units}
    bound = await reads.bindings.of_inventory(skus)
    return {
        inventory_id: binding.item
        for inventory_id, binding in bound.items()
        if not asks_anew(skus[inventory_id] or binding.sku, binding, reads.skus)
    }


def _skus(shipment: ShipmentFact) -> set[str]:
    """Return the SKUs of a shipment's products and of their units."""
    named = {product.sku for product in shipment.products}
    named |= {unit.sku for unit in shipment.units}
    return {sku for sku in named if sku}
