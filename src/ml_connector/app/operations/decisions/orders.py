"""The orders that run again with a decision about what is on its way to them."""

from ml_connector.app.operations.decisions.wanted import NAMES_AN_ORDER
from ml_connector.awaited import AwaitedKind
from ml_connector.flows import FLOWS
from ml_connector.ledger.decisions.decisions import DecidedAbout
from ml_connector.ledger.inbox import subjects, waits
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind


async def orders(
    on: Connection, ref: SubjectRef, kind: DecisionKind, about: DecidedAbout
) -> list[SubjectRef]:
    """Return the orders that a decision tells what is on its way to them.

    That which a WRO is said to belong to, and those that wait to know whose it is.
    """
    if kind not in NAMES_AN_ORDER or about.document is None:
        return []
    found = [
        order
        for flow in FLOWS.values()
        if flow.pushes
        for order in [SubjectRef(ref.connection, flow.name, about.document.id)]
        if await subjects.find(on, order) is not None
    ]
    asking = await waits.waiting_for(on, ref.connection, [AwaitedKind.ENDED_WRO.named(ref.key)])
    return list(dict.fromkeys((*found, *asking)))
