"""What a decision leads to, in sentences. Pure."""

from ml_connector.app.operations.sync import Planned
from ml_connector.ledger.postings.documents import HandledUnits


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
