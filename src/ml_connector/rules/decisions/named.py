"""What the decisions about a subject name: orders, and documents of others. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from ml_connector.rules.decisions.decided import Decided, of_kind
from ml_connector.words import DecisionKind

_IN_QUESTION_NO_MORE: Final = (DecisionKind.HANDLED, DecisionKind.SEPARATE)


def settled_documents(decisions: Iterable[Decided]) -> frozenset[str]:
    """Return the internal ids of documents of others that are in question no more.

    One that is another matter never held the units of the subject; one by which it was handled
    has been counted with all that it holds of it.
    """
    return frozenset(
        one.then.id
        for one in decisions
        if one.kind in _IN_QUESTION_NO_MORE and one.then is not None
    )


def named_documents(decisions: Iterable[Decided]) -> Iterator[str]:
    """Yield the internal ids of what decisions about a subject name."""
    for one in decisions:
        if one.then is not None:
            yield one.then.id


def order_by_decision(decisions: Iterable[Decided], *types: str) -> str | None:
    """Return the internal id of the order that a subject belongs to by decision, if any.

    Args:
        decisions: about the subject; the last that names an order counts.
        types: that the order may be of; none: whatever type.
    """
    named = [one.then for one in of_kind(decisions, DecisionKind.BELONGS) if one.then]
    return named[-1].id if named and (not types or named[-1].type in types) else None
