"""Decisions to accept: bound to the very stop that was shown. Pure."""

import msgspec

from ml_connector.app.operations.sync import Planned
from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import NewDecision
from ml_connector.ledger.inbox.outcomes import SubjectStanding


def bound(new: NewDecision, planned: Planned, standing: SubjectStanding) -> NewDecision:
    """Return a decision to accept, bound to the sentence of the stop.

    Args:
        new: names nothing yet.
        planned: what the subject's next run would do with it.
        standing: of the subject.

    Raises:
        UserError: it would stop all the same.
    """
    left = planned.plan.remaining_failure if planned.plan else None
    cause = planned.failure["cause"] if planned.failure else left.cause if left else None
    if cause == new.cause or not standing.sentence:
        why = planned.failure["sentence"] if planned.failure else str(left or "it has not stopped")
        todo = planned.failure["remedy"] if planned.failure else left.remedy if left else ""
        raise UserError(
            f"That can't be taken as it is: {why}",
            where="--as accept",
            next_step=f"Nothing was decided. {todo or 'Look at it with events show.'}",
        )
    return msgspec.structs.replace(new, value=standing.sentence)
