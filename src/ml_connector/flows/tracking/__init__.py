"""Tracking: what ShipBob ships becomes an item fulfilment in NetSuite, and stays up to date.

The subject is a shipment; a subject that is an order stands for all its shipments. The sales
order is found by the rules of ``order_match`` (netsuite.md section 8.9), by channel. Once the
label is printed, the units have left the shelf (shipbob.md section 9.5): the sales order is
transformed into a shipped item fulfilment with exactly these lines at the center's location and
one package for each parcel, and every other open line stays open (netsuite.md section 8.5). A
fulfilment that the account or a person has made is brought up to date instead; the policy
``fulfillment = "update"`` waits for such a one. Packages are added, never taken away. The
delivery state goes to the custom fields under ``[tracking]`` or into the memo; by the
shipment's own times it never goes backwards. At last ShipBob is told that NetSuite has the
tracking.
"""

from typing import Final

from ml_connector.engine.flow import Flow, Section
from ml_connector.flows.tracking.decisions.decidable import DECIDABLE
from ml_connector.flows.tracking.facts import ORDER, TrackingFacts
from ml_connector.flows.tracking.found import found_document
from ml_connector.flows.tracking.net import look, sweep, sweep_part
from ml_connector.flows.tracking.plan import always_refused, plan
from ml_connector.flows.tracking.read import confirm, read, read_order
from ml_connector.flows.tracking.source_lines import source_lines
from ml_connector.flows.tracking.wake import (
    CHANGED_SALES_ORDER,
    FULFILLMENT,
    OPEN_SALES_ORDER,
)
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.rules.line_numbers.wake import LINE_NUMBERS
from ml_connector.rules.missing import missing
from ml_connector.rules.wakings import wake
from ml_connector.rules.wakings.sales_orders import SALES_ORDER
from ml_connector.shipbob.webhooks.topics import parcel_named
from ml_connector.transport.spoiled import by_id
from ml_connector.words import Cause, ExternalIdPrefix


def key_of(topic: str, body: bytes) -> str | None:
    """Return the subject of a webhook: a shipment, or an order where it names no single one."""
    named = parcel_named(topic, body)
    if named is None:
        return None
    return named.id if named.kind == "shipment" else f"{ORDER}{named.id}"


def within_of(topic: str, body: bytes) -> str | None:
    """Return the order that a webhook's shipment belongs to, where it says so."""
    named = parcel_named(topic, body)
    return named.within if named else None


_ACCEPTED: Final = (
    Cause.STATUS_UNKNOWN,
    Cause.SHIPMENT_CHANGED,
    Cause.CANCELLED_AFTER_SHIPPING,
)
"""Of its stops, those that people may take as they are."""

FLOW: Final = Flow(
    name="tracking",
    source="shipment",
    topics=frozenset(
        {
            "order.shipped",
            "order.delivered",
            "order.shipment.delivered",
            "order.shipment.exception",
            "order.shipment.on_hold",
            "order.shipment.cancelled",
            "order.shipment.tracking.updated",
            "order.shipment.tracking_received",
            "order.shipment.address.updated",
            "order.shipment.line_item.added",
            "order.shipment.line_item.removed",
            "order.shipment.line_item.updated",
            "order.shipment.shipping_service.updated",
        }
    ),
    key_of=key_of,
    within_of=within_of,
    rules="tracking-5",
    facts=TrackingFacts,
    read=read,
    confirm=confirm,
    plan=as_it_is(
        plan,
        source_lines,
        (Cause.STATUS_UNKNOWN, Cause.SHIPMENT_CHANGED, Cause.CANCELLED_AFTER_SHIPPING),
    ),
    source_lines=source_lines,
    always_refused=always_refused,
    schedule="sweep",
    missing=lambda key, reads: missing(read_order(key, reads), ""),
    sweep=sweep,
    sweep_part=sweep_part,
    look=look,
    spoils=by_id("Order", prefix=ORDER),
    wakings=(
        wake.SKU,
        wake.ITEM,
        wake.LOCATION,
        wake.ACCOUNT,
        wake.PERIOD,
        SALES_ORDER,
        OPEN_SALES_ORDER,
        FULFILLMENT,
        CHANGED_SALES_ORDER,
        LINE_NUMBERS,
    ),
    found_document=found_document,
    decidable=DECIDABLE,
    documents=frozenset(
        {
            ExternalIdPrefix.FULFILLMENT,
            ExternalIdPrefix.FULFILLMENT_UPDATE,
            ExternalIdPrefix.SHIPMENT_ADJUSTMENT,
            ExternalIdPrefix.TRACKING_MARK,
        }
    ),
    sections=(
        Section(
            key="fulfilments",
            title="Fulfilments",
            facts="Shipments",
            types=frozenset({"ItemShip"}),
        ),
    ),
)
