"""The subjects of a flow that are looked at again when a document that decides them changes."""

from collections.abc import AsyncIterator

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def decided_subjects(flow: str, reads: Reads) -> AsyncIterator[SweepResult]:
    """Yield the subjects about which decisions name documents, in the state that those are in.

    A document that was changed or deleted since makes another state: the subject is looked at
    again.
    """
    named = await reads.decisions.naming_documents(flow)
    if not named:
        return
    changes = await reads.documents.changes({one for ids in named.values() for one in ids})
    for key, ids in named.items():
        states = (f"{one} of {changes.get(one, 'nowhere')}" for one in sorted(ids))
        yield SweepResult(key=key, version=f"decided by {', '.join(states)}")
