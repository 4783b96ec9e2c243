"""What a decision leads to, in sentences. Pure."""

from typing import Final

from ml_connector.app.operations.sync import Planned
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.words import Cause, DecisionKind

_EXISTS_AS: Final = " exists as "


def taken_in(cause: Cause | None, kind: DecisionKind, sentence: str) -> str:
    """Return that a record which is there is taken in as ours; empty where it is not about one."""
    record = found_record(cause, kind, sentence)
    document = sentence.partition(_EXISTS_AS)[0]
    return f"{document} is taken in as {record} is: nothing is written for it" if record else ""


def found_record(cause: Cause | None, kind: DecisionKind, sentence: str) -> str:
    """Return the id of the record that is taken in as ours, as the stop names it; else empty."""
    if (cause, kind) != (Cause.POSTED_DOCUMENT_DIFFERS, DecisionKind.ACCEPT):
        return ""
    return sentence.partition(_EXISTS_AS)[2].partition(",")[0]


def leads_to(planned: Planned) -> list[str]:
    """Return what a plan leads to, one sentence each."""
    if planned.plan is None:
        return [f"Waits: {planned.failure['sentence']}"] if planned.failure else []
    left = planned.plan.remaining_failure
    return [
        *(f"{one.title} ({one.external_id})" for one in planned.plan.documents),
        *(said(one) for one in planned.plan.handled),
        *([f"Then waits: {left}"] if left else []),
    ]


def said(one: HandledUnits) -> str:
    """Return what a document of somebody else accounts for, in a sentence."""
    return f"{one.reason}: {abs(one.quantity)} of {one.source_line} at location {one.location}"
