"""Which shipments no webhook told us of."""

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.resources.shipments import Order, Shipment

_TAKEN_OVER_BACK: Final = timedelta(days=60)


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield the shipments with tracking that nobody took over, and those on their way.

    Source: shipbob.md section 7.6. Shipments that wait to be taken over are few, so they are
    looked for further back.
    """
    seen: set[int] = set()
    long_ago = min(since, datetime.now(UTC) - _TAKEN_OVER_BACK)
    async for order in reads.shipments.orders_to_take_over(long_ago):
        for shipment in order.shipments:
            if _has_tracking(shipment) and not shipment.is_tracking_uploaded:
                seen.add(shipment.id)
                yield _seen(order, shipment)
    async for order in reads.shipments.orders_on_their_way(since):
        for shipment in order.shipments:
            if _has_tracking(shipment) and shipment.id not in seen:
                seen.add(shipment.id)
                yield _seen(order, shipment)


def _has_tracking(shipment: Shipment) -> bool:
    return shipment.tracking is not None and bool(shipment.tracking.tracking_number)


def _seen(order: Order, shipment: Shipment) -> SweepResult:
    times = [one for one in (shipment.last_update_at, shipment.last_tracking_update_at) if one]
    changed = max(times, default=None)
    return SweepResult(
        key=str(shipment.id),
        version=changed.isoformat() if changed else "",
        changed_at=changed,
        within=str(order.id),
    )
