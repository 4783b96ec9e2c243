"""Fetching the next job of a lane costs the same, however many jobs wait."""

import pytest

from ml_connector.engine.work.lanes import Lanes
from ml_connector.storage.database import Database, rows

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
