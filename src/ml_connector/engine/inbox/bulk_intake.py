"""Subjects that nobody has ever told of, a page of them taken in with one statement.

The first poll of an account finds every open order at once.
"""

from collections.abc import Sequence
from typing import Final

from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.work.job_tables import JOBS
from ml_connector.engine.work.lanes import BULK
from ml_connector.ledger.inbox import bulk_intake
from ml_connector.ledger.inbox.bulk_intake import NewSubject
from ml_connector.storage.database import Connection
from ml_connector.words import Source

_JOBS: Final = JOBS.format(subjects="unheard")


async def take_in_unheard(
    connection: Connection,
    connection_name: str,
    flow: Flow,
    seen: Sequence[SweepResult],
    *,
    source: Source,
) -> set[str]:
    """Store, mark and give a job to those subjects that are new; return their keys.

    See ``ledger.inbox.bulk_intake.take_in``.

    Args:
        connection: inside a transaction.
        connection_name: whose subjects.
        flow: whose source.
        seen: each with a version, each key once.
        source: of the events.
    """
    return await bulk_intake.take_in(
        connection,
        [NewSubject(key=one.key, version=one.version, within=one.within) for one in seen],
        connection_name=connection_name,
        flow=flow.name,
        source=source,
        topic=f"{flow.source} {source}",
        jobs=_JOBS,
        priority=BULK,
    )
