"""Earlier decisions about a subject: which of them end with a new one. Pure."""

from collections.abc import Sequence

from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.app.operations.decisions.wanted import NAMES_AN_ORDER, NAMES_LINES
from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import KeptDecision, NewDecision
from ml_connector.rules.decisions.decided import DONE_AT_ONCE
from ml_connector.words import DecisionKind


def replaced(new: NewDecision, standing: Sequence[KeptDecision]) -> tuple[int, ...]:
    """Return the decisions that end with the new one, since they do not hold any more.

    One about lines ends with the next one about them; whether that is needed shows when it is
    planned.

    Raises:
        UserError: a decision that holds names the same document, or another order; or says
            otherwise than that the subject is not ours.
    """
    if new.kind in DONE_AT_ONCE:
        return ()
    same = [one for one in standing if _is_instead(new, one)]
    for one in same:
        if one.lapsed_why is None and not (one.kind is new.kind and new.kind in NAMES_LINES):
            raise decided_already(new, one)
    return tuple(one.id for one in same)


def _is_instead(new: NewDecision, one: KeptDecision) -> bool:
    """Return whether two decisions about a subject can't both hold."""
    if one.kind in DONE_AT_ONCE:
        return False
    if DecisionKind.NOT_OURS in {new.kind, one.kind}:
        return True
    if new.kind is one.kind:
        same = {DecisionKind.ADJUST: new.value == one.value}
        if same.get(new.kind, new.kind in NAMES_AN_ORDER):
            return True
    document = new.about.document
    return bool(document and one.about.document and one.about.document.id == document.id)


def decided_already(new: NewDecision, one: KeptDecision) -> UserError:
    """Return the failure of a decision that another one stands in the way of."""
    return UserError(
        f"{named(new.subject)} was decided about already: decision {one.id},"
        f' "{one.says}", by {one.person}',
        where="events decide",
        next_step=f"Take it back first: events undecide {one.id}",
    )


def refuse_the_same(new: NewDecision, one: KeptDecision) -> None:
    """Stop where a decision that holds is about all that a new one is about."""
    known = {line.name for line in one.about.lines}
    is_known = not known or known >= {line.name for line in new.about.lines}
    if one.lapsed_why is None and is_known:
        raise decided_already(new, one)
