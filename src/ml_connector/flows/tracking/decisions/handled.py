"""Units of a shipment that documents of others account for, as people decided. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.decisions.decided import match as match_of
from ml_connector.flows.tracking.facts import ShipmentFact, StoreProduct, TrackingFacts, Units
from ml_connector.flows.tracking.recognition.changes import changed_units, offsets
from ml_connector.flows.tracking.source_lines import source_lines
from ml_connector.ledger.postings.documents import HandledUnits, Plan, Posted
from ml_connector.rules.decisions.decided import (
    Decided,
    UnitsToHandle,
    counted_units,
    document_name,
    handled_units,
    of_kind,
)
from ml_connector.rules.decisions.not_ours import not_ours_reason
from ml_connector.rules.items import MatchFacts, match, sku_of
from ml_connector.rules.refused import refused
from ml_connector.words import Cause, DecisionKind

_NOT_KEPT: Final = "; its packages and the delivery are not written on it"


def split_handled(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> tuple[TrackingFacts, tuple[HandledUnits, ...]]:
    """Take the units out of a shipment that documents of others account for.

    Args:
        facts: of the shipment.
        posted: what is posted of it.
        settings: of the connection.

    Returns:
        The facts without these units; and the units, with what handled them.
    """
    if not facts.decisions:
        return facts, ()
    handled = tuple(handled_units(facts.decisions, _open_units(facts, posted, settings)))
    gone: Counter[str] = Counter()
    for one in handled:
        gone[one.source_line] -= one.quantity
    own = _without(facts.shipment, gone)
    shipments = tuple(own if one.id == own.id else one for one in facts.shipments)
    return msgspec.structs.replace(facts, shipments=shipments), handled


def all_handled(
    facts: TrackingFacts,
    handled: Sequence[HandledUnits],
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Plan | None:
    """Return the plan for a shipment of which nothing is left to post; None where something is.

    Args:
        facts: without the units that are handled.
        handled: those.
        posted: what is posted of the shipment.
        settings: of the connection.
    """
    if not handled or facts.shipment.units or _standing(facts, posted):
        return None
    told = [line for line in source_lines(facts, settings) if line.quantity is None]
    reason = "; ".join(dict.fromkeys(one.reason for one in handled))
    return Plan(
        note="All its units are handled by others",
        handled=tuple(handled),
        gone=facts.gone,
        refused=(
            *refused(told, f"{reason}{_NOT_KEPT}"),
            *offsets(gone_units(facts, posted), "Its item fulfilment is gone from NetSuite"),
        ),
    )


def refuse_fewer_than_handled(facts: TrackingFacts, posted: Sequence[Posted]) -> None:
    """Stop where ShipBob says fewer units of a shipment than documents of others and ours hold.

    What a decision has counted never shrinks in silence: the document in NetSuite still holds it.

    Args:
        facts: of the shipment.
        posted: what is posted of it.

    Raises:
        NeedsHuman: units that were handled are not in the shipment any more, or it has not left.
    """
    holding = _holding(facts)
    if not holding or not_ours_reason(facts.decisions):
        return
    fewer = _missing(counted_units(holding, match_of(facts)), facts, posted)
    if fewer:
        names = " and ".join(document_name(one.then) for one in holding if one.then)
        raise _fewer_than_handled(facts.shipment, fewer, names, [str(one.id) for one in holding])


def _missing(
    counted: Mapping[str, int], facts: TrackingFacts, posted: Sequence[Posted]
) -> dict[str, int]:
    """Return by how many units a shipment holds less than is accounted for, of what is counted."""
    missing: Counter[str] = Counter()
    for line, quantity in counted.items():
        missing[_inventory(line)] -= quantity
    handled = [*missing]
    for booked in (line for one in _standing(facts, posted) for line in one.lines):
        missing[_inventory(booked.source_line)] -= booked.quantity or 0
    for unit in facts.shipment.units if facts.shipment.has_shipped else ():
        missing[_inventory(unit.source_line)] -= unit.quantity
    return {line: missing[line] for line in handled if missing[line] > 0}


def _holding(facts: TrackingFacts) -> list[Decided]:
    """Return the decisions that have counted units, but where their document is separate."""
    separate = {one.then.id for one in of_kind(facts.decisions, DecisionKind.SEPARATE) if one.then}
    return [
        one
        for one in of_kind(facts.decisions, DecisionKind.HANDLED)
        if one.counted and one.then and one.then.id not in separate
    ]


def _fewer_than_handled(
    shipment: ShipmentFact, missing: Mapping[str, int], names: str, decisions: Sequence[str]
) -> NeedsHuman:
    if shipment.has_shipped:
        fewer = ", ".join(f"{units} of {line}" for line, units in sorted(missing.items()))
        state = f"holds fewer units at ShipBob now than are accounted for: {fewer}"
    else:
        state = f"is {shipment.status} at ShipBob now"
    undo = ", ".join(f"events undecide {one}" for one in decisions)
    return NeedsHuman(
        f"Shipment {shipment.id} {state}; {names} handled it, as a person decided",
        cause=Cause.CANCELLED_AFTER_SHIPPING if shipment.is_cancelled else Cause.SHIPMENT_CHANGED,
        remedy=(
            f"Find out from ShipBob what has left. If it is what ShipBob says now, correct {names}"
            f" in NetSuite, or delete it, and decide again; or take the decision back with {undo}."
            " If ShipBob still ships it, nothing."
        ),
    )


def _inventory(source_line: str) -> str:
    """Return a source line without its lot, which ShipBob may name later."""
    return source_line.partition(" lot ")[0]


def gone_units(facts: TrackingFacts, posted: Sequence[Posted]) -> Mapping[str, int]:
    """Return what the books hold of fulfilments that were deleted since, by source line.

    Turned round, so that it makes up for them.
    """
    units: Counter[str] = Counter()
    for one in facts.gone:
        units.update(changed_units((), posted, one))
    return {line: quantity for line, quantity in units.items() if quantity}


def items_of_units(facts: TrackingFacts, settings: ConnectionSettings) -> dict[int, str]:
    """Return NetSuite's items of a shipment's units, by inventory id, as far as they are clear."""
    known, items = facts.unmatched, {}
    if known is None:
        return {}
    matches = MatchFacts(known.items, known.bindings, known.bound, known.near_items)
    for inventory_id in {unit.inventory_id for unit in facts.shipment.units}:
        try:
            sku = sku_of(inventory_id, known.skus.get(inventory_id)).strip()
            found = match({inventory_id: sku}, matches, settings.skus)
        except (NeedsData, NeedsHuman):
            continue  # no document can be seen to hold it
        items[inventory_id] = found.items[inventory_id].id
    return items


def _standing(facts: TrackingFacts, posted: Sequence[Posted]) -> list[Posted]:
    """Return what of a shipment is in NetSuite, as far as our books know."""
    return [
        one
        for one in posted
        if one.system == "netsuite" and not one.undone and one.remote_id not in facts.gone
    ]


def _open_units(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> list[UnitsToHandle]:
    """Return the units of a shipment that no document of ours accounts for."""
    location = settings.locations.get(str(facts.shipment.center_id))
    if location is None:
        return []
    items = items_of_units(facts, settings)
    rest: Counter[str] = Counter()
    item_of: dict[str, str] = {}
    for unit in facts.shipment.units:
        if unit.inventory_id in items:
            rest[unit.source_line] -= unit.quantity
            item_of[unit.source_line] = items[unit.inventory_id]
    for document in _standing(facts, posted):
        for line in document.lines:
            if line.source_line in rest:
                rest[line.source_line] -= line.quantity or 0
    return [
        UnitsToHandle(line, item_of[line], location, quantity)
        for line, quantity in rest.items()
        if quantity < 0
    ]


def _without(shipment: ShipmentFact, gone: Counter[str]) -> ShipmentFact:
    left = Counter(gone)
    products = [
        msgspec.structs.replace(product, units=tuple(_less(product.units, left)))
        for product in shipment.products
    ]
    return msgspec.structs.replace(shipment, products=tuple(filter(_holds, products)))


def _holds(product: StoreProduct) -> bool:
    return bool(product.units)


def _less(units: Iterable[Units], left: Counter[str]) -> Iterable[Units]:
    for unit in units:
        less = min(unit.quantity, left[unit.source_line])
        left[unit.source_line] -= less
        if less < unit.quantity:
            yield msgspec.structs.replace(unit, quantity=unit.quantity - less)
