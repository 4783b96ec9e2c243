"""Which item fulfilment in NetSuite is a shipment's, whoever made it. Pure.

First the one that names the shipment (``named_shipments``); then, where several shipments have
its tracking number, one that holds just its units; then one that names no shipment and holds
just its units at its location, while the order has them open no more. Each fulfilment counts
for one shipment; one that a person made counts for several only while it holds exactly the
units of all of them. Whatever else may be the shipment's is doubtful: a person decides.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
    ShipmentUnits,
    is_from,
    is_ours,
)
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED


class Recognised(NamedTuple):
    """The fulfilment of a shipment; or those of which it is in doubt; or neither.

    Attributes:
        doubtful: what may hold the shipment's units, while it can't be told.
    """

    fulfillment: FulfillmentFact | None = None
    doubtful: tuple[FulfillmentFact, ...] = ()


def recognise(
    own: ShipmentUnits, known: OrderFulfillments, *, is_open: bool, makes_own: bool
) -> Recognised:
    """Find the fulfilment of a shipment.

    Args:
        own: what has shipped.
        known: the fulfilments of the sales order, and all shipments.
        is_open: whether the order has the shipment's units open.
        makes_own: whether a fulfilment is made where there is none.
    """
    found = (
        _by_name(own, known)
        or _by_shared_number(own, known)
        or _alone_or_as_a_part(own, known, makes_own=makes_own)
    )
    if found is not None:
        return found
    return Recognised(doubtful=tuple(_doubtful(own, known, is_open=is_open)))


def _by_name(own: ShipmentUnits, known: OrderFulfillments) -> Recognised | None:
    named = [
        one for one in known.every if own.id in known.named(one) and one.id not in known.separate
    ]
    if not named:
        return None
    candidates = [one for one in named if is_ours(one)] or named
    fitting = [one for one in candidates if known.counts_for(one, own)]
    return _the_one(fitting) or Recognised(doubtful=tuple(candidates))


def _by_shared_number(own: ShipmentUnits, known: OrderFulfillments) -> Recognised | None:
    """Tell fulfilments apart by units, where their number is that of several shipments."""
    shared = known.shared_numbers(own)
    found = [one for one in known.unnamed if one.compared_numbers & shared]
    sharing = [one for one in known.pending if one.numbers & shared]
    equal = [one for one in found if known.holds(one, {own.id})]
    counted = [
        one
        for one in known.every
        if known.named(one)
        and not is_ours(one)
        and one.id not in known.separate
        and one.compared_numbers & shared
    ]
    return _paired(own, sharing, equal) or _of_all_sharing(found, counted, sharing, known)


def _of_all_sharing(
    found: Sequence[FulfillmentFact],
    counted: Sequence[FulfillmentFact],
    sharing: Sequence[ShipmentUnits],
    known: OrderFulfillments,
) -> Recognised | None:
    """Take the fulfilment that holds what all shipments of a number do; doubt what fits none.

    It may be counted for some of them already. They may make up whole kits together only.
    """
    every = {one.id for one in sharing}
    whole = [one for one in [*found, *counted] if _holds_all(one, every, known)]
    strange = tuple(one for one in found if not known.holds_of_one(one, sharing))
    return _the_one(whole) or (Recognised(doubtful=strange) if strange else None)


def _holds_all(
    one: FulfillmentFact, shipment_ids: Collection[str], known: OrderFulfillments
) -> bool:
    """Whether a shipped fulfilment holds these shipments and those that it names, and no more."""
    every = {*shipment_ids, *known.named(one)}
    if one.status in FULFILLMENT_NOT_SHIPPED or not shipment_ids:
        return False
    return known.holds(one, every) or known.holds_together(one, every)


def _by_units(
    own: ShipmentUnits, known: OrderFulfillments, *, makes_own: bool
) -> Recognised | None:
    """Look among the fulfilments that name nothing at all."""
    silent = [one for one in known.unnamed if not one.compared_numbers]
    if not own.units:
        return _the_last(own, known, silent)
    equal = [one for one in silent if known.holds(one, {own.id})]
    paired = _paired(own, known.pending, equal)
    if paired is None or paired.fulfillment is None:
        return paired
    waits = paired.fulfillment.status in FULFILLMENT_NOT_SHIPPED
    if makes_own and not waits and _may_be_apart(paired.fulfillment, [own], known):
        return Recognised(doubtful=(paired.fulfillment,))
    return paired


def _may_be_apart(
    found: FulfillmentFact, holds: Sequence[ShipmentUnits], known: OrderFulfillments
) -> bool:
    """Whether a fulfilment that names none of the shipments it holds may be another matter.

    It is theirs where the order has their units open no more. Where it has, the fulfilment is
    theirs only if that makes the order come out: else too little is open for all that wait, and
    with it enough.
    """
    waiting = [one for one in known.pending if one not in holds]
    on_others = _on_others(found, waiting, known)
    rest = [one for one in waiting if one.id not in on_others]
    items = {item for one in holds for item in one.units}
    if not known.has_open(items, holds):
        return False
    return known.has_open(items, [*holds, *rest]) or not known.has_open(items, rest)


def _on_others(
    found: FulfillmentFact, waiting: Sequence[ShipmentUnits], known: OrderFulfillments
) -> set[str]:
    """Return the shipments whose units other fulfilments hold: those of one, or of all there."""
    held: set[str] = set()
    for other in known.every:
        if other == found or is_ours(other) or other.id in known.separate:
            continue
        named = known.named(other)
        left = [one for one in waiting if one.id not in held]
        alone = ({one.id} for one in left if not named and known.holds(other, {one.id}))
        together = {one.id for one in left if is_from(other, one)}
        held |= next(alone, together if known.holds(other, named | together) else set())
    return held


def _paired(
    own: ShipmentUnits, shipments: Sequence[ShipmentUnits], equal: Sequence[FulfillmentFact]
) -> Recognised | None:
    """Pair shipments and fulfilments with the same units, in the order of their ids.

    So no two shipments take the same one, whichever is planned first.
    """
    alike = [one for one in shipments if one.is_like(own)]
    if len(equal) > len(alike):
        return Recognised(doubtful=tuple(equal))
    places = {one.id: place for place, one in enumerate(alike)}
    place = places.get(own.id, len(equal))
    return Recognised(equal[place]) if place < len(equal) else None


def _the_last(
    own: ShipmentUnits, known: OrderFulfillments, silent: Sequence[FulfillmentFact]
) -> Recognised | None:
    """Where it isn't clear what a shipment holds, take what alone is left for it.

    That is: the order has nothing open any more, no other shipment lacks a fulfilment, and just
    one fulfilment names none.
    """
    everything_left = not any(line.open for line in known.order.lines if line.can_ship)
    left = [
        one for one in silent if one.status not in FULFILLMENT_NOT_SHIPPED and is_from(one, own)
    ]
    return _the_one(left) if everything_left and list(known.pending) == [own] else None


def _alone_or_as_a_part(
    own: ShipmentUnits, known: OrderFulfillments, *, makes_own: bool
) -> Recognised | None:
    """Doubt both where one fulfilment holds the shipment's units, and another those of several."""
    alone = _by_units(own, known, makes_own=makes_own)
    if alone is not None and alone.fulfillment is None:
        return alone
    part = _as_a_part(own, known, makes_own=makes_own)
    if alone is None or part is None or part.fulfillment == alone.fulfillment:
        return alone or part
    return part


