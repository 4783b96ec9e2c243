"""The net of the comparison of stock: every location, each time.

It has no webhooks and no dates: every location with a mapped fulfillment center is compared, and
those that differed last time and are mapped no more.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield every location with a mapped fulfillment center, and those that differed last."""
    del since
    mapped = reads.stock.locations.values()
    for location in sorted({*mapped, *await reads.stock.left_over()}):
        yield SweepResult(key=location)


async def unmapped(key: str, reads: Reads) -> str:
    """Return that no fulfillment center is mapped to a location; empty where one is."""
    is_mapped = key in reads.stock.locations.values()
    return "" if is_mapped else f"No fulfillment center is mapped to location {key}"
