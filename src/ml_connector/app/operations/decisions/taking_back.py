"""A decision is taken back as an act, and its subject runs again as if nobody had decided."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import mapping
from ml_connector.app.operations.decisions.offers import STOPPED
from ml_connector.app.operations.decisions.orders import orders
from ml_connector.engine.inbox.siblings import siblings
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS, billing
from ml_connector.ledger.connections import acts
from ml_connector.ledger.decisions import decisions, handled
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.rules.decisions.bills import BILL_TYPES
from ml_connector.rules.decisions.not_ours import reason_of
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind

_POSTS_NOTHING: Final = frozenset(
    {DecisionKind.HANDLED, DecisionKind.NOT_OURS, DecisionKind.ACCEPT}
)
"""Decisions of which no document of ours follows."""


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A decision that was taken back.

    Attributes:
        posted: documents that were posted since because of it, and stay: kind, external id,
            internal id.
        restored: what became of the setting that it had made; empty where it made none.
    """

    decision: KeptDecision
    posted: Sequence[dict[str, Any]]
    restored: str = ""


async def undecide(
    installation: Installation,
    names: Collection[str],
    decision_id: int,
    *,
    person: str,
    note: str = "",
) -> TakenBack:
    """Take a decision back as an act, and let its subject run again at once.

    What it accounted for is accounted for by nothing from now on.

    Raises:
        UserError: there is no such decision, or it was taken back before; or the setting that it
            made can't be put back.
    """
    async with installation.database.transaction() as on:
        kept = await decisions.find(on, decision_id)
    if kept is None or kept.connection not in names:
        raise UserError(
            f"There is no decision {decision_id}",
            where="events undecide",
            next_step="See the decisions about an event with: events show ID.",
        )
    restored = ""
    if kept.kind is DecisionKind.MAP and kept.taken_back_at is None:
        restored = await mapping.take_back(installation, kept, person=person)
    async with installation.database.transaction() as on:
        ref = SubjectRef(kept.connection, kept.flow, kept.key)
        await run_again(
            on,
            installation.lanes,
            [ref, *await orders(on, ref, kept.kind, kept.about), *await _siblings(on, kept)],
            source="person",
            topic=f"events undecide {decision_id}",
        )
        await handled.release(on, decision_id)
        if kept.kind is DecisionKind.NOT_OURS:
            await handled.release_refused(on, ref, reason_of(kept.note))
        if not await decisions.take_back(on, decision_id, person=person, note=note):
            raise UserError(
                f"Decision {decision_id} was taken back before, by {kept.taken_back_by}",
                where="events undecide",
                next_step="Nothing has to be done.",
            )
        posted = await decisions.posted_since(on, kept)
        await acts.record(
            on,
            person,
            "events.undecide",
            connection=kept.connection,
            details={
                "flow": kept.flow,
                "subject": kept.key,
                "decision": kept.id,
                "note": note,
                "before": {"decided": kept.says, "by": kept.person},
                "after": None,
                "posted": [one["external_id"] for one in posted],
            },
        )
    posts = kept.kind not in _POSTS_NOTHING
    return TakenBack(decision=kept, posted=posted if posts else (), restored=restored)


async def _siblings(on: Connection, kept: KeptDecision) -> list[SubjectRef]:
    """Return the stopped subjects for which the document is free again that a decision names.

    A bill is none of an invoice's that has its number while it stands for another one's: a run
    of that invoice did not even see it, so it is found by the number.
    """
    document = kept.about.document
    if kept.kind is not DecisionKind.HANDLED or document is None:
        return []
    ref = SubjectRef(kept.connection, kept.flow, kept.key)
    found = await siblings(on, FLOWS, ref, [document.id])
    if document.type in BILL_TYPES:
        invoice = SubjectRef(kept.connection, billing.FLOW.name, document.number)
        standing = await outcomes.of_ref(on, invoice)
        if standing is not None and standing.state in STOPPED:
            found = [*found, invoice]
    return list(dict.fromkeys(found))
