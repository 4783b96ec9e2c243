"""A worker: works the lanes of all connections off, does errands and its share of the chores."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

import psycopg
import structlog

from ml_connector.config.log_counts import LogCounts, flush_counts
from ml_connector.engine.settle.write_slots import runs_for
from ml_connector.engine.work.chores import Chore, keep_up
from ml_connector.engine.work.lanes import ERRANDS, Lanes
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Database, DatabaseAway

_log = structlog.get_logger("worker")
_counts: Final = LogCounts(_log)

_LOOK_FOR_CONNECTIONS_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 6.0

_ERRANDS_AT_ONCE: Final = 2


class _Lane(NamedTuple):
    """A lane that is worked off, and how many subjects it has in hand."""

    task: asyncio.Task[None]
    at_once: int


async def work(
    database: Database,
    lanes: Lanes,
    chores: Sequence[Chore],
    *,
    at_once: int | None,
    stop: asyncio.Event,
) -> None:
    """Work until ``stop`` is set; then take no more, let what runs end, or release it.

    Args:
        database: the pool.
        lanes: the lanes, with what a job does.
        chores: what one of the workers must do from time to time.
        at_once: subjects in hand for each connection; None: as its limits allow.
        stop: set when the process should end.
    """
    async with lanes.open():
        upkeep = asyncio.create_task(keep_up(database, chores), name="upkeep")
        working: dict[str, _Lane] = {}
        try:
            while not stop.is_set():
                await _tend(database, lanes, working, at_once)
                flush_counts()
                await _wait(stop, _LOOK_FOR_CONNECTIONS_SECONDS)
        finally:
            flush_counts(everything=True)
            _log.info("stopping", lanes=sorted(working))
            tasks = [*(lane.task for lane in working.values()), upkeep]
            for task in tasks:
                task.cancel()
            # Bounded: a process that can't end would be in the way of the next one. Tasks that
            # are left are cancelled once more when the event loop ends.
            _, unfinished = await asyncio.wait(tasks, timeout=GRACE_SECONDS + 1.0)
            if unfinished:
                _log.warning("not_ended", tasks=sorted(task.get_name() for task in unfinished))


async def _tend(
    database: Database, lanes: Lanes, working: dict[str, _Lane], at_once: int | None
) -> None:
    """Begin the lanes of new connections, end those at rest, restart broken ones.

    A lane whose connection has other limits now ends as well, and begins again with those.
    """
    try:
        # Whoever wants this process to end does not wait for a database that is away.
        async with asyncio.timeout(_ANSWER_SECONDS), database.transaction() as connection:
            wanted = _wanted(await connections.every(connection), at_once)
            if lanes.does_errands:
                wanted[ERRANDS] = _ERRANDS_AT_ONCE
    except (DatabaseAway, psycopg.OperationalError, TimeoutError) as error:
        _log.warning("database_away", reason=str(error) or "no answer")
        return
    for name, (task, held) in list(working.items()):
        if task.done():
            if not task.cancelled() and task.exception() is not None:
                _log.warning("lane_ended", lane=name, reason=str(task.exception()))
            del working[name]
        elif wanted.get(name) != held:
            task.cancel()
    for name in wanted.keys() - working.keys():
        _log.info("lane_begins", lane=name, at_once=wanted[name])
        task = asyncio.create_task(
            lanes.work(name, at_once=wanted[name], grace_seconds=GRACE_SECONDS),
            name=f"lane {name}",
        )
        working[name] = _Lane(task, wanted[name])


def _wanted(known: Sequence[AppliedConnection], at_once: int | None) -> dict[str, int]:
    """Return how many subjects to have in hand for each connection that is to be worked off.

    One whose settings can't be read waits until somebody has mended them.
    """
    wanted: dict[str, int] = {}
    for one in known:
        if one.is_at_rest:
            continue
        try:
            wanted[one.name] = at_once or runs_for(one.limits)
        except NeedsHuman as error:
            _counts.note("lane_left_out", one.name, lane=one.name, reason=str(error))
    return wanted


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
