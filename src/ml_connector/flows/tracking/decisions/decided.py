"""What people decided about a shipment: whether it still holds, and what it names. Pure.

``handled``: a document of others accounts for its units. ``separate``: a fulfilment of others is
of another parcel. ``belongs``: the sales order is this one, whatever ShipBob names.
``adjust``: its units go out of stock, since no order has them. ``not-ours``: nothing is posted
of it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.flows.tracking.source_lines import source_lines
from ml_connector.ledger.decisions.decisions import NamedUnits
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.rules.decisions import decided
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.decisions.named import order_by_decision, settled_documents
from ml_connector.rules.decisions.not_ours import ignore_rule as not_ours_rule
from ml_connector.rules.decisions.not_ours import not_ours
from ml_connector.rules.decisions.policies import decided_settings, is_adjusted
from ml_connector.words import DecisionKind

_EVERY: Final = frozenset(DecisionKind)


def match(facts: TrackingFacts) -> str:
    """Return what ShipBob names the order; empty where it names none."""
    return facts.reference or facts.order_number or ""


def lapses(facts: TrackingFacts, settings: ConnectionSettings) -> dict[int, str]:
    """Return, by decision, why it does not hold any more; empty while it holds."""
    return decided.lapses(facts.decisions, match(facts), source_lines(facts, settings))


def left_to_others(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a shipment that is not ours, as a person decided; None for no decision.

    Raises:
        NeedsHuman: that decision does not hold any more.
    """
    what, lines = f"Shipment {facts.shipment_id}", source_lines(facts, settings)
    return not_ours(what, facts.decisions, match(facts), lines, posted)


def ignore_rule(facts: TrackingFacts) -> str:
    """Return the rule that has all orders ignored whose number begins like this one's."""
    return not_ours_rule("order_prefixes", match(facts))


def decided_for(facts: TrackingFacts, settings: ConnectionSettings) -> ConnectionSettings:
    """Return the settings as they are for one shipment, with what people decided about it."""
    names = {unit.source_line for unit in facts.shipment.units}
    return decided_settings(settings, facts.decisions, names)


def is_adjusted_by_decision(facts: TrackingFacts) -> bool:
    """Whether a person decided that a shipment without an order is adjusted out of stock."""
    names = {unit.source_line for unit in facts.shipment.units}
    return is_adjusted(facts.decisions, "unmatched_shipment", names)


def lapsed(
    facts: TrackingFacts,
    settings: ConnectionSettings,
    *,
    kinds: Collection[DecisionKind] = _EVERY,
) -> NeedsHuman | None:
    """Return the failure of a shipment with a decision that does not hold; None where all do.

    Args:
        facts: of the shipment.
        settings: of the connection.
        kinds: the decisions that are looked at.
    """
    wanted = [one for one in facts.decisions if one.kind in kinds]
    lines = source_lines(facts, settings)
    return decided.lapsed(f"Shipment {facts.shipment_id}", wanted, match(facts), lines)


def decided_order(decisions: Iterable[Decided]) -> str | None:
    """Return the internal id of the order that a shipment belongs to by decision, if any."""
    return order_by_decision(decisions)


def separate_fulfillments(facts: TrackingFacts) -> frozenset[str]:
    """Return the internal ids of the documents of others that are in question no more."""
    return settled_documents(facts.decisions)


def taken_of(facts: TrackingFacts, document_id: str) -> tuple[NamedUnits, ...]:
    """Return the units that decisions about other shipments took of a document."""
    return facts.taken.get(document_id, ())
