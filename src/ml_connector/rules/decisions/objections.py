"""Why a decision about a document of others would decide nothing. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.rules.decisions.decided import (
    Decided,
    document_name,
    free_units,
    moved_units,
)
from ml_connector.words import DecisionKind


class UnitsToAccountFor(NamedTuple):
    """What a document of others must hold to account for units of a subject.

    Attributes:
        what: the subject, such as ``WRO 90311``.
        items: NetSuite's, of its units.
        places: locations at which its units may lie.
        there: these locations, for a person.
        leaving: whether it has units that leave stock, and whether it has such that come in.
        subsidiaries: of which the document may be; empty: of any.
    """

    what: str
    items: Collection[str]
    places: Collection[str]
    there: str
    leaving: Collection[bool]
    subsidiaries: Collection[str]


def objection_to(
    decisions: Iterable[Decided],
    decision_id: int,
    *,
    handles: Callable[[Decided, NamedDocument], str],
    separates: Callable[[NamedDocument], str],
) -> str:
    """Return why a decision decides nothing about a subject; empty where it does.

    Args:
        decisions: about the subject, with this one.
        decision_id: of it.
        handles: why a document accounts for nothing; empty where it accounts for something.
        separates: why a document can't be another matter; empty where it can.
    """
    for one in decisions:
        if one.id == decision_id and one.then is not None:
            if one.kind == DecisionKind.HANDLED:
                return handles(one, one.then)
            if one.kind == DecisionKind.SEPARATE:
                return separates(one.then)
    return ""


def handles_nothing(
    one: Decided,
    document: NamedDocument,
    handled: Sequence[HandledUnits],
    wanted: UnitsToAccountFor,
) -> str:
    """Return why a document accounts for nothing of a subject; empty where it does.

    Args:
        one: the decision.
        document: that it names.
        handled: what the plan counts as handled.
        wanted: what it would have to hold.
    """
    named = document_name(document)
    other = _other_subsidiary(document, wanted)
    if other or any(units.decision == one.id for units in handled):
        return other
    moved = {place for way in wanted.leaving for place in moved_units(document, leaving=way)}
    shown = {place for place in moved if place[0] in wanted.items and place[1] in wanted.places}
    if not shown:
        return f"{named} holds nothing of {wanted.what} at location {wanted.there}"
    free = {place for way in wanted.leaving for place in free_units(one, leaving=way)}
    if free.isdisjoint(shown):
        return f"Other decisions have taken all that {named} holds of its items"
    return f"Nothing of {wanted.what} that {named} holds is open"


def _other_subsidiary(document: NamedDocument, wanted: UnitsToAccountFor) -> str:
    """Return that a document is not of a subsidiary that ours would carry; empty if it is."""
    if not wanted.subsidiaries or document.subsidiary in {None, *wanted.subsidiaries}:
        return ""
    return (
        f"{document_name(document)} is of subsidiary {document.subsidiary}, and what"
        f" {wanted.what} leads to would be of subsidiary"
        f" {' or '.join(sorted(wanted.subsidiaries))}"
    )
