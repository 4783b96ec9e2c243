"""After a restore no number comes again, and a worker of before settles nothing."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.workshop import Workshop
from ml_connector.app.installation import setup
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.app.installation.database_server import database_server
from ml_connector.config.settings import Settings
from ml_connector.ledger.generation import GivenNumbers, begin_generation, given_numbers
from ml_connector.ledger.inbox import polls
from ml_connector.ledger.inbox.polls import Poll
from ml_connector.storage.database import Database
from waiting import until


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    parts = psycopg.conninfo.conninfo_to_dict(database_url)
    url = f"postgresql:///{parts.pop('dbname')}?" + "&".join(
        f"{key}={value}" for key, value in parts.items()
    )
    made = Settings(data_dir=tmp_path / "data", database_url=url)
    setup.initialise(made)
    return made


@contextlib.asynccontextmanager
async def worker(url: str, key: str) -> AsyncIterator[tuple[Workshop, "asyncio.Task[None]"]]:
    """A worker whose call for a subject stays under way until it is let go."""
    async with Database(url, size=3) as database:
        workshop = await Workshop(database).set_up()
        workshop.source.units[key] = 5
        await workshop.news(key)
        workshop.netsuite.answers.clear()
        subject = await workshop.subject(key)
        run = asyncio.create_task(workshop.converge(subject["id"], subject["job_id"], "acme"))
        try:
            await until(lambda: workshop.netsuite.under_way == 1)
            yield workshop, run
        finally:
            workshop.netsuite.answers.set()
            await run


async def restored(settings: Settings, file: Path) -> None:
    await asyncio.to_thread(restore_backup, settings, file, person="anna")


def without_times(found: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["id"], row["external_id"], row["state"], row["remote_id"]) for row in found]


async def test_a_worker_of_before_a_restore_settles_nothing_of_somebody_else(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """Without more, the subject, run and posting of one would have the numbers of the other."""
    file = tmp_path / "file"
    await asyncio.to_thread(write_backup, settings, file)
    async with worker(database_url, "old") as (old, old_run):
        await restored(settings, file)
        async with worker(database_url, "new") as (new, new_run):
            before = without_times(await new.postings("new"))
            old.netsuite.answers.set()
            await old_run
            after = without_times(await new.postings("new"))
            booked = await new.database.fetch("select * from journal")
            new.netsuite.answers.set()
            await new_run
            rows = await new.journal("new")
            subjects = await new.database.fetch("select key, state from subject")

    assert [one[1:] for one in before] == [("mlc-t-new-1", "sending", None)]
    assert after == before
    assert booked == []
    assert [row["external_id"] for row in rows] == ["mlc-t-new-1"]
    assert subjects == [{"key": "new", "state": "done"}]


async def test_what_a_run_of_before_finds_of_its_own_in_the_backup_it_leaves_alone(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """The very rows are there again, with their numbers; who works now looks what came of it."""
    file = tmp_path / "file"
    async with worker(database_url, "a") as (old, run):
        await asyncio.to_thread(write_backup, settings, file)
        await restored(settings, file)
        before = without_times(await old.postings("a"))
        old.netsuite.answers.set()
        await run
        after = without_times(await old.postings("a"))
        booked = await old.journal("a")
        await old.let_time_pass("a")
        subject = await old.run("a")
        rows = await old.journal("a")
        records = old.netsuite.records

    assert [one[1:] for one in before] == [("mlc-t-a-1", "sending", None)]
    assert after == before
    assert booked == []
    assert subject["state"] == "done"
    assert len(records) == len(rows) == 1


async def test_a_run_of_before_writes_down_nothing_else_either(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    async with worker(database_url, "a") as (old, run):
        await asyncio.to_thread(write_backup, settings, file)
        await restored(settings, file)
        old.netsuite.outcomes.append("meets another record")
        old.netsuite.answers.set()
        await run
        subject = await old.subject("a")
        states = [row["state"] for row in await old.postings("a")]

    assert states == ["sending"]
    assert subject["state"] == "working"
    assert subject["cause"] is None


def ids(settings: Settings) -> dict[str, int]:
    """Take a number of each kind."""
    with database_server(settings) as running, psycopg.connect(running.owner_url) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select sequencename from pg_sequences where schemaname = 'public'"
            )
        ]
        return {
            name: connection.execute(f"select nextval('public.{name}')".encode()).fetchone()[0]  # type: ignore[index] # there is one
            for name in names
        }


def generation(settings: Settings) -> int:
    with database_server(settings) as running, psycopg.connect(running.owner_url) as connection:
        found = given_numbers(connection).generation
    assert found is not None
    return found


def test_no_number_is_given_twice(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_backup(settings, file)
    given = [ids(settings)]
    generations = [generation(settings)]
    for _ in range(2):
        restore_backup(settings, file, person="anna")
        given.append(ids(settings))
        generations.append(generation(settings))

    assert len(given[0]) > 8
    for name in given[0]:
        first, second, third = (one[name] for one in given)
        assert second - first > 500_000, name
        assert third - second > 500_000, name
    assert generations == sorted(set(generations))


def test_no_number_is_given_twice_where_the_database_is_lost(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=None)
    file = tmp_path / "file"
    setup.initialise(settings)
    write_backup(settings, file)
    lost = ids(settings)
    shutil.rmtree(settings.data_dir / "postgres")
    restore_backup(settings, file, person="anna")
    given = ids(settings)

    assert {name for name in lost if given[name] - lost[name] < 1_000_000} == set()


@pytest.mark.parametrize(
    ("restored", "hours", "first"),
    [
        pytest.param(7, 30.5, 2_000_000, id="the same database"),
        pytest.param(5, 0.0, 3_000_000, id="another one, a moment ago"),
        pytest.param(5, 30.5, 33_000_000, id="another one, a day ago"),
        pytest.param(None, 30.5, 33_000_000, id="an older one, a day ago"),
    ],
)
def test_the_gap_is_wider_the_longer_nobody_says_what_was_given(
    database_url: str, restored: int | None, hours: float, first: int
) -> None:
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection:
        begin_generation(
            connection,
            replaced=GivenNumbers(generation=7, ids={"run_ids": 41}),
            restored=restored,
            since=now - timedelta(hours=hours),
            now=now,
        )
        found = connection.execute("select nextval('run_ids')").fetchone()

    assert found == (first,)


async def test_a_poll_that_a_restore_overtook_is_not_kept(database: Database) -> None:
    def poll(minute: int) -> Poll:
        moment = datetime(2026, 11, 30, 10, minute, tzinfo=UTC)
        return Poll(account_time=f"{moment:%Y-%m-%d %H:%M:%S}", polled_at=moment, full_at=moment)

    async with database.transaction() as on:
        await on.execute(
            "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
        kept = []
        for now, after in (
            (poll(1), None),  # the first
            (poll(2), poll(1)),
            (poll(9), poll(8)),  # from a time that the database does not know
            (poll(9), None),
        ):
            await polls.keep(on, "acme", "purchase_orders", now, after=after)
            kept.append(await polls.last(on, "acme", "purchase_orders"))
        await on.execute("delete from poll")
        await polls.keep(on, "acme", "purchase_orders", poll(9), after=poll(8))
        nothing = await polls.last(on, "acme", "purchase_orders")

    assert kept == [poll(1), poll(2), poll(2), poll(2)]
    assert nothing is None
