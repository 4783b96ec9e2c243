"""The net of tracking: which shipments its sweeps find.

A shipment is caught (``catches``) that has left, that was cancelled, whose status this version
does not know, of which ShipBob shows anything that only a parcel has, or of which something is
posted: all that ``plan`` books or shows. Whether ShipBob marks its tracking as taken over, and
whether it has a tracking number, does not matter: freight has PRO numbers, and some parcels none
(shipbob.md sections 9.5, 13.4 and 13.5).

Source of the lists: shipbob.md section 7.6 and GET /order. They are filtered by when an order was
made, when it changed and when its tracking did; whether a change of the tracking alone counts as a
change of the order is not documented (SB-034). So:

- where few orders were made lately, each sweep reads them all, and the older ones that changed;
- where many were, it reads those whose tracking nobody took over, and those that changed within
  two days, and by the round (``engine.rounds``) once a day all that were made within 110 days.

A shipment that has run runs again when its dates move, and when the list shows it otherwise than
the run saw it (``look``): ShipBob may correct the reference of an order and no date of a shipment.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from ml_connector.engine import rounds
from ml_connector.engine.flow import LookAgain, Looked, SweepResult
from ml_connector.engine.shown import shown_otherwise, told_by_itself
from ml_connector.flows.tracking.decisions.decidable import swept
from ml_connector.flows.tracking.facts import (
    ShipmentFact,
    TrackingFacts,
    reference_of,
    shipment_fact,
)
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.resources.shipments import Order, Shipment

_CHANGED_WITHIN: Final = timedelta(days=2)


def catches(shipment: ShipmentFact, *, posted: bool) -> bool:
    """Return whether a sweep tells of a shipment.

    Args:
        shipment: as ShipBob's list shows it.
        posted: whether something is posted of it.
    """
    return (
        posted
        or shipment.has_shipped
        or shipment.is_cancelled
        or not shipment.is_status_known
        or bool(shipment.parcels or shipment.shipped_at or shipment.delivered_at)
    )


async def sweep(
    reads: Reads, since: datetime, known: Collection[str]
) -> AsyncIterator[SweepResult]:
    """Yield what is caught of the orders made since a moment, and of older ones changed since."""
    await reads.shipments.channels.look()
    caught = _CaughtShipments(known)
    async for order in reads.shipments.orders_made(since):
        for one in caught.of(order):
            yield one
    async for order in reads.shipments.orders_changed(since, made_until=since):
        for one in caught.of(order):
            yield one
    async for decided in swept(reads):
        yield decided


async def sweep_part(
    reads: Reads, since: datetime, known: Collection[str], between: tuple[datetime, datetime]
) -> AsyncIterator[SweepResult]:
    """Yield what ``sweep`` does; of many orders what changed lately, and a part of all others."""
    await reads.shipments.channels.look()
    caught = _CaughtShipments(known)
    few = await reads.shipments.few_orders_made(since)
    if few is not None:
        for order in few:
            for one in caught.of(order):
                yield one
        lists = [reads.shipments.orders_changed(since, made_until=since)]
    else:
        lately = between[1] - _CHANGED_WITHIN
        lists = [
            reads.shipments.orders_to_take_over(since),
            reads.shipments.orders_on_their_way(lately),
            reads.shipments.orders_changed(lately),
        ]
    lists += [reads.shipments.orders_made(*span) for span in rounds.shares(*between)]
    for orders in lists:
        async for order in orders:
            for one in caught.of(order):
                yield one
    async for decided in swept(reads):
        yield decided


class _CaughtShipments:
    """What is caught of orders that several lists show, each shipment once.

    Args:
        known: the keys of shipments of which something is posted.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._seen: set[int] = set()

    def of(self, order: Order) -> list[SweepResult]:
        """Return the shipments of an order that are caught for the first time."""
        found: list[SweepResult] = []
        for shipment in order.shipments:
            fact = shipment_fact(shipment)
            if shipment.id in self._seen:
                continue
            if catches(fact, posted=str(shipment.id) in self._known):
                self._seen.add(shipment.id)
                found.append(_result(order, shipment, fact))
        return found


def _result(order: Order, shipment: Shipment, fact: ShipmentFact) -> SweepResult:
    times = [one for one in (shipment.last_update_at, shipment.last_tracking_update_at) if one]
    changed = max(times, default=None)
    return SweepResult(
        key=str(shipment.id),
        version=changed.isoformat() if changed else "undated",
        changed_at=changed,
        within=str(order.id),
        shown=TrackingFacts(
            order_id=order.id,
            shipment_id=shipment.id,
            reference=reference_of(order, shipment),
            order_number=(order.order_number or "").strip() or None,
            channel=order.channel.id if order.channel else None,
            shipments=(fact,),
        ),
    )


async def look(asked: LookAgain, reads: Reads) -> Looked | None:
    """Let a shipment run that the list shows otherwise than its last run saw it."""
    del reads
    before: TrackingFacts = asked.last.facts
    shown: TrackingFacts | None = asked.seen.shown
    if shown is None or before.shipment_id is None:
        return told_by_itself(asked)
    return shown_otherwise(asked, _view(before, before), _view(shown, before))


def _view(facts: TrackingFacts, before: TrackingFacts) -> tuple[Any, ...]:
    """Return what a list shows of a shipment, that its plan goes by.

    Numbers of further parcels, which no list shows, were perhaps read before.
    """
    shipment, known = facts.shipment, before.shipment
    units: Counter[tuple[int, str]] = Counter()
    for one in shipment.units:
        units[one.inventory_id, one.lot or ""] += one.quantity
    numbers = {one.compared_number for one in shipment.parcels}
    return (
        facts.reference,
        before.order_number and facts.order_number,
        shipment.status,
        tuple(sorted(shipment.details)),
        str(shipment.shipped_at),
        str(shipment.delivered_at),
        shipment.center_id,
        tuple(sorted(units.items())),
        tuple(sorted(numbers - {one.compared_number for one in known.parcels})),
    )
