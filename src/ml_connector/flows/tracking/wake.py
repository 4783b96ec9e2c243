"""How it is seen that the order or fulfilment that a shipment waits for has appeared."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.flows.tracking.sales_orders import (
    FulfillmentFact,
    SalesOrderFact,
    sales_order_fact,
)
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED, SALES_ORDER_OPEN
from ml_connector.reads.reads import Reads
from ml_connector.rules.wakings.sales_orders import live_orders


async def fulfillable_orders(reads: Reads, references: Collection[str]) -> set[str]:
    """Return the references whose one sales order can be fulfilled."""
    found = await live_orders(reads, references)
    return {
        reference
        for reference, orders in found.items()
        if [order.status in SALES_ORDER_OPEN for order in orders] == [True]
    }


def more_fulfillments(count: int, reference: str | None) -> Awaited:
    """Return what to wait for until an order has more fulfilments than it has now."""
    return AwaitedKind.FULFILLMENT.named(f"{count}:{reference}")


async def further_fulfilled_orders(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the names, as ``<count>:<reference>``, whose order has more than that many."""
    wanted = {name: name.partition(":") for name in names}
    found = await live_orders(reads, {reference for _, _, reference in wanted.values()})
    return {
        name
        for name, (count, _, reference) in wanted.items()
        if sum(len(order.fulfillments) for order in found[reference]) > int(count)
    }


def changed_order(orders: Iterable[SalesOrderFact], reference: str | None) -> Awaited:
    """Return what to wait for until anything that decides about a shipment changes on its order.

    That is: its status, what its lines have open, and its fulfilments with their units, places,
    numbers and our tags.
    """
    return AwaitedKind.CHANGED_SALES_ORDER.named(f"{_state(orders)}:{reference}")


async def changed_orders(reads: Reads, names: Collection[str]) -> set[str]:
    """Return the names, as ``<state>:<reference>``, whose order is in another state now."""
    wanted = {name: name.partition(":") for name in names}
    found = await live_orders(reads, {reference for _, _, reference in wanted.values()})
    return {
        name
        for name, (state, _, reference) in wanted.items()
        if _state(map(sales_order_fact, found[reference])) != state
    }


def _state(orders: Iterable[SalesOrderFact]) -> str:
    """Return a short text that differs where orders do; cancelled ones don't count."""
    said = [
        (
            order.id,
            order.status,
            [(line.line, line.item, line.open) for line in order.lines],
            sorted(map(_fulfillment_state, order.fulfillments)),
        )
        for order in orders
        if order.status != SALES_ORDER_CANCELLED
    ]
    return hashlib.sha256(msgspec.json.encode(sorted(said))).hexdigest()[:12]


def _fulfillment_state(one: FulfillmentFact) -> tuple[str, ...]:
    return (
        one.id,
        one.status or "",
        one.external_id or "",
        *sorted(f"{line.quantity} x {line.item} at {line.location}" for line in one.lines),
        *sorted(one.compared_numbers),
        *sorted(one.tags),
    )


OPEN_SALES_ORDER: Final = Waking(kind=AwaitedKind.OPEN_SALES_ORDER, appeared=fulfillable_orders)
FULFILLMENT: Final = Waking(kind=AwaitedKind.FULFILLMENT, appeared=further_fulfilled_orders)
CHANGED_SALES_ORDER: Final = Waking(kind=AwaitedKind.CHANGED_SALES_ORDER, appeared=changed_orders)
