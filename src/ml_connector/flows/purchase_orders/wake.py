"""Whether what purchase orders wait for has appeared: products, approvals, ends of WROs."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.netsuite.statuses import PURCHASE_ORDER_UNAPPROVED
from ml_connector.reads.reads import Reads


async def stocked_products(reads: Reads, skus: Collection[str]) -> set[str]:
    """Return the SKUs with an active variant that has an inventory item."""
    variants = await reads.variants(skus)
    return {
        sku
        for sku, found in variants.items()
        if any(variant.inventory and variant.status in {"Active", ""} for variant in found)
    }


async def approved_orders(reads: Reads, order_ids: Collection[str]) -> set[str]:
    """Return the internal ids of orders that are pending approval no more."""
    found = await reads.purchase_orders.changes(sorted(order_ids))
    return {order.id for order in found if order.status not in PURCHASE_ORDER_UNAPPROVED}


async def ended_wros(reads: Reads, wro_ids: Collection[str]) -> set[str]:
    """Return the ids of WROs that ShipBob has completed or that somebody has cancelled."""
    return {str(wro_id) for wro_id in await reads.wro_ends.ended(set(map(int, wro_ids)))}


PRODUCT: Final = Waking(kind=AwaitedKind.PRODUCT, appeared=stocked_products, by_applying=True)
APPROVED_ORDER: Final = Waking(kind=AwaitedKind.APPROVED_ORDER, appeared=approved_orders)
ENDED_WRO: Final = Waking(
    kind=AwaitedKind.ENDED_WRO, appeared=ended_wros, apart=timedelta(minutes=1)
)
