"""A pool whose server goes away and comes back: nobody meets a connection that is dead."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest

from ml_connector.storage import embedded
from ml_connector.storage.database import Database, DatabaseAway, is_lost
from outage import cut, end_server
from waiting import HANGS_AFTER_SECONDS, until

IDLE = 5


async def let_many_be_idle(database: Database) -> None:
    async with AsyncExitStack() as held:
        for _ in range(IDLE):
            await held.enter_async_context(database.transaction())


async def ask_all(database: Database) -> int:
    """Use as many connections at once as are idle; return how many answered."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(database.fetch("select 1")) for _ in range(IDLE)]
    return sum(len(one.result()) for one in asked)


async def test_a_connection_whose_server_process_ended_is_not_given_out(
    database: Database, database_url: str
) -> None:
    await let_many_be_idle(database)
    ended = cut(database_url)
    answered = await ask_all(database)

    assert (ended, answered) == (IDLE, IDLE)


async def test_a_notice_alone_costs_no_connection(database: Database, database_url: str) -> None:
    async with database.single() as connection:
        await connection.execute("listen news")
        [before] = await database.fetch("select 1 as n")
        pid = connection.info.backend_pid
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("notify news")
    async with AsyncExitStack() as held:
        pids = [
            (await held.enter_async_context(database.transaction())).info.backend_pid
            for _ in range(2)
        ]

    assert before == {"n": 1}
    assert pid in pids


async def test_a_connection_that_began_read_only_is_not_given_out_again(
    database: Database, database_url: str
) -> None:
    """So it is after a failover, or when an administrator lets nothing be written for a while."""
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("create table written (number int)")
        other.execute(in_this_database("set default_transaction_read_only = on"))
        await let_many_be_idle(database)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await database.fetch("insert into written values (1)")
        other.execute("set default_transaction_read_only = off")
        other.execute(in_this_database("reset default_transaction_read_only"))
    for number in range(2, 2 + IDLE):
        await database.fetch("insert into written values (%(n)s)", {"n": number})
    written = await database.fetch("select number from written order by 1")

    assert [row["number"] for row in written] == [2, 3, 4, 5, 6]


def in_this_database(words: str) -> bytes:
    return (
        f"do $$ begin execute format('alter database %I {words}', current_database()); end $$"
    ).encode()


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[embedded.Owner]:
    """A server that nobody else uses."""
    with embedded.start(tmp_path, settings={"fsync": "off"}) as started:
        yield started


@pytest.fixture
async def mortal(owner: embedded.Owner) -> AsyncIterator[Database]:
    async with Database(owner.url, size=IDLE, patience_seconds=HANGS_AFTER_SECONDS) as opened:
        yield opened


async def test_nobody_fails_after_a_restart_of_the_server(
    mortal: Database, owner: embedded.Owner, tmp_path: Path
) -> None:
    await let_many_be_idle(mortal)
    end_server(tmp_path)
    owner.ensure_running()

    assert await ask_all(mortal) == IDLE


async def test_who_waits_for_a_server_that_is_away_is_served_when_it_is_back(
    mortal: Database, owner: embedded.Owner, tmp_path: Path
) -> None:
    await let_many_be_idle(mortal)
    end_server(tmp_path)
    waiting = asyncio.create_task(ask_all(mortal))
    # The pool has given up on connections by then, and nobody new has asked for one.
    await until(lambda: mortal.pool.get_stats().get("connections_errors", 0) > 4 * IDLE)
    owner.ensure_running()

    assert await waiting == IDLE


async def test_a_server_that_is_away_for_long_is_told() -> None:
    async with Database("postgresql://127.0.0.1:1/mlc", patience_seconds=0.1) as database:
        with pytest.raises(DatabaseAway) as caught:
            await database.fetch("select 1")

    assert is_lost(caught.value)


async def blocked(database: Database, url: str, *, repeatable: bool) -> list[dict[str, object]]:
    """Cut the connection of a statement that waits for a lock; then let the lock go."""
    with psycopg.connect(url, application_name="test") as holder:
        holder.execute("select pg_advisory_xact_lock(7)")
        asked = asyncio.create_task(
            database.fetch("select 1 as n, pg_advisory_xact_lock(7)", repeatable=repeatable)
        )
        await until(lambda: is_waited_for(holder))
        cut(url)
        await until(lambda: asked.done() or is_waited_for(holder))
    return await asked


def is_waited_for(holder: psycopg.Connection) -> bool:
    return bool(holder.execute("select 1 from pg_locks where not granted").fetchone())


async def test_a_repeatable_statement_is_asked_again(
    database: Database, database_url: str
) -> None:
    [row] = await blocked(database, database_url, repeatable=True)

    assert row["n"] == 1


async def test_any_other_statement_fails_and_the_database_is_said_to_be_lost(
    database: Database, database_url: str
) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        await blocked(database, database_url, repeatable=False)

    assert is_lost(caught.value)


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("select 1 / 0", False),
        ("select pg_sleep(1)", False),
        ("select pg_terminate_backend(pg_backend_pid())", True),
    ],
)
async def test_what_the_database_refuses_is_not_a_loss(
    database: Database, statement: str, *, lost: bool
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        await database.fetch(f"set local statement_timeout = 1; {statement}")

    assert is_lost(caught.value) == lost
