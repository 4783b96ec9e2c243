"""What is known of a sales order's item fulfilments when a shipment is planned. Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.decisions.decided import separate_fulfillments, taken_of
from ml_connector.flows.tracking.facts import ShipmentFact, StoreProduct, TrackingFacts
from ml_connector.flows.tracking.order_lines import by_item, wanted_lines
from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
    ShipmentUnits,
)
from ml_connector.flows.tracking.sales_orders import (
    FulfilledUnits,
    FulfillmentFact,
    SalesOrderFact,
)
from ml_connector.ledger.postings.documents import Posted
from ml_connector.words import DocumentKind

_FULFILLMENTS: Final = frozenset({DocumentKind.ITEM_FULFILLMENT, DocumentKind.FULFILLMENT_UPDATE})


def known_fulfillments(
    facts: TrackingFacts,
    order: SalesOrderFact,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> OrderFulfillments:
    """Return the fulfilments of a sales order beside all shipments of ShipBob's order.

    Args:
        facts: of the shipment that is planned.
        order: its sales order.
        posted: what is posted of that shipment.
        settings: of the connection.
    """
    own = linked_fulfillment(posted, facts.gone)
    siblings = {key: one for key, one in facts.linked.items() if key != facts.shipment_id}
    return OrderFulfillments(
        _without_what_others_took(order, facts),
        [
            ShipmentUnits(one, _units_of(one, facts, order), place_of(one, facts, settings))
            for one in facts.shipments
        ],
        siblings | ({facts.shipment.id: own} if own else {}),
        planned=facts.shipment.id,
        separate=separate_fulfillments(facts),
        together=lambda shipments: _units_of(_as_one(shipments), facts, order),
    )


def place_of(
    shipment: ShipmentFact, facts: TrackingFacts, settings: ConnectionSettings
) -> str | None:
    """Return NetSuite's location that a shipment leaves from; None where none is mapped.

    For what became its own before ``[locations]`` was changed, that is the location as it was.
    """
    was = facts.left_from.get(shipment.id)
    if was is not None and was.location and was.center == shipment.center_id:
        return was.location
    return settings.locations.get(str(shipment.center_id))


def _without_what_others_took(order: SalesOrderFact, facts: TrackingFacts) -> SalesOrderFact:
    """Return an order whose fulfilments lack what decisions about other shipments took of them.

    Those units can't be of this shipment as well. Kits on such a fulfilment are left out whole:
    what was taken are their members.
    """
    if not facts.taken:
        return order
    kits = {line.item for line in order.lines if line.is_kit}
    return msgspec.structs.replace(
        order, fulfillments=tuple(_less(one, facts, kits) for one in order.fulfillments)
    )


def _less(
    fulfillment: FulfillmentFact, facts: TrackingFacts, kits: Collection[str]
) -> FulfillmentFact:
    taken = taken_of(facts, fulfillment.id)
    if not taken:
        return fulfillment
    left = Counter({(one.item, one.location): one.quantity for one in taken})
    lines: list[FulfilledUnits] = []
    for line in fulfillment.lines:
        place = (line.item, line.location or "")
        less = min(line.quantity, left[place])
        left[place] -= less
        if line.quantity > less and line.item not in kits:
            lines.append(msgspec.structs.replace(line, quantity=line.quantity - less))
    return msgspec.structs.replace(fulfillment, lines=tuple(lines))


def linked_fulfillment(posted: Sequence[Posted], gone: Collection[str]) -> str | None:
    """Return the internal id of the fulfilment that we made or updated last, unless it is gone."""
    ids = [one.remote_id for one in posted if one.system == "netsuite" and one.remote_id]
    return ids[-1] if ids and ids[-1] not in gone else None


def fulfillments_of(posted: Sequence[Posted]) -> set[str]:
    """Return the internal ids of all fulfilments that we have made or updated."""
    return {
        document.remote_id
        for document in posted
        if document.kind in _FULFILLMENTS and document.remote_id
    }


def fulfillments_with_units(posted: Sequence[Posted]) -> set[str]:
    """Return the internal ids of the fulfilments with which we have moved units.

    These are those that we made, and those of others that were picked and that we have shipped.
    """
    return {
        document.remote_id
        for document in posted
        if document.kind in _FULFILLMENTS
        and document.remote_id
        and any(line.quantity is not None for line in document.lines)
    }


def has_posted_units(posted: Sequence[Posted], fulfillment_ids: Collection[str]) -> bool:
    """Whether we have moved units with any of these fulfilments."""
    return not fulfillments_with_units(posted).isdisjoint(fulfillment_ids)


def _units_of(
    shipment: ShipmentFact, facts: TrackingFacts, order: SalesOrderFact
) -> dict[str, int]:
    """Return what a shipment holds by NetSuite item, or nothing where that isn't clear."""
    try:
        return by_item(wanted_lines(shipment, order, facts.names))
    except (NeedsData, NeedsHuman):
        return {}


def _as_one(shipments: Sequence[ShipmentFact]) -> ShipmentFact:
    """Return shipments as if they were one, with the units of all by product."""
    products: dict[str, StoreProduct] = {}
    for product in (product for one in shipments for product in one.products):
        before = products.get(product.key)
        units = (*before.units, *product.units) if before else product.units
        products[product.key] = msgspec.structs.replace(product, units=units)
    return msgspec.structs.replace(shipments[0], products=tuple(products.values()))
