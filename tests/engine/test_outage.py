"""The database goes away under a worker: what is in hand goes on, and nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.workshop import Workshop, arrival
from ml_connector.engine.inbox.intake import Intake
from ml_connector.engine.work.chores import Chore, keep_up
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.presence import Heartbeat, silent_workers
from ml_connector.storage import embedded
from ml_connector.storage.database import Database
from ml_connector.storage.migrate import migrate
from outage import cut
from waiting import until


@contextmanager
def held_up(url: str, table: str) -> Iterator[psycopg.Connection]:
    """Let every change of a table wait."""
    with psycopg.connect(url, application_name="test") as holder:
        holder.execute(f"lock table {table} in exclusive mode".encode())
        yield holder


def is_waited_for(holder: psycopg.Connection) -> bool:
    return bool(holder.execute("select 1 from pg_locks where not granted").fetchone())


async def outcomes(workshop: Workshop) -> list[str]:
    found = await workshop.database.fetch("select outcome from run order by id")
    return [row["outcome"] for row in found]


async def converge_while_cut(workshop: Workshop, table: str) -> Mapping[str, Any]:
    """Converge a subject, cut off while it waits to write into this table; return it."""
    workshop.source.units["a"] = 5
    await workshop.news("a")
    with held_up(workshop.database.url, table) as holder:
        running = asyncio.create_task(workshop.run("a"))
        await until(lambda: is_waited_for(holder))
        cut(workshop.database.url)
    return await running


@pytest.mark.parametrize("table", ["run", "posting", "journal"])
async def test_a_run_that_loses_the_database_begins_anew(workshop: Workshop, table: str) -> None:
    subject = await converge_while_cut(workshop, table)

    assert subject["state"] == "done"
    assert len(workshop.netsuite.records) == len(await workshop.journal("a")) == 1
    assert (await outcomes(workshop))[-1] == "done"
    assert [one["state"] for one in await workshop.postings("a")][-1] in {"done", "adopted"}


async def test_a_call_that_had_no_limit_to_ask_was_not_sent(workshop: Workshop) -> None:
    """The limit is in the database: without it nothing is sent, and nothing is waited for."""
    workshop.netsuite.without_limit = 1
    workshop.source.units["a"] = 5
    await workshop.news("a")
    subject = await workshop.run("a")

    assert subject["state"] == "done"
    assert (workshop.netsuite.writes, workshop.netsuite.looks) == (2, 0)
    assert await outcomes(workshop) == ["released", "done"]


@pytest.fixture
def standing_by(tmp_path: Path) -> Iterator[str]:
    """A server whose commits may wait for another one, which does not exist."""
    settings = {
        "fsync": "off",
        "wal_level": "replica",
        "max_wal_senders": "2",
        "synchronous_standby_names": "nobody",
        "synchronous_commit": "local",
    }
    with embedded.start(tmp_path, settings=settings) as owner:
        migrate(owner.url)
        yield owner.url


_WAIT_ONCE = """
    create table waited (n int);
    create function wait() returns trigger language plpgsql as $$
    begin
        if new.state = 'sending' and not exists (select from waited) then
            insert into waited values (1);
            perform set_config('synchronous_commit', 'on', true);
        end if;
        return new;
    end;
    $$;
    create trigger wait before insert or update on posting
        for each row execute function wait();
