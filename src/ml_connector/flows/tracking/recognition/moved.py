"""Whether a shipment leaves from another place than when its record was made.

ShipBob may move a shipment to another fulfillment center, also after its label. That is told by
the center, never by the location: a merchant may map a center to another one at any time. Pure.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.flows.tracking.facts import LeftFrom, ShipmentFact, TrackingFacts
from ml_connector.flows.tracking.recognition.known import linked_fulfillment
from ml_connector.ledger.postings.documents import Posted
from ml_connector.words import DocumentKind


def records_elsewhere(
    facts: TrackingFacts,
    posted: Sequence[Posted],
    location_of: Callable[[int], str | None],
) -> dict[int, str]:
    """Return, by shipment, its record in our books where that is not at its center's location.

    Args:
        facts: of one shipment, with all of its order.
        posted: what is posted of it.
        location_of: the location that a center is mapped to now.
    """
    records = {**facts.linked}
    own = _record(posted, facts.gone)
    if own is not None:
        records[facts.shipment.id] = own
    return {
        shipment.id: record
        for shipment in facts.shipments
        if (record := records.get(shipment.id)) is not None
        if (places := _places(record, facts, posted))
        if places != {location_of(shipment.center_id or 0)}
    }


def left_from(
    shipment_id: int, record: str, kept: Mapping[str, Any], posted: Sequence[Posted]
) -> LeftFrom:
    """Return where a shipment was when a record became its own.

    Args:
        shipment_id: of the shipment.
        record: internal id.
        kept: the facts of that run, as they were stored.
        posted: what is posted of the shipment that is planned.
    """
    then = msgspec.convert(kept, TrackingFacts, str_keys=True)
    shipment = next((one for one in then.shipments if one.id == shipment_id), None)
    places = _posted_places(record, posted) or {*_places(record, then, ())}
    return LeftFrom(
        record=record,
        center=shipment.center_id if shipment else None,
        center_name=shipment.center_name if shipment else "",
        location=next(iter(places)) if len(places) == 1 else None,
    )


def moved_from(facts: TrackingFacts, record: str | None) -> LeftFrom | None:
    """Return where a shipment was when a record became its own, if ShipBob has moved it since."""
    was, shipment = facts.left_from.get(facts.shipment.id), facts.shipment
    if was is None or was.record != record or None in (was.center, shipment.center_id):
        return None
    return was if was.center != shipment.center_id else None


def moved(shipment: ShipmentFact, was: LeftFrom, place: str | None) -> str:
    """Return, in words, that a shipment leaves from another center.

    Args:
        shipment: as ShipBob says it now.
        was: where it was.
        place: the location of its center; None where none is mapped.
    """
    now = _center(shipment.center_name, shipment.center_id)
    where = f"location {place}" if place else "a location that [locations] does not name"
    before = f", not from location {was.location}" if was.location else ""
    return (
        f"from fulfillment center {_center(was.center_name, was.center)} to {now}: its units leave"
        f" from {where}{before}"
    )


def _record(posted: Sequence[Posted], gone: Collection[str]) -> str | None:
    """Return the record that has a shipment's units: an adjustment of ours, or its fulfilment."""
    adjustments = [
        one.remote_id
        for one in posted
        if one.kind == DocumentKind.INVENTORY_ADJUSTMENT and not one.undone
    ]
    return adjustments[-1] if adjustments else linked_fulfillment(posted, gone)


def _places(record: str, facts: TrackingFacts, posted: Sequence[Posted]) -> set[str]:
    """Return the locations that a record is at, by NetSuite and by what we posted."""
    there = {
        line.location
        for order in facts.sales_orders
        for one in order.fulfillments
        if one.id == record
        for line in one.lines
    }
    return {place for place in there | _posted_places(record, posted) if place}


def _posted_places(record: str, posted: Sequence[Posted]) -> set[str | None]:
    return {
        line.location
        for one in posted
        if one.remote_id == record
        for line in one.lines
        if line.quantity is not None
    }


def _center(name: str, number: int | None) -> str:
    return f"{name} ({number})" if name else str(number)
