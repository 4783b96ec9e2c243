"""What people decided about a shipment that left on a day that nobody knows. Pure."""

from collections.abc import Sequence

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.decisions.decided import lapsed, left_to_others
from ml_connector.flows.tracking.decisions.handled import all_handled, split_handled
from ml_connector.flows.tracking.facts import TrackingFacts
from ml_connector.flows.tracking.source_lines import fact_date_of
from ml_connector.ledger.postings.documents import Plan, Posted


def undated(
    facts: TrackingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> Plan | None:
    """Return the plan for a shipment without a date: what people decided, and no more.

    None for a shipment with a date.

    Raises:
        NeedsHuman: units are left that are to be posted, on a day that nobody knows; or a decision
            does not hold any more.
    """
    try:
        fact_date_of(facts.shipment, settings)
    except NeedsHuman as failure:
        return _decided(facts, posted, settings, failure)
    return None


def _decided(
    facts: TrackingFacts,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    failure: NeedsHuman,
) -> Plan:
    others = left_to_others(facts, posted, settings)
    if others is not None:
        return others
    changed = lapsed(facts, settings)
    if changed is not None:
        raise changed
    rest, handled = split_handled(facts, posted, settings)
    if not handled:
        raise failure
    nothing_left = all_handled(rest, handled, posted, settings)
    return nothing_left or Plan(remaining_failure=failure, handled=handled)