"""


async def test_a_call_whose_beginning_was_kept_unheard_is_sent_at_once(standing_by: str) -> None:
    """The commit is on disk, its answer is lost: the call was never sent, and is no mystery."""
    with psycopg.connect(standing_by, autocommit=True, application_name="test") as looking:
        looking.execute(_WAIT_ONCE)
        async with Database(standing_by) as database:
            workshop = await Workshop(database).set_up()
            workshop.source.units["a"] = 5
            await workshop.news("a")
            running = asyncio.create_task(workshop.run("a"))
            await until(
                lambda: looking.execute(
                    "select 1 from pg_stat_activity where wait_event = 'SyncRep'"
                ).fetchone()
            )
            cut(standing_by)
            subject = await running
            kept = await database.fetch("select count(*) as n from waited")

            assert kept == [{"n": 1}]
            assert subject["state"] == "done"
            assert (workshop.netsuite.writes, workshop.netsuite.looks) == (1, 0)
            assert (await outcomes(workshop))[-1] == "done"


async def test_a_delivery_is_stored_though_the_database_went_away_meanwhile(
    workshop: Workshop,
) -> None:
    intake = Intake(workshop.database, workshop.lanes)
    with held_up(workshop.database.url, "event") as holder:
        accepted = asyncio.create_task(intake.accept(arrival("a")))
        await until(lambda: is_waited_for(holder))
        cut(workshop.database.url)
    taken = await accepted
    kept = await workshop.database.fetch("select id from event")

    assert kept == [{"id": taken.event_id}]


async def test_a_chore_that_comes_seldom_is_done_soon_after(
    database: Database, database_url: str
) -> None:
    turns = 0
    done = asyncio.Event()

    async def chore() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            cut(database_url)
        else:
            done.set()

    seldom = Chore(name="seldom", every_seconds=3600, do=chore)
    working = asyncio.create_task(keep_up(database, [seldom]))
    await done.wait()
    working.cancel()
    await asyncio.wait([working])

    assert turns == 2


# Lanes.


class Worker:
    """A lane that is worked off; its jobs end when they are let go.

    Attributes:
        begun: subjects whose job has begun, in that order.
        ended: subjects whose job came to its end.
    """

    def __init__(self, url: str) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.go_on = asyncio.Event()
        self.lanes = Lanes(url, self._run)

    async def _run(self, subject_id: int, *_: object) -> None:
        self.begun.append(subject_id)
        await self.go_on.wait()
        self.ended.append(subject_id)


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Worker]:
    made = Worker(database.url)
    async with made.lanes.open():
        task = asyncio.create_task(made.lanes.work("acme", at_once=4, grace_seconds=0))
        yield made
        task.cancel()
        await asyncio.wait([task])


async def defer(database: Database, worker: Worker, *subject_ids: int) -> None:
    async with database.transaction() as connection:
        await worker.lanes.defer(connection, "acme", subject_ids)


async def jobs(database: Database) -> list[tuple[int, str]]:
    found = await database.fetch(
        "select (args ->> 'subject_id')::int as subject, status::text as status"
        " from procrastinate_jobs order by 1"
    )
    return [(row["subject"], row["status"]) for row in found]


async def test_jobs_in_hand_go_on_and_new_ones_are_taken(
    database: Database, worker: Worker
) -> None:
    await defer(database, worker, 1)
    await until(lambda: worker.begun == [1])
    for number in range(2, 5):
        cut(database.url)
        await defer(database, worker, number)
        await until(lambda: len(worker.begun) == number)  # noqa: B023 - waited for at once
    worker.go_on.set()
    await until(lambda: sorted(worker.ended) == [1, 2, 3, 4])

    async def all_ended() -> bool:
        return await jobs(database) == []

    await until(all_ended)

    assert worker.begun == [1, 2, 3, 4]


async def test_a_job_that_was_handed_out_unheard_is_handed_out_again(
    database: Database, worker: Worker
) -> None:
    await defer(database, worker, 1)
    await until(lambda: worker.begun == [1])
    # As if the answer to its fetching had been lost with the connections.
    async with database.transaction() as connection:
        await worker.lanes.defer(connection, "acme", [2])
        await connection.execute(
            "update procrastinate_jobs set status = 'doing', worker_id ="
            " (select id from procrastinate_workers) where args ->> 'subject_id' = '2'"
        )
    with held_up(database.url, "procrastinate_jobs") as holder:
        await until(lambda: is_waited_for(holder))
        cut(database.url)
    await until(lambda: 2 in worker.begun)

    assert worker.begun == [1, 2]


async def test_a_job_whose_end_was_lost_is_not_left_behind(
    database: Database, worker: Worker
) -> None:
    await defer(database, worker, 1)
    await until(lambda: worker.begun == [1])
    with held_up(database.url, "procrastinate_jobs") as holder:
        worker.go_on.set()
        await until(lambda: worker.ended == [1])
        await until(lambda: is_waited_for(holder))
        cut(database.url)

    async def all_ended() -> bool:
        return await jobs(database) == []

    await until(all_ended)

    assert set(worker.begun) == {1}


# Who is dead.


def test_one_look_tells_nobody_dead() -> None:
    row = {"id": 1, "at": 100.0, "age": 9_000.0, "is_held": True}
    seen, first = silent_workers({}, [row], now=0.0)
    _, second = silent_workers(seen, [row], now=3.0)

    assert (first, second) == ([], [1])


def test_a_sign_of_life_in_between_counts() -> None:
    seen, _ = silent_workers(
        {}, [{"id": 1, "at": 100.0, "age": 9_000.0, "is_held": True}], now=0.0
    )
    seen, silent = silent_workers(
        seen, [{"id": 1, "at": 9_100.0, "age": 0.0, "is_held": True}], now=3.0
    )

    assert silent == []
    assert seen == {1: Heartbeat(9_100.0, 3.0)}


@pytest.mark.parametrize(("seconds", "dead"), [(14.0, []), (16.0, [1])])
def test_a_last_sign_of_the_future_is_timed_by_ourselves(seconds: float, dead: list[int]) -> None:
    row = {"id": 1, "at": 9e9, "age": -8e9, "is_held": True}
    seen, _ = silent_workers({}, [row], now=0.0)

    assert silent_workers(seen, [row], now=seconds)[1] == dead


async def test_jobs_of_the_dead_are_handed_on(database: Database) -> None:
    lanes = Lanes(database.url)
    async with database.transaction() as connection:
        await connection.execute(
            "insert into procrastinate_workers (last_heartbeat) values"
            " (now() - interval '1 hour'), (now() + interval '30 years'), (now())"
        )
        await lanes.defer(connection, "acme", [1, 2, 3, 4])
        await connection.execute(
            "update procrastinate_jobs as j set status = 'doing', worker_id ="
            " (select w.id from procrastinate_workers as w order by w.id"
            "  offset (j.args ->> 'subject_id')::int - 1 limit 1)"
        )
    async with lanes.open():
        handed_on = [await lanes.rescue(now=now) for now in (0.0, 3.0, 16.0)]

    assert handed_on == [1, 1, 2]
    assert await jobs(database) == [(1, "todo"), (2, "todo"), (3, "todo"), (4, "todo")]
