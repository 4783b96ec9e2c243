"""A backup that is put back while a sweep goes on: what it had found is found again, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from app.test_generation import restored, settings
from engine.workshop import Workshop
from ml_connector.app.installation.backup import write_backup
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.sweep import BATCH, sweep
from ml_connector.errors import Retryable
from ml_connector.ledger import turns
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.storage.database import Connection, Database
from ml_connector.words import Cause
from waiting import until

__all__ = ["settings"]  # a fixture

NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)
FOUND = BATCH + 1


async def nothing() -> None:
    return


async def swept(
    workshop: Workshop, between_pages: Callable[[], Awaitable[None]] = nothing
) -> None:
    """Look through two pages, and take the turn with the second, as a worker does."""

    async def source(*_: object) -> AsyncIterator[SweepResult]:
        for number in range(FOUND):
            if number == BATCH:
                # The page before is taken in meanwhile.
                await until(lambda: has_subjects(workshop, BATCH))
                await between_pages()
            yield SweepResult(key=f"k{number:05}", version="1")

    async def is_done(connection: Connection) -> None:
        await turns.take_at(connection, "acme", workshop.flow.name, now=NOW)

    workshop.flow = replace(workshop.flow, sweep=source, poll=None, pushes=True)
    await sweep(
        workshop.database,
        workshop.lanes,
        workshop.flow,
        reads=Reads(cast("ShipBob", object()), cast("NetSuite", object())),
        connection_name="acme",
        since=NOW,
        at_end=is_done,
    )


async def has_subjects(workshop: Workshop, subjects: int) -> bool:
    return len(await workshop.database.fetch("select 1 from subject")) == subjects


async def known(workshop: Workshop) -> tuple[int, int, bool]:
    """Return how many subjects there are, how many events, and whether the turn is taken."""
    [row] = await workshop.database.fetch(
        "select (select count(*) from subject) as subjects,"
        " (select count(*) from event) as events,"
        " exists (select from turn where taken_at = %(now)s) as taken",
        {"now": NOW},
    )
    return row["subjects"], row["events"], row["taken"]


async def test_a_sweep_that_a_restore_overtook_is_not_done(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """Else the turn would be taken in a database that has not heard of the first page."""
    file = tmp_path / "file"
    async with Database(database_url, size=3) as database:
        workshop = await Workshop(database).set_up()
        await asyncio.to_thread(write_backup, settings, file)
        with pytest.raises(Retryable, match="since a restore") as refused:
            await swept(workshop, lambda: restored(settings, file))
        overtaken = await known(workshop)
        await swept(workshop)
        again = await known(workshop)

    assert refused.value.cause is Cause.CONNECTION_HELD
    assert overtaken == (0, 0, False)
    assert again == (FOUND, FOUND, True)


async def test_a_backup_of_half_a_sweep_does_not_say_that_it_is_done(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"

    async def back_up() -> None:
        await asyncio.to_thread(write_backup, settings, file)

    async with Database(database_url, size=3) as database:
        workshop = await Workshop(database).set_up()
        await swept(workshop, back_up)
        done = await known(workshop)
        await restored(settings, file)
        half = await known(workshop)
        await swept(workshop)
        again = await known(workshop)

    assert done == (FOUND, FOUND, True)
    assert half == (BATCH, BATCH, False)
    assert again == (FOUND, FOUND, True)
