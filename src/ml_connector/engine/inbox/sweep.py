"""Sweeps: what the source has that nobody told us of, or told us too late.

Webhooks may be lost, and an endpoint that failed for five days is switched off for good
(shipbob.md section 7.5), so the sources are looked through at intervals. What has changed
after the last event about it becomes an event of its own.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.inbox.bulk_intake import take_in_unheard
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import Lanes
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.reads.reads import Reads
from ml_connector.storage.database import Connection, Database, rows
from ml_connector.words import Source

BATCH: Final = 1000

# The two clocks may differ, and a source may date a change before it tells of it.
_CLOCKS_DIFFER: Final = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a sweep found.

    Attributes:
        keys: all subjects that it looked at.
        never_told: subjects that no event had ever been about.
        late: subjects that had changed since the last event about them.
    """

    keys: tuple[str, ...] = ()
    never_told: int = 0
    late: int = 0


async def sweep(
    database: Database,
    lanes: Lanes,
    flow: Flow,
    *,
    reads: Reads,
    connection_name: str,
    since: datetime,
    changed_since: str | None = None,
) -> Swept:
    """Look a source through; every gap becomes an event of source ``flow.event_source``.

    Args:
        database: the books.
        lanes: where the jobs go.
        flow: whose source.
        reads: of the connection.
        connection_name: whose events.
        since: how far back to look.
        changed_since: only what changed since then, by the source's own clock; None: all.

    Raises:
        ConnectorError: the source can't be read.
    """
    keys: list[str] = []
    never_told = late = 0
    batch: list[SweepResult] = []

    async def close_gaps(some: Sequence[SweepResult]) -> None:
        nonlocal never_told, late
        async with database.transaction() as connection:
            unheard = await take_in_unheard(
                connection,
                connection_name,
                flow,
                [one for one in some if one.version],
                source=flow.event_source,
            )
            never_told += len(unheard)
            rest = [one for one in some if one.key not in unheard]
            new, changed = await gaps(connection, connection_name, flow, rest)
            told = partial(
                tell, connection, lanes, connection_name, flow, source=flow.event_source
            )
            never_told += await told(new)
            late += await told(changed)

    known = await posted_keys(database, connection_name, flow)
    if flow.poll is not None and changed_since is not None:
        source = flow.poll(reads, changed_since, known)
    else:
        source = flow.sweep(reads, since, known)
    # The source gives the next page while the inbox takes the last one in.
    telling: asyncio.Task[None] | None = None
    try:
        async for seen in source:
            keys.append(seen.key)
            batch.append(seen)
            if len(batch) >= BATCH:
                if telling is not None:
                    await telling
                telling = asyncio.create_task(close_gaps(batch))
                batch = []
    finally:
        if telling is not None:
            await telling
    await close_gaps(batch)
    return Swept(keys=tuple(keys), never_told=never_told, late=late)


async def tell(
    connection: Connection,
    lanes: Lanes,
    connection_name: str,
    flow: Flow,
    seen: Sequence[SweepResult],
    *,
    source: Source,
) -> int:
    """Tell the inbox of subjects; return how many of them were news.

    The same version told twice is one event; without a version it is news every time.
    """
    taken = await take_in(
        connection,
        lanes,
        [
            Arrival(
                connection=connection_name,
                source=source,
                delivery_id=f"{source}:{flow.name}:{one.key}:{one.version or uuid.uuid4()}",
                topic=f"{flow.source} {source}",
                subject=SubjectRef(connection_name, flow.name, one.key),
                within=one.within,
            )
            for one in seen
        ],
    )
    return sum(one.new for one in taken)


async def posted_keys(database: Database, connection_name: str, flow: Flow) -> list[str]:
    """Return the keys of the subjects that once led to a document."""
    found = await database.fetch(
        "select s.key from subject as s where s.connection = %(connection)s and s.flow = %(flow)s"
        " and exists (select 1 from posting as p where p.subject_id = s.id"
        "  and p.state in ('done', 'adopted'))",
        {"connection": connection_name, "flow": flow.name},
    )
    return [row["key"] for row in found]


async def gaps(
    connection: Connection, connection_name: str, flow: Flow, seen: Sequence[SweepResult]
) -> tuple[list[SweepResult], list[SweepResult]]:
    """Return what was never told of, and what has changed since it was."""
    if not seen:
        return [], []
    told = {
        row["key"]: row["last"]
        for row in await rows(
            connection,
            "select s.key, max(e.received_at) as last from subject as s"
            " join event as e on e.subject_id = s.id"
            " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
            " group by s.key",
            {
                "connection": connection_name,
                "flow": flow.name,
                "keys": [one.key for one in seen],
            },
        )
    }
    new = [one for one in seen if one.key not in told]
    changed = [
        one
        for one in seen
        if one.key in told
        and (one.changed_at is None or told[one.key] < one.changed_at - _CLOCKS_DIFFER)
    ]
    return new, changed
