"""Lines of the source that are not posted on purpose. Pure."""

from collections.abc import Iterable

from ml_connector.ledger.postings.documents import Plan, RefusedUnits, SourceLine


def refused(lines: Iterable[SourceLine], reason: str) -> tuple[RefusedUnits, ...]:
    """Return these lines as refused in full, for one reason."""
    return tuple(
        RefusedUnits(
            source_line=line.source_line,
            reason=reason,
            quantity=line.quantity,
            amount=line.amount,
            currency=line.currency,
        )
        for line in lines
    )


def refusal(lines: Iterable[SourceLine], reason: str) -> Plan:
    """Return the plan that posts nothing and refuses all of these lines."""
    return Plan(note=reason, refused=refused(lines, reason))
