"""Lanes: the next job costs the same, however many wait; and whoever works one can be ended."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import procrastinate
import pytest

from ml_connector.engine.work.jobs import LastingJobs
from ml_connector.engine.work.lanes import Lanes
from ml_connector.storage.database import Database, rows
from waiting import HANGS_AFTER_SECONDS

WAITING = 3_000


async def read_so_far(database: Database) -> int:
    """Return how many jobs were read from the table of jobs, in whatever way."""
    [read] = await database.fetch(
        "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as n"
        " from pg_stat_user_tables where relname = 'procrastinate_jobs'"
    )
    return int(read["n"])


@pytest.mark.parametrize("analyzed", [False, True])
async def test_a_fetch_does_not_read_all_who_wait(database: Database, *, analyzed: bool) -> None:
    lanes = Lanes(database.url)
    async with database.transaction() as connection:
        jobs = await lanes.defer(connection, "acme", list(range(WAITING)))
    if analyzed:
        async with database.single() as connection:
            await connection.execute("analyze procrastinate_jobs")
    fetched = []
    async with database.single() as connection:
        before = await read_so_far(database)
        for _ in range(10):
            [job] = await rows(
                connection, "select id from procrastinate_fetch_job_v2(array['acme'], null)"
            )
            fetched.append(job["id"])
        await rows(connection, "select pg_stat_force_next_flush()")
    after = await read_so_far(database)

    assert fetched == jobs[:10]
    assert after - before < WAITING


@pytest.mark.parametrize("analyzed", [False, True])
async def test_who_has_nothing_to_do_does_not_read_what_waits_in_another_lane(
    database: Database, *, analyzed: bool
) -> None:
    lanes = Lanes(database.url)
    async with database.transaction() as connection:
        await lanes.defer(connection, "acme", list(range(WAITING)))
        [job] = await lanes.defer(connection, "other", [WAITING])
    if analyzed:
        async with database.single() as connection:
            await connection.execute("analyze procrastinate_jobs")
    fetched = []
    async with database.single() as connection:
        before = await read_so_far(database)
        for _ in range(10):
            [found] = await rows(
                connection, "select id from procrastinate_fetch_job_v2(array['other'], null)"
            )
            fetched.append(found["id"])
        await rows(connection, "select pg_stat_force_next_flush()")
    after = await read_so_far(database)

    assert fetched == [job, *[None] * 9]
    assert after - before < 100


class LosingDriver:
    """A driver that loses the first cancellation, as psycopg may while the database answers."""

    def __init__(self) -> None:
        self.called = asyncio.Event()

    async def _lose_one(self) -> None:
        self.called.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def listen_notify(self, **_: object) -> None:
        await self._lose_one()
        await asyncio.Event().wait()

    async def execute_query_one_async(self, query: str, **_: object) -> dict[str, Any]:
        del query
        await self._lose_one()
        return {"worker_id": 7}

    async def execute_query_async(self, query: str, **_: object) -> None:
        del query
        await self._lose_one()

    async def execute_query_all_async(self, query: str, **_: object) -> list[dict[str, Any]]:
        del query
        await self._lose_one()
        return []


@pytest.mark.parametrize("doing", ["listening", "registering", "giving a sign", "aborting"])
async def test_a_cancellation_that_the_driver_loses_ends_a_worker_all_the_same(doing: str) -> None:
    driver = LosingDriver()
    jobs = LastingJobs(cast("procrastinate.PsycopgConnector", driver))

    async def nobody(**_: object) -> None:
        return

    async def work() -> None:
        match doing:
            case "listening":
                await jobs.listen_for_jobs(on_notification=nobody, queues=["acme"])
            case "registering":
                await jobs.register_worker()
            case "giving a sign":
                await jobs.update_heartbeat(7)
            case _:
                await jobs.list_jobs_to_abort_async()
        await asyncio.Event().wait()  # as the library goes on, where nobody has ended it

    task = asyncio.create_task(work())
    await driver.called.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=HANGS_AFTER_SECONDS)

    assert done
    assert task.cancelled()
