"""Stops where somebody else's item fulfilment may be a shipment's, in words. Pure."""

from collections.abc import Collection, Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
    ShipmentUnits,
)
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.words import Cause, ExternalIdPrefix


def fulfilled_by_others(
    own: ShipmentUnits, doubtful: Sequence[FulfillmentFact], known: OrderFulfillments
) -> NeedsHuman:
    """Return the stop of a shipment that may be on fulfilments of others; both sides are named."""
    one = len(doubtful) == 1
    which = "that fulfilment" if one else "the right one of them"
    others = any(known.named(found) - {own.id} for found in doubtful)
    alone = ", with no number or tag of another shipment" if others else ""
    waits = any(found.status in FULFILLMENT_NOT_SHIPPED for found in doubtful)
    with_others = known.held_with(doubtful[0], own) if one and not waits else ()
    holds_it = f"let {which} hold exactly these units at this location, and"
    if with_others:
        listed = " and ".join(other.id for other in with_others)
        holds_it, alone = f"and it is of shipment {listed} too,", ""
    unshipped = (
        " If it was picked for this shipment by mistake, delete it: the order is then fulfilled by"
        " itself."
    )
    return NeedsHuman(
        f"Shipment {own.id} ({_said_of(own, known)}) may be on"
        f" {' or '.join(_called(found, known) for found in doubtful)} already; nothing is"
        " fulfilled twice",
        cause=Cause.FULFILLED_BY_OTHERS,
        remedy=(
            f"If it is, {holds_it} {_to_name(own, known)}{alone}: it then goes on by itself. If it"
            " is not, decide that"
            " it is separate: the shipment is then fulfilled on its own."
            + (unshipped if waits and one else "")
        ),
    )


def named_on_several(
    own: ShipmentUnits,
    there: FulfillmentFact,
    further: Sequence[FulfillmentFact],
    known: OrderFulfillments,
    *,
    ours: bool,
) -> NeedsHuman:
    """Return the stop of a shipment that has a fulfilment, and that others name as well.

    Args:
        own: the shipment.
        there: the fulfilment that it has.
        further: the others.
        known: all fulfilments of the order.
        ours: whether our books moved its units with the one that it has.
    """
    listed = " and ".join(_called(one, known) for one in further)
    which = " or ".join(one.called for one in further)
    return NeedsHuman(
        f"Shipment {own.id} ({_said_of(own, known)}) is on {_called(there, known)}, and {listed}"
        f" {'names' if len(further) == 1 else 'name'} it too",
        cause=Cause.FULFILLED_BY_OTHERS,
        remedy=(
            f"Delete what is too many, {there.called} or {which}. If both are right, decide that"
            f" {which if ours else 'the one of another parcel'} is separate. It then goes on by"
            " itself."
        ),
    )


def held_for_cancelled(
    own: ShipmentUnits,
    held: Sequence[tuple[FulfillmentFact, str]],
    known: OrderFulfillments,
) -> NeedsHuman:
    """Return the stop of a shipment whose units are on fulfilments of cancelled ones.

    Args:
        own: what has shipped.
        held: the fulfilments, each with the cancelled shipment that it was made for.
        known: the order's fulfilments.
    """
    listed = ", ".join(f"{one.called} is of shipment {of}" for one, of in held)
    return NeedsHuman(
        f"Shipment {own.id} ({_said_of(own, known)}) finds too little open on sales order"
        f" {known.order.number}: {listed}, which ShipBob has cancelled after its label",
        cause=Cause.FULFILLED_BY_OTHERS,
        remedy=(
            "Find out from ShipBob which shipments have left. Delete the fulfilment of one that"
            f" has not: shipment {own.id} is then fulfilled by itself. If all have left, raise the"
            " quantity on the order."
        ),
    )


def deleted(own: ShipmentUnits, gone: Collection[str], known: OrderFulfillments) -> NeedsHuman:
    """Return the stop of a shipment whose fulfilment was deleted, and not made again."""
    return NeedsHuman(
        f"Item fulfilment {', '.join(sorted(gone))} of shipment {own.id} is not in NetSuite any"
        f" more, and no other on sales order {known.order.number} holds"
        f" {_said_of(own, known)}",
        cause=Cause.FULFILLMENT_NOT_FOUND,
        remedy=(
            "If it was deleted by mistake, fulfil the order again by hand with exactly these units"
            f" at this location, and {_to_name(own, known)}. It then goes on by itself. Nothing is"
            " posted again by itself."
        ),
    )


def cancelled_after_shipping(
    own: ShipmentUnits, found: FulfillmentFact, known: OrderFulfillments
) -> NeedsHuman:
    """Return the stop of a cancelled shipment that a fulfilment says has left."""
    others = [one for one in known.live if one.id in known.named(found)]
    in_its_place = [one for one in known.live if one.numbers & own.numbers]
    if others:
        said = " and ".join(f"shipment {one.id}" for one in others)
        remedy = (
            f"Find out from ShipBob whether the parcel has left. If not, take its units off"
            f" {found.called} in NetSuite, and keep what is of {said}."
        )
    else:
        remedy = (
            f"Find out from ShipBob whether the parcel has left. If not, delete {found.called} in"
            " NetSuite."
        )
    if in_its_place:
        also = " and ".join(one.id for one in in_its_place)
        remedy += (
            f" Shipment {also} goes under the same tracking number: what has left may be that"
            " one, and its own fulfilment stays."
        )
    return NeedsHuman(
        f"Shipment {own.id} was cancelled at ShipBob after its label, but item fulfilment"
        f" {found.called} of {known.order.number} says it was shipped",
        cause=Cause.CANCELLED_AFTER_SHIPPING,
        remedy=f"{remedy} It then goes on by itself. Nothing is taken back by itself.",
    )


def _to_name(own: ShipmentUnits, known: OrderFulfillments) -> str:
    alone = [
        parcel.number
        for parcel in own.shipment.parcels
        if parcel.compared_number not in known.shared_numbers(own)
    ]
    if alone:
        return f"put tracking number {alone[0]} on it"
    return f"put [{ExternalIdPrefix.FULFILLMENT}{own.id}] into its memo"


def _said_of(own: ShipmentUnits, known: OrderFulfillments) -> str:
    what = _units(own.units, known) if own.units else "units that are not clear"
    place = f" from location {own.location}" if own.location else ""
    numbers = ", ".join(parcel.number for parcel in own.shipment.parcels)
    return f"{what}{place}, {f'tracking number {numbers}' if numbers else 'no tracking number'}"


def _called(found: FulfillmentFact, known: OrderFulfillments) -> str:
    held: dict[str, int] = {}
    for line in found.lines:
        held[line.item] = held.get(line.item, 0) + line.quantity
    places = sorted({line.location for line in found.lines if line.location})
    numbers = ", ".join(found.tracking_numbers)
    parts = [
        _units(held, known) + (f" at location {' and '.join(places)}" if places else ""),
        "only picked" if found.status in FULFILLMENT_NOT_SHIPPED else "shipped",
        f"tracking number {numbers}" if numbers else "no tracking number",
    ]
    return f"item fulfilment {found.called} ({', '.join(parts)})"


def _units(units: Mapping[str, int], known: OrderFulfillments) -> str:
    names = {line.item: line.name for line in known.order.lines}
    said = [f"{units[item]} x {names.get(item, f'item {item}')}" for item in sorted(units)]
    return ", ".join(said) or "nothing"
