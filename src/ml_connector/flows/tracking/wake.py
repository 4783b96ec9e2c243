"""How it is seen that the order or fulfilment that a shipment waits for has appeared."""

from collections.abc import Collection
from typing import Final

from ml_connector.awaited import Awaited, AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.netsuite.statuses import SALES_ORDER_OPEN
from ml_connector.reads.reads import Reads
from ml_connector.rules.sales_order_wake import live_orders


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


OPEN_SALES_ORDER: Final = Waking(kind=AwaitedKind.OPEN_SALES_ORDER, appeared=fulfillable_orders)
FULFILLMENT: Final = Waking(kind=AwaitedKind.FULFILLMENT, appeared=further_fulfilled_orders)
