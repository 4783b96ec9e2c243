"""What people took as it is: every source of the month of which somebody decided so. Pure.

Of some nothing is refused, such as a shipment that left from another center than was posted: they
are named all the same.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sections import Sections


class AcceptedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that is as it is since a person decided so.

    Attributes:
        source: such as ``invoice 71823``.
        day: of its latest line, else of what was posted of it, else of the decision.
        sentence: why it had stopped, with the records and figures.
        amount: of money that the journal has of somebody else's bill beyond the invoice.
    """

    decision: int
    flow: str
    source: str
    day: date
    sentence: str
    note: str
    person: str
    made_at: datetime
    amount: Decimal | None = None
    currency: str | None = None


def judge(accepted: Iterable[AcceptedSource], sections: Sections) -> Iterator[Difference]:
    """Yield each source that people took as it is, with their decision."""
    for one in accepted:
        day = one.made_at.astimezone(UTC).date()
        yield Difference(
            kind=Kind.FACT_ACCEPTED,
            section=sections.of_facts(one.flow).key,
            currency=one.currency or "",
            journal=one.amount,
            source=one.source,
            fact_date=one.day,
            says=f"{one.source} is taken as it is: {one.sentence}",
            decided=(
                f"Decided by {one.person} on {day}: accept. {one.note} (decision {one.decision})"
            ),
            accepted=True,
        )
