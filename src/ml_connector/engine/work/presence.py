"""Whether a worker is dead: the lock of its session is gone with it, or it is silent for long.

A process that is killed can't say so, but the kernel closes its connections, and the database
takes its locks back at once. That alone tells nothing: a living worker's session may break as
well, and all of them do when the database restarts. So the sign of life must be late, too.

Decision: docs/adr/0032-a-session-shows-who-lives.md.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from ml_connector.config.log_counts import LogCounts
from ml_connector.storage.database import Connection, rows

_log = structlog.get_logger("lanes")
_counts: Final = LogCounts(_log)

HEARTBEAT_SECONDS: Final = 2.0

GONE_AFTER_SECONDS: Final = 3.0
"""So long without a sign of life is a worker dead whose lock nobody holds."""

STALLED_AFTER_SECONDS: Final = 15.0
"""So long without a sign of life is every worker dead."""

BACK_WITHIN_SECONDS: Final = 6.0
"""A worker that lives has its session again so soon after the database is back.

An attempt to connect lasts five seconds at most, and the next one follows half a second later.
"""

_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 0.5


class Heartbeat(NamedTuple):
    """A worker's last sign of life, as it was seen.

    Attributes:
        at: what the worker's row says, in seconds.
        seen_at: when that was seen first, by a clock of this process that nobody sets.
        is_held: whether the worker's lock was held at the last look.
    """

    at: float
    seen_at: float
    is_held: bool = True


def silent_workers(
    known: Mapping[int, Heartbeat],
    found: Iterable[Mapping[str, Any]],
    *,
    now: float,
    there_for: float = 0.0,
) -> tuple[dict[int, Heartbeat], list[int]]:
    """Return the heartbeats that were found, and the workers that give no sign of life. Pure.

    One look is not enough: when the database was away, nobody could give a sign. And a row that
    says so of the future tells nothing: the clock was put right since.

    Args:
        known: what the look before has found.
        found: the workers' rows: ``id``, ``at`` and ``age`` in seconds, and whether their lock
            ``is_held``.
        now: by the clock of ``Heartbeat.seen_at``.
        there_for: for how many seconds the database has been there without a break, as far as
            is known.
    """
    seen: dict[int, Heartbeat] = {}
    silent: list[int] = []
    for row in found:
        before = known.get(row["id"])
        if before is None or before.at != row["at"]:
            seen[row["id"]] = Heartbeat(row["at"], now, row["is_held"])
            continue
        seen[row["id"]] = before._replace(is_held=row["is_held"])
        held = before.is_held or row["is_held"] or there_for < BACK_WITHIN_SECONDS
        after = STALLED_AFTER_SECONDS if held else GONE_AFTER_SECONDS
        if max(row["age"], now - before.seen_at) > after:
            silent.append(row["id"])
    return seen, silent


HEARTBEATS: Final = """
    select id, extract(epoch from last_heartbeat)::float8 as at,
        extract(epoch from now() - last_heartbeat)::float8 as age,
        not pg_try_advisory_xact_lock(hashtextextended('worker ' || id, 0)) as is_held,
        extract(epoch from now() - greatest(pg_postmaster_start_time(),
            (select stats_reset from pg_stat_bgwriter)))::float8 as up_for
    from procrastinate_workers
"""
# After a crash of one of its processes the server goes on under the same postmaster with no
# session of before; it begins its statistics anew then (PostgreSQL 18, section 27.2).

_WORKERS: Final = """
    select w.id, extract(epoch from now() - w.last_heartbeat)::float8 as age,
        (select count(*) from procrastinate_jobs as j
            where j.worker_id = w.id and j.status = 'doing') as jobs,
        (select min(j.queue_name) from procrastinate_jobs as j
            where j.worker_id = w.id and j.status = 'doing') as lane
    from procrastinate_workers as w order by w.id
"""

_HOLD: Final = """
    select id from unnest(%(missing)s::bigint[]) as w(id)
    where pg_try_advisory_lock(hashtextextended('worker ' || id, 0))
"""

_LET_GO: Final = """
    select pg_advisory_unlock(hashtextextended('worker ' || id, 0))
    from unnest(%(over)s::bigint[]) as w(id)
"""


async def workers(connection: Connection) -> list[dict[str, Any]]:
    """Return the workers that have given a sign of life, with its ``age`` in seconds.

    There is one for each lane of each process that works; ``jobs`` are those it has in hand.
    """
    return await rows(connection, _WORKERS)


class Presence:
    """Holds a lock for each worker of this process, in a session that ends with the process."""

    def __init__(self) -> None:
        self._workers: set[int] = set()
        self._some = asyncio.Event()
        self._lost_at = float("-inf")

    def add(self, worker_id: int) -> None:
        """Hold a worker's lock from now on."""
        self._workers.add(worker_id)
        self._some.set()

    def remove(self, worker_id: int) -> None:
        """Let a worker's lock go: it has ended."""
        self._workers.discard(worker_id)

    def unbroken_for(self, now: float) -> float:
        """Return for how many seconds this process has lost no session, by that clock."""
        return now - self._lost_at

    async def keep(self, pool: AsyncConnectionPool[Any]) -> None:
        """Hold the locks until cancelled, in one session after another."""
        while True:
            await self._some.wait()
            try:
                async with pool.connection() as connection:
                    try:
                        await self._hold(connection)
                    finally:
                        await connection.close()
            except psycopg.Error as error:
                _counts.note("session_lost", "presence", reason=str(error))
            self._lost_at = time.monotonic()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _hold(self, connection: psycopg.AsyncConnection[Any]) -> None:
        held: set[int] = set()
        while True:
            over = held - self._workers
            if over:
                await connection.execute(_LET_GO, {"over": list(over)})
            # Also where none is missing: the session is in use, and nobody ends it as idle.
            missing = list(self._workers - held)
            got = await connection.execute(_HOLD, {"missing": missing})
            held = (held - over) | {row[0] for row in await got.fetchall()}
            # Waits, and ends at once when the server ends the session.
            async for _ in connection.notifies(timeout=_LOOK_SECONDS):
                pass
