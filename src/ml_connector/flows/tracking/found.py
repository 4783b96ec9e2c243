"""What a shipment's item fulfilment holds that NetSuite shows and the books lack. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundRecord
from ml_connector.flows.tracking.delivery import Delivery, delivery_of, read_delivery
from ml_connector.flows.tracking.documents import OrderLineUnits, ShipmentBooking
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.flows.tracking.order_lines import by_item, wanted_lines
from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
    ShipmentUnits,
)
from ml_connector.flows.tracking.recognition.the_order import the_order
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.flows.tracking.source_lines import fact_date_of
from ml_connector.flows.tracking.unit_items import items_of
from ml_connector.flows.tracking.unordered.extras import without_extras
from ml_connector.flows.tracking.unordered.unmatched import matched_items, parts_of
from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.rules.found_documents import found_request
from ml_connector.words import DocumentKind


def found_document(
    facts: TrackingFacts,
    found: FoundRecord,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return the document that an item fulfilment in NetSuite is.

    It must hold exactly what ShipBob says is in the shipment: then all its units are known.

    Raises:
        NeedsData: the sales order or an item is not in NetSuite.
        NeedsHuman: it holds something else, or has not shipped.
    """
    del posted  # a shipment has one fulfilment, or one adjustment, of ours
    if found.type == "InvAdjst":
        return found_adjustment(facts, found, settings)
    if found.type != "ItemShip":
        raise found.untold(f"a shipment makes no {found.type}")
    order = the_order(facts, settings)
    facts, _ = without_extras(facts, order, settings)
    shipment = facts.shipment
    own = next((one for one in order.fulfillments if one.id == found.id), None)
    if own is None or own.status in FULFILLMENT_NOT_SHIPPED:
        raise found.untold(f"it is no fulfilment of {order.number} that has shipped")
    wanted = wanted_lines(shipment, order, facts.names)
    units = ShipmentUnits(shipment, by_item(wanted), found.location)
    if OrderFulfillments(order, [units], {}).units_in(own) != units.units:
        raise found.untold("it holds other units than ShipBob's shipment")
    booking = ShipmentBooking(
        shipment=shipment,
        delivery=_told(own, shipment.id) or delivery_of(shipment, settings.schedule.zone),
        location=found.location,
        fact_date=fact_date_of(shipment, settings),
        date=found.date,
        fields=settings.tracking,
    )
    taken = [
        OrderLineUnits(
            quantity=one.quantity,
            units=one.units,
            items=items_of(one.lines[0], one.units, order, facts.names, as_members=one.as_members),
        )
        for one in wanted
    ]
    numbers = own.compared_numbers
    parcels = [one for one in shipment.parcels if one.compared_number in numbers]
    told = booking.told(parcels, delivery=_told(own, shipment.id) is not None)
    return Document(
        system="netsuite",
        kind=DocumentKind.ITEM_FULFILLMENT,
        external_id=found.external_id,
        title=f"Item fulfilment from {order.number} for shipment {shipment.id}, found in NetSuite",
        request=found_request(DocumentKind.ITEM_FULFILLMENT, found, from_type="salesOrder"),
        lines=(*booking.lines(taken), *told),
    )


def found_adjustment(
    facts: TrackingFacts, found: FoundRecord, settings: ConnectionSettings
) -> Document:
    """Return the document that an inventory adjustment in NetSuite is: of all the units.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: it holds something else than ShipBob says is in the shipment.
    """
    shipment = facts.shipment
    if facts.unmatched is None:
        raise found.untold(
            "the order of its shipment is in NetSuite by now, or stock is not adjusted for"
            " shipments without one any more"
        )
    parts = parts_of(shipment, facts.unmatched, matched_items(facts, settings).items)
    units: Counter[str | None] = Counter()
    for line in found.lines:
        units[line.item] -= found.eaches(line)
    wanted: Counter[str | None] = Counter()
    for one in parts:
        wanted[one.item.id] += one.quantity
    if units != wanted or found.location is None:
        raise found.untold("it holds other units than ShipBob's shipment")
    booking = ShipmentBooking(
        shipment=shipment,
        delivery=delivery_of(shipment, settings.schedule.zone),
        location=found.location,
        fact_date=fact_date_of(shipment, settings),
        date=found.date,
        fields=settings.tracking,
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.INVENTORY_ADJUSTMENT,
        external_id=found.external_id,
        title=f"Inventory adjustment for shipment {shipment.id}, found in NetSuite",
        request=found_request(DocumentKind.INVENTORY_ADJUSTMENT, found, from_type=""),
        lines=booking.adjusted(parts),
    )


def _told(own: FulfillmentFact, shipment_id: int) -> Delivery | None:
    """Return the delivery state that our part of the memo tells; None where there is none."""
    said = re.search(rf"ShipBob shipment {shipment_id}: ([^\[\],]+)", own.memo)
    return read_delivery(f"{said[1].strip()}; no date") if said else None
