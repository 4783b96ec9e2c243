"""Sweeps: they find what the source has of which no event told, or only an old one.

Webhooks may be lost, and an endpoint that failed for five days is switched off for good
(shipbob.md section 7.5), so the sources are looked through at intervals. A subject that has
changed after the last event about it gets an event of its own.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.inbox.bulk_intake import take_in_unheard
from ml_connector.engine.inbox.content import Content
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.pushes import NO_PUSH, PushPlan, spread
from ml_connector.errors import ConnectorError
from ml_connector.ledger import generation
from ml_connector.ledger.connections import holds
from ml_connector.ledger.inbox import inbox
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import survey
from ml_connector.reads.reads import Reads
from ml_connector.storage.database import Connection, Database
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable
from ml_connector.words import Source

AtEnd = Callable[[Connection], Awaitable[None]]
"""Records something in a transaction."""

BATCH: Final = 1000

MOST_SPOILED: Final = 1000
"""Subjects with a spoiled row that one sweep tells of, each by an event of its own."""

# The two clocks may differ, and a source may date a change earlier than it announces it.
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
    between: tuple[datetime, datetime] | None = None,
    settings: ConnectionSettings | None = None,
    push: PushPlan = NO_PUSH,
    at_end: AtEnd | None = None,
) -> Swept:
    """Look a source through; every gap becomes an event of source ``flow.event_source``.

    Args:
        database: the ledger.
        lanes: where the jobs go.
        flow: whose source.
        reads: of the connection.
        connection_name: whose events.
        since: how far back to look.
        changed_since: only what changed since then, by the source's own clock; None: all.
        between: the time for which this sweep stands, where a flow looks at a part; None: at all.
        settings: of the connection, for a flow that looks at content; None: it does not.
        push: how the subjects of a flow that pushes are spread.
        at_end: records, in the transaction with the last subjects, that the sweep is done.

    Raises:
        ConnectorError: the source can't be read; what was found before counts.
        Unreadable: rows can't be read and don't say which subjects they are of, or are too many to
            have an event each; all else is done.
        Retryable: the database was restored meanwhile, and the sweep is not done.
    """
    async with database.transaction() as connection:
        begun_in = await generation.current(connection)
    known = await survey.keys_of_posted(database, connection_name, flow.name)
    if flow.poll is not None and changed_since is not None:
        source = flow.poll(reads, changed_since, known)
    elif flow.sweep_part is not None and between is not None:
        source = flow.sweep_part(reads, since, known, between)
    else:
        source = flow.sweep(reads, since, known)
    content = None
    if flow.look is not None and settings is not None:
        full = changed_since is None
        content = Content(
            database, flow, connection_name, reads=reads, settings=settings, full=full
        )
    pages = _Pages(
        database, lanes, flow, connection_name, begun_in=begun_in, push=push, content=content
    )
    spoiled: list[SpoiledRow] = []
    try:
        with gathering(spoiled):
            async for seen in source:
                await pages.add(seen)
    except ConnectorError:
        await pages.wait()
        await pages.end(None)
        raise
    finally:
        await pages.wait()
    rest = await pages.tell_spoiled(spoiled)
    found = await pages.end(at_end)
    if rest:
        raise unreadable(flow.source, [one.sentence for one in rest])
    return found


class _Pages:
    """Takes in what a source shows, a page at a time, while the source gives the next page."""

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        flow: Flow,
        connection_name: str,
        *,
        begun_in: int,
        push: PushPlan,
        content: Content | None,
    ) -> None:
        self._begun_in = begun_in
        self._push = push
        self._content = content
        self._database = database
        self._lanes = lanes
        self._flow = flow
        self._connection_name = connection_name
        self._keys: list[str] = []
        self._never_told = 0
        self._late = 0
        self._page: list[SweepResult] = []
        self._taking_in: asyncio.Task[None] | None = None

    async def add(self, seen: SweepResult) -> None:
        """Add one; a page that is full is taken in when the page before it is."""
        self._keys.append(seen.key)
        self._page.append(seen)
        if len(self._page) >= BATCH:
            await self.wait()
            self._taking_in = asyncio.create_task(self._take_in(self._page))
            self._page = []

    async def wait(self) -> None:
        """Wait for the page that is being taken in."""
        if self._taking_in is not None:
            await self._taking_in

    async def tell_spoiled(self, rows: Sequence[SpoiledRow]) -> list[SpoiledRow]:
        """Give each spoiled row an event of its subject, once.

        Returns:
            Those that have none: they name no subject, or are more than ``MOST_SPOILED``.
        """
        rest: list[SpoiledRow] = []
        named: dict[str, SweepResult] = {}
        for row in rows:
            key = self._flow.spoils(row)
            if key is None or (len(named) >= MOST_SPOILED and key not in named):
                rest.append(row)
            else:
                named[key] = SweepResult(key=key, version=f"unreadable {row.digest}")
        self._keys += named
        async with self._database.transaction() as connection:
            if await generation.current(connection) != self._begun_in:
                raise holds.refusal(self._connection_name)
            self._late += await tell(
                connection,
                self._lanes,
                self._connection_name,
                self._flow,
                list(named.values()),
                source=self._flow.event_source,
            )
        return rest

    async def end(self, at_end: AtEnd | None) -> Swept:
        """Take the last page in, with what is recorded at the end; return what was found."""
        await self._take_in(self._page, at_end)
        return Swept(keys=tuple(self._keys), never_told=self._never_told, late=self._late)

    async def _take_in(self, page: Sequence[SweepResult], at_end: AtEnd | None = None) -> None:
        """Tell the inbox of those that it has not heard of, or not of their last change."""
        with gathering(None):
            await self._take_in_page(page, at_end)

    async def _take_in_page(self, page: Sequence[SweepResult], at_end: AtEnd | None) -> None:
        name, flow, source = self._connection_name, self._flow, self._flow.event_source
        if self._content is not None:
            page = await self._content.news(page)
        async with self._database.transaction() as connection:
            if await generation.current(connection) != self._begun_in:
                # What the pages before this one have found is not in this database.
                raise holds.refusal(name)
            unheard = await take_in_unheard(
                connection, name, flow, [one for one in page if one.version], source=source
            )
            self._never_told += len(unheard)
            rest = [one for one in page if one.key not in unheard]
            new, changed = await gaps(connection, name, flow, rest)
            told = partial(tell, connection, self._lanes, name, flow, source=source)
            self._never_told += await told(new)
            self._late += await told(changed)
            if flow.pushes:
                keys = {*unheard, *(one.key for one in (*new, *changed))}
                await spread(connection, self._lanes, name, flow.name, keys=keys, plan=self._push)
            if at_end is not None:
                await at_end(connection)


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

    Two with the same version are one event; one without a version is news every time.
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


async def gaps(
    connection: Connection, connection_name: str, flow: Flow, seen: Sequence[SweepResult]
) -> tuple[list[SweepResult], list[SweepResult]]:
    """Return the subjects that no event was ever about, and those that changed since theirs."""
    if not seen:
        return [], []
    told = await inbox.last_told(connection, connection_name, flow.name, [one.key for one in seen])
    new = [one for one in seen if one.key not in told]
    changed = [
        one
        for one in seen
        if one.key in told
        and (one.changed_at is None or told[one.key] < one.changed_at - _CLOCKS_DIFFER)
    ]
    return new, changed
