"""Chores: what one of the workers must do every few seconds, whichever it is.

Each chore runs on one worker at a time (an advisory lock in the database), and on the next
one when that worker dies. A chore that fails is logged and done again the next time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog

from ml_connector.config.log_counts import LogCounts
from ml_connector.engine.work import job_tables
from ml_connector.engine.work.backoff import LONGEST_SECONDS
from ml_connector.engine.work.job_tables import LIVE_JOBS
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.inbox import jobs
from ml_connector.storage.database import Database, is_lost, one

_log = structlog.get_logger("upkeep")
_counts: Final = LogCounts(_log)

RESCUE_EVERY_SECONDS: Final = 1.0
FREE_EVERY_SECONDS: Final = 3.0
LOST_EVERY_SECONDS: Final = 15.0

# After the database went away under it: some chores come every ten minutes only.
_AGAIN_SECONDS: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class Chore:
    """Something to do again and again.

    Attributes:
        name: also the name of its lock.
        every_seconds: pause between one time and the next.
    """

    name: str
    every_seconds: float
    do: Callable[[], Awaitable[object]]


async def keep_up(database: Database, chores: Sequence[Chore]) -> None:
    """Do the chores until cancelled."""
    async with asyncio.TaskGroup() as group:
        for chore in chores:
            group.create_task(_again_and_again(database, chore), name=f"chore {chore.name}")


async def rescue(lanes: Lanes) -> None:
    """Hand on the jobs of workers that give no sign of life."""
    count = await lanes.rescue()
    if count:
        _log.warning("rescued", jobs=count)


async def find_lost(database: Database, lanes: Lanes) -> None:
    """Give a job to every dirty subject that should have one and has none.

    A job that is due later than any can be is found as well.
    """
    async with database.transaction() as connection:
        late = await jobs.bring_forward(connection, longest_retry_seconds=LONGEST_SECONDS)
        await job_tables.bring_forward(connection, late, longest=jobs.LONGEST_SPREAD)
        found = await jobs.without_job(connection, live_jobs=LIVE_JOBS)
        for subject_id, connection_name in found:
            [job] = await lanes.defer(connection, connection_name, [subject_id])
            await jobs.set_jobs(connection, [(subject_id, job)])
    if found:
        _log.warning("found_lost", subjects=len(found))
    if late:
        _log.warning("clock_was_ahead", subjects=len(late))


async def _again_and_again(database: Database, chore: Chore) -> None:
    task = asyncio.current_task()
    # A cancellation that comes while the database answers, or goes away, may be lost in the
    # driver (asyncio.wait_for of Python 3.11 can lose one); the task itself remembers it.
    while task is None or not task.cancelling():
        pause = chore.every_seconds
        try:
            async with database.transaction() as connection:
                mine = await one(
                    connection,
                    "select pg_try_advisory_xact_lock(hashtextextended('chore ' || %(name)s, 0))"
                    " as mine",
                    {"name": chore.name},
                )
                if mine and mine["mine"]:
                    await chore.do()
        except (UserError, psycopg.Error, ConnectorError) as error:
            _counts.note("chore_failed", chore.name, chore=chore.name, reason=str(error))
            if is_lost(error):
                pause = min(pause, _AGAIN_SECONDS)
        except Exception as error:  # noqa: BLE001 - a bug in one chore must not stop the others
            reason = type(error).__name__
            if _counts.note("chore_failed", chore.name, chore=chore.name, reason=reason):
                _log.exception("chore_failed", chore=chore.name)
        await asyncio.sleep(pause)
