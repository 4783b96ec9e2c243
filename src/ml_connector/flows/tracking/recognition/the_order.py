"""Which of the sales orders that were found is a shipment's. Pure."""

from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.order_match import OrderRule
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.flows.tracking.sales_orders import SalesOrderFact
from ml_connector.flows.tracking.wake import changed_order
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.words import Cause

_HOLDS_IT: Final = "set order_match to the field that holds ShipBob's reference"

_ELSEWHERE: Final = "it has {}, but only sales orders are fulfilled"
_BY_ITSELF: Final = (
    " A cash sale or an invoice without a sales order has no item fulfilment: if it took the units"
    " out of stock at the shipment's location, decide that they are handled by it. Fulfil a"
    " transfer order by hand, and decide that they are handled by that fulfilment."
)


def has_no_order(facts: TrackingFacts) -> bool:
    """Whether a shipment has left, and nothing in NetSuite has what its order is looked for by.

    Neither a cancelled order, nor another sale that may have taken the units out of stock. Where
    a fulfilment is known of any shipment of the order, its sales order was there, and may only
    have been renamed.
    """
    return facts.shipment.has_shipped and not (
        facts.sales_orders or facts.other_sales or facts.linked
    )


def is_without_order(facts: TrackingFacts) -> bool:
    """Whether a shipment has left, and no order is known that it could be fulfilled from.

    That says nothing of other sales: a person does.
    """
    orders = [one for one in facts.sales_orders if one.status != SALES_ORDER_CANCELLED]
    return facts.shipment.has_shipped and not (orders or facts.linked)


def is_unmatched(facts: TrackingFacts, settings: ConnectionSettings) -> bool:
    """Whether NetSuite was asked by all rules for a shipment's order, and surely has none."""
    asked = _sought(facts, settings.policies.order_rules.of(facts.channel))
    return bool(asked) and has_no_order(facts)


def without_order(facts: TrackingFacts, settings: ConnectionSettings) -> str:
    """Return, in words, that NetSuite has no order of a shipment."""
    sought = _sought(facts, settings.policies.order_rules.of(facts.channel))
    return f"NetSuite has no sales order with {sought}" if sought else "It names no sales order"


def the_order(facts: TrackingFacts, settings: ConnectionSettings) -> SalesOrderFact:
    """Return the one sales order that a shipment belongs to; a cancelled one is none.

    Raises:
        NeedsData: NetSuite does not know the order.
        NeedsHuman: several fit, or another channel has an order that fits as well.
    """
    orders = [one for one in facts.sales_orders if one.status != SALES_ORDER_CANCELLED]
    if len(orders) == 1:
        _refuse_rivals(facts, orders[0])
        return orders[0]
    shipment_id = facts.shipment.id
    rules = settings.policies.order_rules.of(facts.channel)
    if not facts.awaited_order:
        text = " or ".join(sorted({rule.side.removesuffix("_id") for rule in rules}, reverse=True))
        raise NeedsHuman(
            f"The order of shipment {shipment_id} has no {text.replace('_', ' ')} at ShipBob, so"
            " no sales order can be found for it",
            cause=Cause.SALES_ORDER_NOT_FOUND,
            remedy="Fulfil the sales order by hand in NetSuite.",
        )
    awaited = AwaitedKind.SALES_ORDER.named(facts.awaited_order)
    if orders:
        fields = " or ".join(dict.fromkeys(rule.field for rule in rules))
        raise NeedsHuman(
            f"{len(orders)} sales orders in NetSuite have {_sought(facts, rules)} of shipment"
            f" {shipment_id}: {', '.join(order.number for order in orders)}",
            cause=Cause.SALES_ORDER_AMBIGUOUS,
            remedy=(
                f"Make their {fields} differ, or cancel the wrong ones; what waits goes on by"
                " itself."
            ),
            waiting_for=[awaited],
        )
    cancelled = ", ".join(order.number for order in facts.sales_orders)
    plain = len(rules) == 1 and rules[0].is_plain
    said = "the reference" if plain else "as order_match looks for the order"
    raise NeedsData(
        f"NetSuite has no sales order with {_sought(facts, rules)}, {said} of shipment"
        f" {shipment_id}"
        + (f"; {cancelled} is cancelled" if cancelled else "")
        + (f"; {_ELSEWHERE.format(', '.join(facts.other_sales))}" if facts.other_sales else ""),
        cause=Cause.SALES_ORDER_NOT_FOUND,
        waiting_for=[awaited],
        remedy=f"Enter the sales order, or {_HOLDS_IT}; what waits goes on by itself."
        + (_BY_ITSELF if facts.other_sales else ""),
    )


def _sought(facts: TrackingFacts, rules: tuple[OrderRule, ...]) -> str:
    """Return what the rules look for: ``the id 4711 or the tranid SO-10045``."""
    values = [(rule.field, rule.value(facts.reference, facts.order_number)) for rule in rules]
    return " or ".join(f"the {field} {value}" for field, value in values if value)


def _refuse_rivals(facts: TrackingFacts, order: SalesOrderFact) -> None:
    """Stop where the order of another channel leads to the same sales order."""
    if not facts.rival_channels:
        return
    rivals = ", ".join(map(str, facts.rival_channels))
    own = "no channel" if facts.channel is None else f"channel {facts.channel}"
    raise NeedsHuman(
        f"Sales order {order.number} fits the order of shipment {facts.shipment.id}, which is of"
        f" {own}, and may as well be an order of channel {rivals} at ShipBob: a reference or order"
        " number is unique within its channel only",
        cause=Cause.SALES_ORDER_AMBIGUOUS,
        remedy=(
            "Say under [policies.order_match_by_channel] how each of these channels finds its"
            " sales orders, by fields or texts that differ, and apply. Or decide that the"
            f" shipment belongs to {order.number}, or to the right order; or fulfil that by hand"
            " in NetSuite, with the tracking number on it. What waits goes on by itself."
        ),
        waiting_for=[
            AwaitedKind.POLICY.named("order_match_by_channel"),
            changed_order(facts.sales_orders, facts.awaited_order),
        ],
    )
