"""How many kits the units of a shipment are. Pure.

ShipBob counts inventory items, not products. What one kit holds is what NetSuite says of it
(``kitItemMember``), for its members leave NetSuite's stock; where that can't be read, what
ShipBob's catalogue says of the bundle. It is never reckoned from what happened to ship.
"""

from collections.abc import Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import ItemNames, KitMemberFact, StoreProduct, Units
from ml_connector.flows.tracking.sales_orders import BY_HAND, OrderLineFact, SalesOrderFact
from ml_connector.flows.tracking.unit_items import item_of
from ml_connector.words import Cause


def kits_in_shipment(
    product: StoreProduct,
    line: OrderLineFact,
    order: SalesOrderFact,
    names: ItemNames,
    shipment_id: int,
) -> int:
    """Return how many kits of a product a shipment holds, by what one of them is made of.

    A product that ShipBob's catalogue has, and not as a bundle, is counted by its units,
    whatever the SKU of its inventory item is: variants that were merged share one.

    Args:
        product: with its units in this shipment.
        line: of the order; its item may be a kit, or one item to NetSuite.
        order: the sales order.
        names: what the SKUs stand for, and what kits are made of.
        shipment_id: for the message.

    Raises:
        NeedsHuman: nobody says what one holds, or the units do not make up whole ones.
    """
    of_netsuite = names.members.get(line.item, ()) if line.is_kit else ()
    of_shipbob = names.kits.get(product.sku or "", names.kits.get(line.name))
    if of_netsuite:
        kits = _of_items(of_netsuite, product.units, order, names)
    elif of_shipbob:
        kits = _of_skus(of_shipbob, product.units)
    elif of_shipbob is not None and not line.is_kit and len(_inventory(product.units)) == 1:
        return sum(one.quantity for one in product.units)
    else:
        raise _unread(product, line, shipment_id)
    if not kits:
        raise _uneven(product, line, shipment_id)
    return kits


def kits_of_loose(
    line: OrderLineFact,
    loose: Mapping[str, Sequence[Units]],
    order: SalesOrderFact,
    names: ItemNames,
) -> tuple[int, frozenset[str]]:
    """Return how many kits of a line units by SKU make up, and of which SKUs; 0 for none."""
    of_netsuite = names.members.get(line.item, ())
    if not of_netsuite:
        members = names.kits.get(line.name, {})
        kits = kits_made_up(members, {sku: _count(loose.get(sku, ())) for sku in members})
        return kits, frozenset(members)
    wanted = {member.item for member in of_netsuite}
    skus = frozenset(
        sku for sku, units in loose.items() if item_of(units[0], order, names) in wanted
    )
    units = [one for sku in skus for one in loose[sku]]
    return _of_items(of_netsuite, units, order, names), skus


def kits_made_up(members: Mapping[str, int], units: Mapping[str, int]) -> int:
    """Return how many kits units make up; 0 when some member is missing or left over.

    Args:
        members: how many of each one kit has.
        units: how many of each there are.
    """
    if not members or not all(units.get(one) for one in members):
        return 0
    kits = min(units[one] // each for one, each in members.items())
    comes_out_even = all(units[one] == kits * each for one, each in members.items())
    return kits if comes_out_even else 0


def _of_items(
    members: Sequence[KitMemberFact],
    units: Sequence[Units],
    order: SalesOrderFact,
    names: ItemNames,
) -> int:
    """Return how many kits units are by NetSuite's items.

    Members of which no stock is kept, such as a service, need not be among the units.
    """
    there: dict[str | None, int] = {}
    for one in units:
        item = item_of(one, order, names)
        there[item] = there.get(item, 0) + one.quantity
    wanted = {one.item: one.quantity for one in members if one.stocked or one.item in there}
    strange = there.keys() - wanted.keys()
    known = {item: count for item, count in there.items() if item is not None}
    return 0 if strange else kits_made_up(wanted, known)


def _of_skus(members: Mapping[str, int], units: Sequence[Units]) -> int:
    there: dict[str, int] = {}
    for one in units:
        there[one.sku or ""] = there.get(one.sku or "", 0) + one.quantity
    return 0 if there.keys() - members.keys() else kits_made_up(members, there)


def _inventory(units: Sequence[Units]) -> set[int]:
    return {one.inventory_id for one in units}


def _count(units: Sequence[Units]) -> int:
    return sum(one.quantity for one in units)


def _unread(product: StoreProduct, line: OrderLineFact, shipment_id: int) -> NeedsHuman:
    sku = product.sku or line.name
    return NeedsHuman(
        f"Shipment {shipment_id}: how many {sku} these are is not clear: {_holds(product)}, and"
        " neither NetSuite nor ShipBob says what one is made of",
        cause=Cause.KIT_UNCLEAR,
        remedy=(
            f"Let the integration role see the members of {line.name} in NetSuite, or make {sku} a"
            f" bundle at ShipBob; or {BY_HAND}"
        ),
    )


def _uneven(product: StoreProduct, line: OrderLineFact, shipment_id: int) -> NeedsHuman:
    return NeedsHuman(
        f"Shipment {shipment_id}: how many {product.sku or line.name} these are is not clear:"
        f" {_holds(product)}, which does not make up whole ones",
        cause=Cause.KIT_UNCLEAR,
        remedy=(
            "Find out what is in it, and fulfil the order by hand in NetSuite, with the tracking"
            " number on it; where the members of one kit left in several shipments, with the"
            " numbers of all of these: it is then kept up to date by itself."
        ),
    )


def _holds(product: StoreProduct) -> str:
    there: dict[str, int] = {}
    for one in product.units:
        called = one.sku or f"inventory item {one.inventory_id}"
        there[called] = there.get(called, 0) + one.quantity
    return f"it holds {', '.join(f'{count} x {sku}' for sku, count in there.items())}"
