"""The subjects of a flow that are looked at again when a document that decides them changes."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Final, TypeVar

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads

T = TypeVar("T")

_MOST: Final = 1000
"""Subjects that one sweep looks at: their documents fit into one call, or a few."""

_TURN_SECONDS: Final = 900.0


def _part_of(named: Mapping[str, T], now: float) -> Mapping[str, T]:
    parts = -(-len(named) // _MOST)
    if parts <= 1:
        return named
    begin = int(now // _TURN_SECONDS) % parts * _MOST
    return dict(sorted(named.items())[begin : begin + _MOST])


async def decided_subjects(flow: str, reads: Reads) -> AsyncIterator[SweepResult]:
    """Yield the subjects about which decisions name documents, in the state that those are in.

    Likewise those of which something is refused because documents of others show it. A document
    that was changed or deleted since makes another state: the subject is looked at again. Of very
    many, a sweep looks at a part, and the next one at the next.
    """
    named = _part_of(await reads.decisions.naming_documents(flow), time.time())
    if not named:
        return
    changes = await reads.documents.changes({one for ids in named.values() for one in ids})
    for key, ids in named.items():
        states = (f"{one} of {changes.get(one, 'nowhere')}" for one in sorted(ids))
        yield SweepResult(key=key, version=f"decided by {', '.join(states)}")
