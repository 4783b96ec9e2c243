"""The net of purchase orders: which orders its sweeps find.

No webhook tells of them. A full look, once a day or after the connection was applied, yields every
order of either type of which units are to come, however old, those in a status that this version
does not know, and those of which we made a WRO, also when they were closed or deleted since: all
that ``plan`` announces, cancels or shows. Between two of them ``poll`` yields what has changed by
the account's clock (netsuite.md section 4.7).

Dates are not relied on: in a full look the content of each is compared with its last run
(``look``), so an order whose date did not move, such as one whose WRO was cancelled at ShipBob or
whose item was changed, runs again where something else would be planned.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield all open orders, however old, and those that had a WRO once and are not open now."""
    del since
    seen: set[str] = set()
    async for page in reads.purchase_orders.open():
        for order in page:
            seen.add(order.id)
            yield SweepResult(key=order.id, version=order.lastmodified)
    for one in await _now(sorted(set(known) - seen), reads):
        yield one


async def poll(reads: Reads, since: str, known: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the orders that were changed or deleted since a moment by the account's clock.

    Orders that are not open now are only yielded where they had a WRO once.
    """
    once = set(known)
    seen: set[str] = set()
    async for page in reads.purchase_orders.changed(since, also=once):
        for order in page:
            if order.id not in seen:
                seen.add(order.id)
                version = order.lastmodified
                yield SweepResult(key=order.id, version=version, over=not order.is_open)
    deleted = await reads.purchase_orders.deleted(since) if once else set()
    for one in await _now(sorted((deleted & once) - seen), reads):
        yield one


async def _now(order_ids: Sequence[str], reads: Reads) -> list[SweepResult]:
    """Return what is left of orders that are not open; deleted ones have version ``deleted``."""
    found = await reads.purchase_orders.changes(order_ids)
    versions = {order.id: order.lastmodified for order in found}
    return [
        SweepResult(key=one, version=versions.get(one, "deleted"), over=True) for one in order_ids
    ]


async def clock(reads: Reads) -> str | None:
    """Return the time by the account's clock, which dates the changes of its orders."""
    return await reads.purchase_orders.clock()
