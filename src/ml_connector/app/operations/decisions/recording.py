"""A decision is recorded as an act, and its subject runs again at once.

Nobody is told apart yet: whoever may run the command may decide. Who may is decided here.
"""

from datetime import UTC

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import mapping
from ml_connector.app.operations.decisions.consequences import leads_to
from ml_connector.app.operations.decisions.orders import orders
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.engine.inbox import reruns
from ml_connector.engine.inbox.siblings import wake_siblings
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.connections import acts
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox import outcomes, subjects, waits
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import runs
from ml_connector.storage.database import Connection
from ml_connector.words import DecisionKind


async def decide(installation: Installation, proposal: Proposal, *, person: str) -> KeptDecision:
    """Record a decision as an act, and let its subject run again at once.

    Of two persons who decide about one subject at the same moment, the first to come wins.

    Raises:
        UserError: the subject stands otherwise by now, or was decided about meanwhile; or the
            setting that it makes can't be saved.
    """
    new = proposal.new
    if new.kind is DecisionKind.MAP:
        async with installation.database.transaction() as on:
            await _refuse_decided_meanwhile(on, proposal)
        await mapping.save(installation, new, person=person)
    async with installation.database.transaction() as on:
        standing = await outcomes.of_ref(on, new.subject)
        last = await runs.last_id(on, standing.id) if standing else 0
        stopped_for = await waits.stopped_for(on, [new.subject])
        await run_again(  # locks the subject: no run of it begins meanwhile, nobody else decides
            on,
            installation.lanes,
            [new.subject, *await orders(on, new.subject, new.kind, new.about)],
            source="person",
            topic=proposal.command,
        )
        await subjects.due_now(on, new.subject)
        await _refuse_decided_meanwhile(on, proposal)
        if standing is not None and (
            standing.cause != new.cause or await runs.last_id(on, standing.id) != last
        ):
            raise UserError(
                f"{named(new.subject)} has run again meanwhile",
                where=proposal.command,
                next_step=f"Look at it with: {proposal.shown_by}",
            )
        about = msgspec.structs.replace(new.about, after_run=last)
        value = f"after run {last}" if new.kind is DecisionKind.AGAIN else new.value
        new = msgspec.structs.replace(new, value=value, about=about)
        kept = await decisions.record(on, new, person=person, replaces=proposal.replaces)
        if kept is None:
            raise _decided_meanwhile(proposal, None)
        await _record_act(on, proposal, kept, before=standing.state if standing else None)
        if new.kind is DecisionKind.AGAIN and new.subject in stopped_for:
            things = stopped_for[new.subject]
            await reruns.record_answer(on, new.subject, things, person=person, decision=kept.id)
    await _wake_siblings(installation, kept)
    return kept


async def _wake_siblings(installation: Installation, kept: KeptDecision) -> None:
    """Let invoices run again that stopped because of a bill which is another one's from now on.

    What takes units of a document wakes when a run has taken them; a bill is taken whole.
    """
    about = kept.about
    if about.document is not None and about.difference is not None and about.difference.moves:
        ref = SubjectRef(kept.connection, kept.flow, kept.key)
        database, lanes = installation.database, installation.lanes
        await wake_siblings(database, lanes, FLOWS, ref, [about.document.id])


async def _record_act(
    on: Connection, proposal: Proposal, kept: KeptDecision, *, before: str | None
) -> None:
    subject = proposal.new.subject
    await acts.record(
        on,
        kept.person,
        "events.decide" if proposal.event_id is not None else "month.decide",
        connection=subject.connection,
        details={
            "event": proposal.event_id,
            "flow": subject.flow,
            "subject": subject.key,
            "decision": kept.id,
            "note": kept.note,
            "before": {"state": before, "cause": kept.cause},
            "after": {"decided": kept.says, "leads_to": leads_to(proposal.planned)},
        },
    )


async def _refuse_decided_meanwhile(on: Connection, proposal: Proposal) -> None:
    """Stop where somebody has decided about the subject since the proposal looked at it."""
    for one in await decisions.of_subject(on, proposal.new.subject):
        if one.taken_back_at is None and one.id not in proposal.known:
            raise _decided_meanwhile(proposal, one)


def _decided_meanwhile(proposal: Proposal, other: KeptDecision | None) -> UserError:
    by = (
        f': decision {other.id}, "{other.says}", by {other.person} at'
        f" {other.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        if other
        else ""
    )
    return UserError(
        f"{named(proposal.new.subject)} was decided about meanwhile{by}",
        where=proposal.command,
        next_step=f"Nothing was decided. Look at it with: {proposal.shown_by}",
    )
