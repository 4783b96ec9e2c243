"""A return to plan documents for, and what this needs. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.returns.documents import ReturnBooking, ReturnedUnits
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.flows.returns.requirements import write_off_account
from ml_connector.flows.returns.source_lines import fact_date_of
from ml_connector.ledger.postings.documents import Posted
from ml_connector.rules.adjustments import Subsidiaries, adjustment_subsidiary
from ml_connector.rules.posting_dates import posting_date
from ml_connector.words import ExternalIdPrefix


class ReturnTask(NamedTuple):
    """A return to plan documents for, and what this needs.

    Attributes:
        coming: units that are not in NetSuite yet.
        disposed: all units of this return that were disposed of, in NetSuite or not.
        booked: units that are booked, by source line.
    """

    facts: ReturnFacts
    booking: ReturnBooking
    coming: tuple[ReturnedUnits, ...]
    disposed: tuple[ReturnedUnits, ...]
    booked: Mapping[str, int]
    posted: tuple[Posted, ...]
    settings: ConnectionSettings

    @property
    def parks_unmatched(self) -> bool:
        """Whether units that nothing in NetSuite covers wait for a person."""
        return self.settings.policies.unmatched_return == "park"

    def number(self, sort: ExternalIdPrefix) -> int:
        """Return the number of the next document of this return whose external id begins so."""
        prefix = f"{sort}{self.booking.return_id}-"
        return 1 + sum(document.external_id.startswith(prefix) for document in self.posted)


def task_of(
    facts: ReturnFacts,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
    parts: Sequence[ReturnedUnits],
    booked: Mapping[str, int],
) -> ReturnTask:
    """Return what is left of a return, with all that its documents need.

    Args:
        facts: of the return.
        posted: what is posted of it.
        settings: as they are for it.
        parts: its units that are not booked, or not written off.
        booked: units that are booked, by source line.

    Raises:
        NeedsData: no account for what was disposed of.
        NeedsHuman: the period is closed, or the subsidiary is not clear.
    """
    disposed = tuple(part for part in parts if part.unit.action == "dispose")
    subsidiaries = subsidiaries_of(facts, settings)
    if disposed:
        write_off_account(facts, settings.accounts)
        adjustment_subsidiary(disposed[0].location, subsidiaries, f"Return {facts.return_id}")
    coming = (part.of(part.quantity - booked[part.unit.source_line]) for part in parts)
    return ReturnTask(
        facts=facts,
        booking=booking_of(facts, settings),
        coming=tuple(part for part in coming if part.quantity > 0),
        disposed=disposed,
        booked=booked,
        posted=tuple(posted),
        settings=settings,
    )


def booking_of(facts: ReturnFacts, settings: ConnectionSettings) -> ReturnBooking:
    """Return what all documents of a return share.

    Raises:
        NeedsHuman: no date is told, or the period is closed.
    """
    fact_date = fact_date_of(facts, settings)
    return ReturnBooking(
        return_id=facts.return_id,
        reference=facts.reference,
        fact_date=fact_date,
        date=posting_date(
            fact_date,
            facts.periods,
            settings.policies.closed_period,
            document=f"return {facts.return_id}",
        ),
        subsidiaries=subsidiaries_of(facts, settings),
    )


def subsidiaries_of(facts: ReturnFacts, settings: ConnectionSettings) -> Subsidiaries:
    """Return what is known of the subsidiaries of which a return's documents may be."""
    return Subsidiaries(
        facts.location_subsidiaries, _order_subsidiary(facts), settings.netsuite.subsidiary
    )


def _order_subsidiary(facts: ReturnFacts) -> str | None:
    """Return the subsidiary of the authorization or sales order; None where they name several."""
    orders = facts.named or facts.sales
    named = {order.subsidiary for order in orders if order.subsidiary is not None}
    return named.pop() if len(named) == 1 else None
