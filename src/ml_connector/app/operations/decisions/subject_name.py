"""How people call a subject."""

from ml_connector.flows import FLOWS
from ml_connector.ledger.inbox.subjects import SubjectRef


def named(ref: SubjectRef) -> str:
    """Return a subject as people call it, such as ``wro 90311``."""
    flow = FLOWS.get(ref.flow)
    return f"{flow.source if flow else ref.flow} {ref.key}"
