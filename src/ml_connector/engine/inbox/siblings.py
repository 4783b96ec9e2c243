"""Subjects that stopped because of a document of others which another subject takes or frees.

What a decision takes of a document is not there for anybody else, and what is given back is there
again. Those that stopped because of it run again then, once: by the act or the run that changed
it, never because the document is there.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from ml_connector.engine.flow import Flow, Flows
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.decisions import stops_seeing
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, Database
from ml_connector.words import DecisionKind

_ABOUT_DOCUMENTS: Final = frozenset({DecisionKind.HANDLED, DecisionKind.SEPARATE})


async def siblings(
    on: Connection, flows: Flows, ref: SubjectRef, documents: Collection[str]
) -> list[SubjectRef]:
    """Return the stopped subjects that one of these documents may be in the way of.

    Args:
        on: for reading.
        flows: all of them.
        ref: the subject that takes or frees units of them, which is none of its siblings.
        documents: internal ids.
    """
    causes = {name: _causes(flow) for name, flow in flows.items()}
    found = await stops_seeing.seeing(
        on,
        ref.connection,
        documents,
        flows=[name for name, some in causes.items() if some],
        causes=frozenset().union(*causes.values()),
    )
    return [
        one.ref
        for one in found
        if one.ref != ref and not _in_question(flows, one.ref, one.facts).isdisjoint(documents)
    ]


async def wake_siblings(
    database: Database, lanes: Lanes, flows: Flows, ref: SubjectRef, documents: Collection[str]
) -> None:
    """Let them run again.

    In a transaction of its own: one that marks subjects must hold no other subject meanwhile.
    Whom a crash keeps from being woken, the look at stopped subjects finds later.
    """
    async with database.transaction() as on:
        refs = await siblings(on, flows, ref, documents)
        if refs:
            named = ", ".join(sorted(documents))
            topic = f"document {named} was taken or freed by {ref.flow} {ref.key}"
            await run_again(on, lanes, refs, source="wake", topic=topic)


def _causes(flow: Flow) -> frozenset[str]:
    """Return the causes of stops that a document of others may answer."""
    offers = flow.decidable.offers if flow.decidable else {}
    return frozenset(cause for cause, kinds in offers.items() if _ABOUT_DOCUMENTS & {*kinds})


def _in_question(flows: Flows, ref: SubjectRef, facts: Mapping[str, object]) -> frozenset[str]:
    flow = flows[ref.flow]
    if flow.decidable is None:
        return frozenset()
    return frozenset(flow.decidable.in_question(msgspec.convert(facts, flow.facts, str_keys=True)))
