"""Whoever works holds a lock in a session: a kill is seen, a broken session is no death."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.presence import (
    BACK_WITHIN_SECONDS,
    HEARTBEATS,
    Heartbeat,
    Presence,
    silent_workers,
)
from ml_connector.storage import embedded, running_role
from ml_connector.storage.connection_string import conninfo
from ml_connector.storage.database import Database, Pool
from ml_connector.storage.migrate import migrate
from outage import cut
from waiting import HANGS_AFTER_SECONDS, until, wait_until

LONG_AGO = BACK_WITHIN_SECONDS


# Who is dead, told by two looks.


def silent(*held: bool, age: float, there_for: float = LONG_AGO) -> bool:
    """Whether a worker counts as dead after a look for each of these, a second apart."""
    known: dict[int, Heartbeat] = {}
    dead: list[int] = []
    for look, is_held in enumerate(held):
        row = {"id": 1, "at": 100.0, "age": age, "is_held": is_held}
        known, dead = silent_workers(known, [row], now=float(look), there_for=there_for)
    return dead == [1]


@pytest.mark.parametrize(
    ("held", "age", "dead"),
    [
        pytest.param((False,), 9_000.0, False, id="one look"),
        pytest.param((False, False), 4.0, True, id="no session"),
        pytest.param((False, False), 2.5, False, id="no session, a sign of life"),
        pytest.param((True, False), 4.0, False, id="its session broke just now"),
        pytest.param((False, True), 4.0, False, id="it has its session again"),
        pytest.param((False, True, False), 4.0, False, id="now and then"),
        pytest.param((True, True), 14.0, False, id="stopped"),
        pytest.param((True, True), 16.0, True, id="stopped for long"),
    ],
)
def test_a_worker_is_dead_without_a_session_and_without_a_sign_of_life(
    *, held: tuple[bool, ...], age: float, dead: bool
) -> None:
    assert silent(*held, age=age) is dead


def test_a_sign_of_life_between_two_looks_counts() -> None:
    row = {"id": 1, "at": 100.0, "age": 4.0, "is_held": False}
    known, _ = silent_workers({}, [row], now=0.0, there_for=LONG_AGO)
    _, dead = silent_workers(known, [{**row, "at": 103.0}], now=1.0, there_for=LONG_AGO)

    assert dead == []


@pytest.mark.parametrize(("age", "dead"), [(4.0, False), (14.0, False), (16.0, True)])
def test_a_database_that_just_came_back_shows_nobody_dead_for_want_of_a_session(
    *, age: float, dead: bool
) -> None:
    looks = (False, False)

    assert silent(*looks, age=age, there_for=BACK_WITHIN_SECONDS - 0.1) is dead


# With a database.


async def register(database: Database) -> int:
    """Register a worker whose last sign of life is timed by the one who looks; return its id."""
    [row] = await database.fetch(
        "insert into procrastinate_workers (last_heartbeat) values (now() + interval '30 years')"
        " returning id"
    )
    return int(row["id"])


async def give_a_job(database: Database, worker: int) -> None:
    """Put a job into a worker's hand."""
    async with database.transaction() as connection:
        [job] = await Lanes(database.url).defer(connection, "acme", [1])
        await connection.execute(
            "update procrastinate_jobs set status = 'doing', worker_id = %s where id = %s",
            [worker, job],
        )


async def is_held(database: Database, worker: int) -> bool:
    found = await database.fetch(HEARTBEATS)
    return bool({row["id"]: row["is_held"] for row in found}[worker])


async def long_up(database: Database) -> None:
    """Wait until a worker without a session may count as dead."""

    async def is_long_up() -> bool:
        return all(row["up_for"] > BACK_WITHIN_SECONDS for row in await database.fetch(HEARTBEATS))

    await until(is_long_up)


@asynccontextmanager
async def kept(database: Database, presence: Presence) -> AsyncIterator[None]:
    told = conninfo(database.url, name="ml-connector test")
    options = {"min_size": 0, "max_size": 1, "open": False, "kwargs": {"autocommit": True}}
    async with Pool(told, **options) as pool:
        keeping = asyncio.create_task(presence.keep(pool))
        try:
            yield
        finally:
            while not keeping.done():
                keeping.cancel()
                await asyncio.wait([keeping], timeout=0.1)


@pytest.fixture
async def worker(database: Database) -> int:
    """A worker with a job in hand."""
    made = await register(database)
    await give_a_job(database, made)
    await long_up(database)
    return made


async def rescued(database: Database) -> list[int]:
    """Look at four moments of one rescuer; how many jobs were handed on at each."""
    lanes = Lanes(database.url)
    async with lanes.open():
        return [await lanes.rescue(now=now) for now in (0.0, 1.0, 4.0, 16.0)]


async def test_who_holds_no_lock_is_dead_after_three_seconds(
    database: Database, worker: int
) -> None:
    assert worker
    assert await rescued(database) == [0, 0, 1, 0]


