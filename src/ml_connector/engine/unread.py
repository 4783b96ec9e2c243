"""Subjects of which nothing can be read, and that a person decided to take as they are.

The source has no such record, or what it shows is not what it documents. No plan is made of that,
so the decision is looked up here. As soon as the subject can be read, it is planned as any other.
"""

from typing import Final

from ml_connector.engine.flow import Flow
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger.postings.documents import Plan
from ml_connector.reads.reads import Reads
from ml_connector.words import Cause, DecisionKind

TAKEN_AS_IT_IS: Final = "Taken as it is, as a person decided: "

UNREAD: Final = frozenset({Cause.RECORD_NOT_FOUND, Cause.EVENT_UNREADABLE})
"""The causes of subjects that can't be read, about which a person may decide all the same."""


async def taken_unread(
    flow: Flow, key: str, reads: Reads, failure: NeedsData | NeedsHuman
) -> Plan | None:
    """Return the plan for a subject that can't be read: nothing, as a person decided.

    Whatever the fault is by now: there is no more to be seen of it than when it was decided.
    None where nobody decided so.

    Args:
        flow: of the subject.
        key: of the subject.
        reads: of the connection.
        failure: why it can't be read.
    """
    if failure.cause not in UNREAD:
        return None
    standing = await reads.decisions.standing(flow.name, key)
    if not any(
        one.decision.kind is DecisionKind.ACCEPT and one.decision.cause == failure.cause
        for one in standing
    ):
        return None
    return Plan(note=f"{TAKEN_AS_IT_IS}{failure}")
