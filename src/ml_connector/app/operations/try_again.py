"""Letting many stopped subjects run again: what is safe for all of them at once."""

from collections.abc import Sequence
from typing import Final

from ml_connector.app.installation.installation import Installation
from ml_connector.engine.inbox import reruns
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import UserError
from ml_connector.ledger import story
from ml_connector.ledger.connections import acts
from ml_connector.ledger.inbox import waits
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection

MOST_AT_ONCE: Final = 500


async def try_again(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    subject_ids: Sequence[int],
    *,
    person: str,
) -> int:
    """Let subjects run again, and record the act; return how many there are.

    It is what ``events replay --id`` does: what they stopped for counts as answered.

    Args:
        installation: where.
        on: inside a transaction.
        names: the connections that the person sees.
        subject_ids: which; those of other connections are left alone.
        person: who asks for it.

    Raises:
        UserError: none is named, or too many are.
    """
    if not subject_ids or len(subject_ids) > MOST_AT_ONCE:
        raise UserError(
            "Nothing is selected" if not subject_ids else f"{len(subject_ids):,} are selected",
            where="subjects",
            next_step=f"Select 1 to {MOST_AT_ONCE} at once.",
        )
    found = await story.existing(on, names, subject_ids)
    refs = [SubjectRef(one["connection"], one["flow"], one["key"]) for one in found]
    for ref, things in sorted((await waits.stopped_for(on, refs)).items()):
        await reruns.record_answer(on, ref, things, person=person)
    await run_again(on, installation.lanes, refs, source="replay", topic="events replay")
    for name in sorted({ref.connection for ref in refs}):
        await acts.record(
            on,
            person,
            "events.replay",
            connection=name,
            details={
                "which": [f"{ref.flow} {ref.key}" for ref in refs if ref.connection == name],
                "subjects": sum(ref.connection == name for ref in refs),
            },
        )
    return len(refs)
