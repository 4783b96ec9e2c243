"""Whether the sales orders that shipments and returns wait for have appeared by now."""

import asyncio
from collections.abc import Collection
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.netsuite.statuses import SALES_ORDER_CANCELLED
from ml_connector.reads.reads import Reads


async def live_orders(reads: Reads, references: Collection[str]) -> dict[str, list[SalesOrder]]:
    """Return the sales orders that are not cancelled, by reference; all are read together."""
    wanted = sorted(references)
    answers = await asyncio.gather(*map(reads.shipments.sales_orders, wanted))
    return {
        reference: [order for order in matches if order.status != SALES_ORDER_CANCELLED]
        for reference, matches in zip(wanted, answers, strict=True)
    }


async def matched_orders(reads: Reads, references: Collection[str]) -> set[str]:
    """Return the references that exactly one sales order has that is not cancelled."""
    found = await live_orders(reads, references)
    return {reference for reference, orders in found.items() if len(orders) == 1}


SALES_ORDER: Final = Waking(
    kind=AwaitedKind.SALES_ORDER, appeared=matched_orders, by_applying=True
)
