"""Looking at stopped subjects: would a run end in the same stop?

A look reads and plans as a run does, and writes nothing. It costs the calls of reading, so it is
made only where nothing cheaper tells.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import Flow, Flows
from ml_connector.engine.inbox.outcome import RUNS, Outcome, failed, hashes, planned
from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman
from ml_connector.ledger.inbox.looks import Stopped
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.documents import Posted
from ml_connector.ledger.postings.postings import Found
from ml_connector.storage.database import Database, is_lost
from ml_connector.transport.call import Priority, working_at
from ml_connector.words import Cause


class Stand(StrEnum):
    """How a stopped subject stands."""

    SAME = "same"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    """A system can't be read now."""


async def stands(
    database: Database, flows: Flows, context: ConnectionContext, stopped: Sequence[Stopped]
) -> list[Stand]:
    """Return how these subjects of one connection stand, in their order.

    What stopped while its documents were posted, such as a refusal, is changed at every look:
    only a try tells.
    """
    with working_at(Priority.PUSH, in_crowds=True):
        return await asyncio.gather(
            *(_one(database, flows[one.ref.flow], context, one) for one in stopped)
        )


async def _one(
    database: Database, flow: Flow, context: ConnectionContext, stopped: Stopped
) -> Stand:
    async with database.transaction() as connection:
        last = await runs.last_of(connection, stopped.ref.connection, flow.name, [stopped.ref.key])
        run = last.get(stopped.ref.key)
        found = await postings.of_subjects(connection, [run.subject_id] if run else [])
    of_subject = found.get(run.subject_id, Found()) if run else Found()
    if of_subject.left_behind:
        return Stand.CHANGED
    try:
        now = await _now(flow, context, stopped, of_subject.posted)
    except ConnectorError:
        return Stand.UNKNOWN
    if now is RUNS:
        return Stand.SAME if stopped.cause == Cause.BUG else Stand.CHANGED
    same = now.is_failure(stopped.cause, stopped.sentence)
    before = hashes(run.documents) if run else frozenset()
    return Stand.SAME if same and now.documents <= before else Stand.CHANGED


async def _now(
    flow: Flow, context: ConnectionContext, stopped: Stopped, posted: Sequence[Posted]
) -> Outcome:
    """Return what a run would come to now.

    Raises:
        ConnectorError: it can't be told now.
    """
    try:
        facts = await flow.facts_beside(posted, stopped.ref.key, context.reads)
    except (NeedsData, NeedsHuman) as error:
        return failed((), error)
    except ConnectorError:
        raise
    except Exception as error:
        if is_lost(error):
            raise
        return RUNS
    return planned(flow, facts, posted, context.settings)
