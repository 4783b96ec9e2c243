"""Whether ShipBob has the products by now that purchase orders wait for."""

from collections.abc import Collection
from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.flow import Waking
from ml_connector.reads.reads import Reads


async def stocked_products(reads: Reads, skus: Collection[str]) -> set[str]:
    """Return the SKUs with an active variant that has an inventory item."""
    variants = await reads.variants(skus)
    return {
        sku
        for sku, found in variants.items()
        if any(variant.inventory and variant.status in {"Active", ""} for variant in found)
    }


PRODUCT: Final = Waking(kind=AwaitedKind.PRODUCT, appeared=stocked_products, by_applying=True)
