"""Which purchase and transfer orders there is news of: all that are open, or what changed."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield all open orders, and those that once had a WRO and are open no more."""
    del since  # an order is open or it is not, however old it is
    seen: set[str] = set()
    async for page in reads.purchase_orders.open():
        for order in page:
            seen.add(order.id)
            yield SweepResult(key=order.id, version=order.lastmodified)
    gone = sorted(set(known) - seen)
    for one in await _now(gone, reads):
        yield one


async def poll(reads: Reads, since: str, known: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the orders that changed since a moment by the account's clock, and were deleted.

    Of those that are open no more only the ones that once had a WRO.
    """
    once = set(known)
    seen: set[str] = set()
    async for page in reads.purchase_orders.changed(since, also=once):
        for order in page:
            if order.id not in seen:
                seen.add(order.id)
                yield SweepResult(key=order.id, version=order.lastmodified)
    deleted = await reads.purchase_orders.deleted(since) if once else set()
    for one in await _now(sorted((deleted & once) - seen), reads):
        yield one


async def _now(order_ids: Sequence[str], reads: Reads) -> list[SweepResult]:
    """Return these orders as they are now, which may be deleted."""
    found = await reads.purchase_orders.changes(order_ids)
    versions = {order.id: order.lastmodified for order in found}
    return [SweepResult(key=one, version=versions.get(one, "deleted")) for one in order_ids]


async def clock(reads: Reads) -> str | None:
    """Return the time by the account's clock, which dates the changes of its orders."""
    return await reads.purchase_orders.clock()
