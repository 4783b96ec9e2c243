"""Whether the purchase orders that WROs wait for can be received by now."""

from collections.abc import Collection
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.reads.reads import Reads


async def receivable_orders(reads: Reads, numbers: Collection[str]) -> set[str]:
    """Return the numbers of purchase orders that are neither pending, rejected nor closed."""
    return {
        number
        for number in numbers
        if any(order.status in PURCHASE_ORDER_RECEIVABLE for order in await reads.orders(number))
    }


PURCHASE_ORDER: Final = Waking(kind=AwaitedKind.PURCHASE_ORDER, appeared=receivable_orders)