async def test_who_holds_its_lock_is_dead_after_fifteen(database: Database, worker: int) -> None:
    presence = Presence()
    presence.add(worker)
    async with kept(database, presence):
        await until(lambda: is_held(database, worker))
        found = await rescued(database)

    assert found == [0, 0, 0, 1]


async def test_a_lock_is_held_again_after_its_session_was_ended(
    database: Database, worker: int
) -> None:
    presence = Presence()
    presence.add(worker)
    async with kept(database, presence):
        await until(lambda: is_held(database, worker))
        cut(database.url)
        await until(lambda: is_held(database, worker))
        found = await rescued(database)

    assert found == [0, 0, 0, 1]


async def test_who_has_ended_holds_no_lock(database: Database, worker: int) -> None:
    presence = Presence()
    other = await register(database)
    presence.add(worker)
    presence.add(other)
    async with kept(database, presence):
        await until(lambda: is_held(database, worker))
        presence.remove(worker)

        async def is_let_go() -> bool:
            return not await is_held(database, worker)

        await until(is_let_go)
        found = await is_held(database, other)

    assert found


async def test_who_lost_its_own_session_knows_since_when(database: Database, worker: int) -> None:
    presence = Presence()
    presence.add(worker)
    before = presence.unbroken_for(time.monotonic())
    async with kept(database, presence):
        await until(lambda: is_held(database, worker))
        began = time.monotonic()
        cut(database.url)
        await until(lambda: presence.unbroken_for(time.monotonic()) < before)
        lost = presence.unbroken_for(began)

    assert before == float("inf")
    assert lost <= 0


WORK = """
import asyncio, sys
from ml_connector.engine.work.lanes import Lanes

async def run(subject_id, job_id, lane):
    print(subject_id, flush=True)
    await asyncio.Event().wait()

async def main():
    lanes = Lanes(sys.argv[1], run)
    async with lanes.open():
        await lanes.work("acme", at_once=1, grace_seconds=0)

asyncio.run(main())
"""


@pytest.fixture
def process(database_url: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that works a lane."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WORK, database_url], stdout=subprocess.PIPE, text=True
    ) as started:
        yield started
        started.kill()


async def test_a_killed_process_is_seen_and_a_stopped_one_is_not_taken_for_dead(
    database: Database, process: "subprocess.Popen[str]"
) -> None:
    async with database.transaction() as connection:
        await Lanes(database.url).defer(connection, "acme", [7])
    assert process.stdout is not None
    begun = await asyncio.to_thread(process.stdout.readline)
    [row] = await database.fetch("select id from procrastinate_workers")
    await until(lambda: is_held(database, row["id"]))
    await long_up(database)
    process.send_signal(signal.SIGSTOP)
    await database.fetch(
        "update procrastinate_workers set last_heartbeat = now() + interval '30 years'"
        " returning id"
    )
    lanes = Lanes(database.url)
    async with lanes.open():
        stopped = [await lanes.rescue(now=now) for now in (0.0, 1.0, 4.0)]
        process.kill()

        async def is_gone() -> bool:
            return not await is_held(database, row["id"])

        await until(is_gone)
        killed = [await lanes.rescue(now=now) for now in (5.0, 6.0)]

    assert begun == "7\n"
    assert stopped == [0, 0, 0]
    assert killed == [0, 1]


async def test_the_lane_is_told_of_what_is_handed_on(database: Database, worker: int) -> None:
    assert worker
    with psycopg.connect(database.url, autocommit=True, application_name="test") as listening:
        listening.execute(
            sql.SQL("listen {}").format(sql.Identifier("procrastinate_queue_v1#acme"))
        )
        await rescued(database)
        told = list(listening.notifies(timeout=HANGS_AFTER_SECONDS, stop_after=1))

    assert ['"type" : "job_inserted"' in one.payload for one in told] == [True]


# A server of its own.

SINCE = f"select extract(epoch from now()) - up_for from ({HEARTBEATS}) as found"  # noqa: S608 - our own query


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[embedded.Owner]:
    with embedded.start(tmp_path, settings={"fsync": "off"}) as started:
        migrate(started.url)
        running_role.allow(started.url)
        with psycopg.connect(started.url) as connection:
            connection.execute("insert into procrastinate_workers default values")
        yield started


def since(url: str) -> float | None:
    """By the server's clock, since when it is up; None while it is not."""
    with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
        [found] = connection.execute(SINCE.encode()).fetchone() or [0]
        return float(found)
    return None


def test_a_crash_of_one_of_its_processes_counts_as_a_start_of_the_server(
    owner: embedded.Owner,
) -> None:
    """All sessions are ended then, and the postmaster is the same. The role is the running one."""
    before = since(owner.running_url)
    with psycopg.connect(owner.url) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
    after = wait_until(lambda: since(owner.running_url))

    assert before is not None
    assert after is not None
    assert after > before + 0.001
