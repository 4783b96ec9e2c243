"""Decisions to correct: bound to the counter-document that was shown. Pure."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ml_connector.app.operations.sync import Planned
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.decisions import Decidable
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.decisions.decisions import KeptDecision, NewDecision
from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.rules.decisions.corrections import corrected_units
from ml_connector.words import DecisionKind

_NOTHING: Final = "nothing is booked too much"
_LOOK: Final = "Look at it with events show; where stock differs, name a SKU that differs."


def bound(
    new: NewDecision,
    planned: Planned,
    corrections: Sequence[Document],
) -> NewDecision:
    """Return a decision to correct, bound to its counter-document.

    Args:
        new: names nothing yet.
        planned: what the subject's next run would do.
        corrections: the counter-documents that it may be about.

    Raises:
        UserError: the plan makes none.
    """
    wanted = planned.plan.documents if planned.plan else ()
    made = [one for one in corrections if one in wanted]
    if not made:
        left = planned.plan.remaining_failure if planned.plan else None
        what = f"{new.value}: " if new.value else ""
        why = planned.failure["sentence"] if planned.failure else f"{what}{left or _NOTHING}"
        todo = planned.failure["remedy"] if planned.failure else _LOOK
        raise UserError(
            f"No document of ours would correct it: {why}",
            where="--as correct",
            next_step=f"Nothing was decided. {todo}",
        )
    about = msgspec.structs.replace(new.about, corrects=corrected_units(made[0].lines))
    return msgspec.structs.replace(new, value=made[0].external_id, about=about)


def corrections_of(
    decidable: Decidable, facts: Any, posted: Sequence[Posted], settings: ConnectionSettings
) -> Sequence[Document]:
    """Return the counter-documents that are decided on; none where they can't be made."""
    try:
        return decidable.corrections(facts, posted, settings)
    except ConnectorError:
        return ()  # the plan has failed with the same


def replaced(new: NewDecision, standing: Sequence[KeptDecision]) -> tuple[int, ...]:
    """Return the decisions on the same document that end with a new one: it says otherwise now.

    Raises:
        UserError: just this was decided already.
    """
    same = [
        one
        for one in standing
        if (one.kind, one.value) == (DecisionKind.CORRECT, new.value) and one.taken_back_at is None
    ]
    for one in same:
        if one.about.corrects == new.about.corrects:
            raise UserError(
                f'That was decided already: decision {one.id}, "{one.says}", by {one.person}',
                where="events decide",
                next_step=f"It waits to be posted. Take it back with: events undecide {one.id}",
            )
    return tuple(one.id for one in same)
