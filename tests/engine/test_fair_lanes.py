"""A backlog of one connection keeps no place from another's events: counted, not timed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.types.json import Json

from engine.workshop import FLOW, SETTINGS, Workshop
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.work.lanes import BULK, LIVE, Lanes
from ml_connector.engine.work.worker import work
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Database, rows
from waiting import until

BACKLOG = 300
PLACES = 4
MORE_THAN_CONNECTIONS = 70
ENDINGS = 4
LIVE_ONE = 1_000


class Places:
    """What a worker has begun, in order; runs of the backlog last until they may end."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.lanes = Lanes(database.url, self._run)
        self.begun: list[int] = []
        self._may_end = asyncio.Semaphore(0)

    async def _run(self, subject_id: int, *_: object) -> None:
        self.begun.append(subject_id)
        if subject_id < LIVE_ONE:
            await self._may_end.acquire()

    async def tell(self, lane: str, *subject_ids: int, priority: int = LIVE) -> None:
        async with self.database.transaction() as connection:
            await self.lanes.defer(connection, lane, subject_ids, priority=priority)

    def let_end(self, runs: int) -> None:
        for _ in range(runs):
            self._may_end.release()

    @asynccontextmanager
    async def full_of_backlog(self, *, priority: int, places: int = PLACES) -> AsyncIterator[None]:
        """Let a worker have all places of one connection taken by its backlog."""
        await self.tell("acme", *range(BACKLOG), priority=priority)
        stop = asyncio.Event()
        worker = asyncio.create_task(
            work(self.database, self.lanes, [], at_once=places, stop=stop), name="worker"
        )
        await until(lambda: len(self.begun) == places)
        try:
            yield
        finally:
            self.let_end(BACKLOG)
            stop.set()
            await worker


async def connect(database: Database, name: str) -> None:
    async with database.transaction() as connection:
        await rows(
            connection,
            "insert into connection (name, mode, settings) values (%(name)s, 'live', %(s)s)",
            {"name": name, "s": Json({**SETTINGS, "name": name})},
        )


async def test_no_run_of_a_backlog_ends_before_another_connections_event_is_taken(
    workshop: Workshop,
) -> None:
    await connect(workshop.database, "other")
    places = Places(workshop.database)
    async with places.full_of_backlog(priority=LIVE):
        await places.tell("other", LIVE_ONE)
        await until(lambda: LIVE_ONE in places.begun)

        assert len(places.begun) == PLACES + 1


async def test_one_run_of_a_swept_backlog_ends_before_its_own_connections_event_is_taken(
    workshop: Workshop,
) -> None:
    places = Places(workshop.database)
    async with places.full_of_backlog(priority=BULK):
        await places.tell("acme", LIVE_ONE)
        places.let_end(1)
        await until(lambda: len(places.begun) > PLACES)

        assert places.begun[PLACES] == LIVE_ONE


async def test_jobs_of_a_backlog_that_end_together_leave_the_database_to_others(
    workshop: Workshop,
) -> None:
    await connect(workshop.database, "other")
    places = Places(workshop.database)
    async with places.full_of_backlog(priority=LIVE, places=MORE_THAN_CONNECTIONS):
        with psycopg.connect(workshop.database.url) as holder:
            holder.execute("select from procrastinate_jobs where status = 'doing' for update")
            places.let_end(MORE_THAN_CONNECTIONS)
            await until(lambda: waiting_for_rows(holder) >= ENDINGS)
            await places.tell("other", LIVE_ONE)
            await until(lambda: LIVE_ONE in places.begun)

            assert waiting_for_rows(holder) == ENDINGS


def waiting_for_rows(holder: "psycopg.Connection[tuple[object, ...]]") -> int:
    """Count who waits for a row that another transaction holds."""
    return holder.execute(
        "select from pg_locks where not granted and locktype = 'transactionid'"
    ).rowcount


async def test_a_run_begins_while_the_beginning_of_anothers_crowd_is_held_up(
    workshop: Workshop,
) -> None:
    await connect(workshop.database, "other")
    await workshop.news("mine")
    async with workshop.database.transaction() as connection:
        await take_in(
            connection,
            workshop.lanes,
            [
                Arrival(
                    connection="other",
                    source="webhook",
                    delivery_id="other 1",
                    topic="count.changed",
                    subject=SubjectRef("other", FLOW, "theirs"),
                )
            ],
        )
    mine, theirs = await workshop.database.fetch(
        "select id, job_id, connection as lane from subject order by connection"
    )
    with psycopg.connect(workshop.database.url) as holder:
        holder.execute("select from subject where id = %s for update", [mine["id"]])
        crowd = asyncio.create_task(workshop.converge(mine["id"], mine["job_id"], mine["lane"]))
        await until(lambda: waiting_for_rows(holder) == 1)
        await workshop.converge(theirs["id"], theirs["job_id"], theirs["lane"])
        begun = await workshop.database.fetch("select subject_id as id from run")
    await crowd

    assert begun == [{"id": theirs["id"]}]
