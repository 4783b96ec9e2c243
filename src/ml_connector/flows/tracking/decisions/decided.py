"""What people decided about a shipment: that a fulfilment of others is of another parcel.

``name`` asks NetSuite; everything else is pure.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable, Offers
from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.ledger.decisions.decisions import NamedDocument, NewDecision
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.decided import document_name, of_kind
from ml_connector.rules.decisions.naming import named_document
from ml_connector.words import Cause, DecisionKind

_OFFERS: Final[Offers] = MappingProxyType(
    {Cause.FULFILLED_BY_OTHERS: (DecisionKind.SEPARATE,)},
)


async def name(new: NewDecision, text: str, reads: Reads) -> NamedDocument | None:
    """Look up the item fulfilment that a person names.

    Raises:
        UserError: there is none that can be meant, or there are several.
    """
    del new  # one kind is offered
    return await named_document(text, reads, ("ItemShip",))


def match(facts: TrackingFacts) -> str:
    """Return ShipBob's reference of the order; empty where there is none."""
    return facts.reference or ""


def lapses(facts: TrackingFacts) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, match(facts))


def lapsed(facts: TrackingFacts) -> NeedsHuman | None:
    """Return the failure of a shipment with a decision that does not hold; None where all do."""
    return decided.lapsed(f"Shipment {facts.shipment_id}", facts.decisions, match(facts))


def separate_fulfillments(facts: TrackingFacts) -> frozenset[str]:
    """Return the internal ids of the fulfilments that are of other parcels, as people decided."""
    return frozenset(
        one.then.id
        for one in of_kind(facts.decisions, DecisionKind.SEPARATE)
        if one.then is not None
    )


def objection(
    facts: TrackingFacts,
    handled: Sequence[HandledUnits],
    decision_id: int,
    settings: ConnectionSettings,
) -> str:
    """Return why a decision decides nothing about a shipment; empty where it does.

    Args:
        facts: with the decision in them.
        handled: what the plan counts as handled.
        decision_id: of the decision.
        settings: of the connection.
    """
    del handled, settings  # nothing is handled by a decision about a shipment
    listed = {one.id for order in facts.sales_orders for one in order.fulfillments}
    for one in facts.decisions:
        if one.id == decision_id and one.then is not None and one.then.id not in listed:
            return (
                f"{document_name(one.then)} is none of the order of shipment {facts.shipment_id}"
            )
    return ""


DECIDABLE: Final = Decidable(
    offers=_OFFERS, name=name, match=match, lapses=lapses, objection=objection
)