def _as_a_part(
    own: ShipmentUnits, known: OrderFulfillments, *, makes_own: bool
) -> Recognised | None:
    """Take a fulfilment that others made for this shipment and further ones together.

    It must hold exactly what all shipments from this location take that no other one names. It is
    in doubt where another fulfilment holds the units of one of these: that one is not on both. So
    it is where it may be another matter; one that our books count for a part of them is none.
    """
    here = [one for one in known.pending if one.location == own.location]
    found = _wholes(here, known)
    if len(found) != 1:
        return None
    [whole] = found
    others = [one for one in known.unnamed if one != whole and known.holds_of_one(one, here)]
    counted = bool(known.marked(whole)) or not makes_own
    if others or (not counted and _may_be_apart(whole, here, known)):
        return Recognised(doubtful=(whole, *others))
    return Recognised(whole)


def _wholes(here: Sequence[ShipmentUnits], known: OrderFulfillments) -> Sequence[FulfillmentFact]:
    """Return the fulfilments of others that hold these shipments and those that they name."""
    ids = {one.id for one in here}
    numbers = {number for one in known.live for number in one.numbers}
    return [
        one
        for one in known.every
        if not is_ours(one)
        and one.id not in known.separate
        and one.status not in FULFILLMENT_NOT_SHIPPED
        and one.compared_numbers <= numbers
        and known.holds(one, ids | known.named(one))
    ]


def _doubtful(
    own: ShipmentUnits, known: OrderFulfillments, *, is_open: bool
) -> list[FulfillmentFact]:
    """Return what may hold a shipment's units although nothing says so.

    A fulfilment at another location is another matter, unless the order has too few units open.
    """
    others = [one for one in known.pending if one != own]
    return [
        one
        for one in known.unnamed
        if not known.holds_of_one(one, others)
        and (not is_open or is_from(one, own))
        and _may_hold(one, own, known)
    ]


def _may_hold(one: FulfillmentFact, own: ShipmentUnits, known: OrderFulfillments) -> bool:
    """Whether it holds just these units; or some of them, and waits to be shipped."""
    units = known.units_in(one)
    if one.status in FULFILLMENT_NOT_SHIPPED:
        return bool(units.keys() & own.units.keys())
    return bool(own.units) and units == own.units


def _the_one(found: Sequence[FulfillmentFact]) -> Recognised | None:
    return Recognised(found[0]) if len(found) == 1 else None
