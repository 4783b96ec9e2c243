"""A decision is recorded as an act, and its subject runs again at once.

Nobody is told apart yet: whoever may run the command may decide. Who may is decided here.
"""

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import mapping
from ml_connector.app.operations.decisions.consequences import leads_to
from ml_connector.app.operations.decisions.orders import orders
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.app.operations.decisions.subject_name import named
from ml_connector.engine.inbox import reruns
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import KeptDecision
from ml_connector.ledger.inbox import outcomes, waits
from ml_connector.ledger.postings import runs
from ml_connector.words import DecisionKind


async def decide(installation: Installation, proposal: Proposal, *, person: str) -> KeptDecision:
    """Record a decision as an act, and let its subject run again at once.

    Raises:
        UserError: the subject stands otherwise by now, or was decided about meanwhile; or the
            setting that it makes can't be saved.
    """
    new = proposal.new
    if new.kind is DecisionKind.MAP:
        await mapping.save(installation, new, person=person)
    async with installation.database.transaction() as on:
        standing = await outcomes.of_event(on, proposal.event_id)
        stopped_for = await waits.stopped_for(on, [new.subject])
        await run_again(  # locks the subject: no run of it begins meanwhile
            on,
            installation.lanes,
            [new.subject, *await orders(on, new.subject, new.kind, new.about)],
            source="person",
            topic=f"events decide {proposal.event_id}",
        )
        if standing is not None:
            last = await runs.last_id(on, standing.id)
            about = msgspec.structs.replace(new.about, after_run=last)
            value = f"after run {last}" if new.kind is DecisionKind.AGAIN else new.value
            new = msgspec.structs.replace(new, value=value, about=about)
        kept = await decisions.record(on, new, person=person, replaces=proposal.replaces)
        if kept is None or standing is None or standing.cause != new.cause:
            raise UserError(
                f"{named(new.subject)} was decided about meanwhile, or has run again",
                where="events decide",
                next_step=f"Look at it with: events show {proposal.event_id}",
            )
        await acts.record(
            on,
            person,
            "events.decide",
            connection=new.subject.connection,
            details={
                "event": proposal.event_id,
                "flow": new.subject.flow,
                "subject": new.subject.key,
                "decision": kept.id,
                "note": new.note,
                "before": {"state": standing.state, "cause": new.cause},
                "after": {"decided": kept.says, "leads_to": leads_to(proposal.planned)},
            },
        )
        if new.kind is DecisionKind.AGAIN and new.subject in stopped_for:
            things = stopped_for[new.subject]
            await reruns.record_answer(on, new.subject, things, person=person, decision=kept.id)
    return kept
