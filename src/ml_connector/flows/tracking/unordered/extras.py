"""What is in a parcel and on no line of its order: inserts and samples. Pure."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.facts import (
    ItemNames,
    ShipmentFact,
    StoreProduct,
    TrackingFacts,
    Units,
)
from ml_connector.flows.tracking.order_lines import units_on_no_line
from ml_connector.flows.tracking.sales_orders import SalesOrderFact
from ml_connector.flows.tracking.unit_items import item_of
from ml_connector.ledger.postings.documents import RefusedUnits

_REASON: Final = 'Is on no line of sales order {}, and extra_items = "ignore"'


def without_extras(
    facts: TrackingFacts, order: SalesOrderFact, settings: ConnectionSettings
) -> tuple[TrackingFacts, tuple[RefusedUnits, ...]]:
    """Leave out of an order's shipments what it does not order, where the policy says so.

    Args:
        facts: of the shipment that is planned.
        order: its sales order.
        settings: of the connection.

    Returns:
        The facts without these units, and those of the shipment itself as refused.
    """
    if settings.policies.extra_items != "ignore":
        return facts, ()
    extras = {one.id: _extras(one, order, facts.names) for one in facts.shipments}
    shipments = tuple(_without(one, extras[one.id]) for one in facts.shipments)
    ordered = msgspec.structs.replace(facts, shipments=shipments)
    return ordered, _refused(extras[facts.shipment.id], order)


def _extras(shipment: ShipmentFact, order: SalesOrderFact, names: ItemNames) -> tuple[Units, ...]:
    """Return the units on no line; none where one may be of a kit that is not whole."""
    try:
        units = units_on_no_line(shipment, order, names)
    except (NeedsData, NeedsHuman):
        return ()  # what it is says the failure that follows
    return () if any(_may_be_member(one, order, names) for one in units) else units


def _may_be_member(unit: Units, order: SalesOrderFact, names: ItemNames) -> bool:
    """Whether a unit may be a member of a kit on the order; also where no member is known."""
    item = item_of(unit, order, names)
    for line in (one for one in order.lines if one.is_kit):
        members = {one.item for one in names.members.get(line.item, ())}
        skus = names.kits.get(line.name, {}).keys()
        if not (members or skus) or item is None or item in members or unit.sku in skus:
            return True
    return False


def _without(shipment: ShipmentFact, extras: Collection[Units]) -> ShipmentFact:
    """Return a shipment without units, which are told by being the very same ones."""
    left_out = {id(one) for one in extras}
    products: list[StoreProduct] = []
    for product in shipment.products:
        units = tuple(one for one in product.units if id(one) not in left_out)
        if units or not product.units:
            products.append(msgspec.structs.replace(product, units=units))
    return msgspec.structs.replace(shipment, products=tuple(products))


def _refused(extras: Sequence[Units], order: SalesOrderFact) -> tuple[RefusedUnits, ...]:
    quantities: dict[str, int] = {}
    for unit in extras:
        quantities[unit.source_line] = quantities.get(unit.source_line, 0) - unit.quantity
    return tuple(
        RefusedUnits(
            source_line=source_line, quantity=quantity, reason=_REASON.format(order.number)
        )
        for source_line, quantity in quantities.items()
    )
