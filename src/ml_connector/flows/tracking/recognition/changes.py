"""What ShipBob changes about a shipment after its units were posted. Pure.

A product may be added, removed or replaced, a quantity raised or lowered, and a shipment held or
in exception again after its label. NetSuite is not changed for it: a person finds out what left.
"""

from collections.abc import Iterable, Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts
from ml_connector.flows.tracking.recognition.known import has_posted_units, linked_fulfillment
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.ledger.postings.documents import Plan, Posted, RefusedUnits, SourceLine
from ml_connector.netsuite.statuses import FULFILLMENT_NOT_SHIPPED
from ml_connector.words import Cause


def changed_units(
    lines: Iterable[SourceLine], documents: Iterable[Posted], fulfillment_id: str | None = None
) -> dict[str, int]:
    """Return by how much the units of a shipment differ from those that we posted.

    Args:
        lines: of the shipment, as ShipBob says it now.
        documents: what is posted of it.
        fulfillment_id: of the item fulfilment that moved the units; any, where none is named.

    Returns:
        Signed as in the journal, by source line; only those that differ.
    """
    rest = {line.source_line: line.quantity for line in lines if line.quantity is not None}
    for document in documents:
        for line in document.lines:
            ours = fulfillment_id in {None, document.remote_id}
            if ours and line.quantity is not None:
                rest[line.source_line] = rest.get(line.source_line, 0) - line.quantity
    return {source_line: quantity for source_line, quantity in rest.items() if quantity}


def changed_since(
    shipment: ShipmentFact,
    own: FulfillmentFact,
    lines: Iterable[SourceLine],
    documents: Sequence[Posted],
    *,
    holds_it: bool,
    moved: str = "",
) -> tuple[RefusedUnits, ...]:
    """Return the differences to what was posted, where the fulfilment was corrected by hand.

    Args:
        shipment: as ShipBob says it now.
        own: its item fulfilment.
        lines: of the shipment.
        documents: what is posted of it.
        holds_it: whether the fulfilment holds just what ShipBob says now.
        moved: in words, to where ShipBob has moved it; empty where it has not, or the fulfilment
            is there.

    Raises:
        NeedsHuman: it does not.
    """
    changed = changed_units(lines, documents, own.id)
    if (changed or moved) and not holds_it:
        raise _differs(shipment, own, listed_changes(shipment, changed, documents), moved)
    return offsets(
        changed,
        f"Item fulfilment {own.called} holds what ShipBob says now; ShipBob has changed the"
        " shipment since it was posted",
    )


def changed_since_deleted(
    own: FulfillmentFact, lines: Iterable[SourceLine], documents: Sequence[Posted]
) -> tuple[RefusedUnits, ...]:
    """Return the differences to what we posted on a fulfilment that is gone.

    Args:
        own: the one that a person has made in its place; it holds what ShipBob says now.
        lines: of the shipment.
        documents: what is posted of it.
    """
    before = {
        line.source_line for one in documents for line in one.lines if line.quantity is not None
    }
    if own.status in FULFILLMENT_NOT_SHIPPED:  # its units are posted anew
        return taken_out(own, documents)
    changed = changed_units(lines, documents)
    return offsets(
        {one: quantity for one, quantity in changed.items() if one in before},
        f"Item fulfilment {own.called} holds what ShipBob says now; ShipBob has changed the"
        " shipment since it was posted",
    )


def taken_out(own: FulfillmentFact, documents: Iterable[Posted]) -> tuple[RefusedUnits, ...]:
    """Return the units that we posted on fulfilments that are gone, with the sign turned.

    Args:
        own: the fulfilment that moves the shipment's units now.
        documents: what is posted of the shipment.
    """
    others = [one for one in documents if one.remote_id != own.id]
    return offsets(
        changed_units((), others),
        f"Item fulfilment {own.called} has them; the one that was posted before is gone from"
        " NetSuite",
    )


def not_shipped(facts: TrackingFacts, posted: Sequence[Posted]) -> Plan:
    """Return the plan for a shipment that has not left: nothing.

    Raises:
        NeedsHuman: its item fulfilment says that it has.
    """
    shipment = facts.shipment
    said = ", ".join(shipment.details.values())
    state = f"{shipment.status}{f' ({said})' if said else ''}"
    linked = linked_fulfillment(posted, facts.gone)
    if linked is not None and has_posted_units(posted, {linked}):
        raise _held_again(facts, linked, state)
    note = f"Nothing has shipped yet: it is {state}"
    taken_out = changed_units((), [one for one in posted if one.remote_id in facts.gone])
    return Plan(
        note=note,
        gone=facts.gone,
        refused=offsets(taken_out, f"{note}; its item fulfilment is gone from NetSuite"),
    )


def offsets(changed: Mapping[str, int], reason: str) -> tuple[RefusedUnits, ...]:
    """Return differences to what was posted as refused, for one reason."""
    return tuple(
        RefusedUnits(source_line=source_line, reason=reason, quantity=quantity)
        for source_line, quantity in changed.items()
    )


def listed_changes(
    shipment: ShipmentFact, changed: Mapping[str, int], documents: Iterable[Posted]
) -> str:
    """Return, in words, by how much the units of a shipment differ from those that we posted."""
    skus = {line.source_line: line.sku for one in documents for line in one.lines}
    skus |= {unit.source_line: unit.sku for unit in shipment.units}
    listed: list[str] = []
    for line, quantity in changed.items():
        _, of_lot, lot = line.partition(" lot ")
        what = f"{skus[line]}{of_lot}{lot}" if skus.get(line) else line
        listed.append(f"{abs(quantity)} {'more' if quantity < 0 else 'fewer'} of {what}")
    return ", ".join(listed)


def _differs(shipment: ShipmentFact, own: FulfillmentFact, said: str, moved: str) -> NeedsHuman:
    since = f"since item fulfilment {own.called} was posted"
    if moved:
        now = f"; it holds {said} now" if said else ""
        happened = f"ShipBob has moved shipment {shipment.id} {since}: {moved}{now}"
    else:
        happened = f"ShipBob has changed shipment {shipment.id} {since}: it holds {said} now"
    return NeedsHuman(
        happened,
        cause=Cause.SHIPMENT_CHANGED,
        remedy=(
            f"Find out from ShipBob what has left. If it is what ShipBob says now, correct"
            f" {own.called} in NetSuite until it holds exactly these units"
            f"{' at that location' if moved else ''}; what is on no line of"
            " the sales order is added to it first. It then goes on by itself. If what was posted"
            " has left, ask ShipBob to correct the shipment."
        ),
    )


def _held_again(facts: TrackingFacts, linked: str, state: str) -> NeedsHuman:
    every = [one for order in facts.sales_orders for one in order.fulfillments]
    called = next((one.called for one in every if one.id == linked), linked)
    return NeedsHuman(
        f"Shipment {facts.shipment_id} is {state} at ShipBob again, but item fulfilment {called}"
        " says that it was shipped",
        cause=Cause.SHIPMENT_CHANGED,
        remedy=(
            "Nothing, if ShipBob still ships it: it then goes on by itself. If it does not leave,"
            f" delete {called} in NetSuite."
        ),
    )
