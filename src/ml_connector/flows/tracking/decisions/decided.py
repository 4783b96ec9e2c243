"""What people decided about a shipment: whether it still holds, and what it names. Pure.

``handled``: a document of others accounts for its units. ``separate``: a fulfilment of others is
of another parcel. ``belongs``: the sales order is this one, whatever ShipBob names.
"""

from collections.abc import Collection, Iterable
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.ledger.decisions.decisions import NamedUnits
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.decided import Decided, of_kind
from ml_connector.words import DecisionKind

_EVERY: Final = frozenset(DecisionKind)


def match(facts: TrackingFacts) -> str:
    """Return what ShipBob names the order; empty where it names none."""
    return facts.reference or facts.order_number or ""


def lapses(facts: TrackingFacts) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, match(facts))


def lapsed(facts: TrackingFacts, *, kinds: Collection[DecisionKind] = _EVERY) -> NeedsHuman | None:
    """Return the failure of a shipment with a decision that does not hold; None where all do.

    Args:
        facts: of the shipment.
        kinds: the decisions that are looked at.
    """
    wanted = [one for one in facts.decisions if one.kind in kinds]
    return decided.lapsed(f"Shipment {facts.shipment_id}", wanted, match(facts))


def decided_order(decisions: Iterable[Decided]) -> str | None:
    """Return the internal id of the order that a shipment belongs to by decision, if any."""
    belongs = [one.then.id for one in of_kind(decisions, DecisionKind.BELONGS) if one.then]
    return belongs[-1] if belongs else None


def separate_fulfillments(facts: TrackingFacts) -> frozenset[str]:
    """Return the internal ids of the documents that are in question no more.

    One that is separate is of another parcel; one by which the shipment was handled has been
    counted with all that it holds of it.
    """
    return frozenset(
        one.then.id
        for kind in (DecisionKind.SEPARATE, DecisionKind.HANDLED)
        for one in of_kind(facts.decisions, kind)
        if one.then is not None
    )


def taken_of(facts: TrackingFacts, document_id: str) -> tuple[NamedUnits, ...]:
    """Return the units that decisions about other shipments took of a document."""
    return facts.taken.get(document_id, ())
