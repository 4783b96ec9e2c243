"""Lanes: one queue per connection, so that one connection's backlog slows no other.

The only module that knows the job library. There is one kind of job: *converge this
subject*. A subject has at most one live job (``subject.job_id``), which is what keeps two
runs of it apart; the job library's own locks are not needed for that.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

import procrastinate
import psycopg
from procrastinate.jobs import DeleteJobCondition
from psycopg_pool import AsyncConnectionPool

from ml_connector.storage.connection_string import conninfo
from ml_connector.storage.database import Connection, rows

HEARTBEAT_SECONDS: Final = 2.0
STALLED_AFTER_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 2.0

# A connection that served a moment ago is not asked first whether it is alive.
_LOOK_AFTER_SECONDS: Final = 5.0

LIVE: Final = 0
BULK: Final = -10

Run = Callable[[int, int], Awaitable[None]]
"""Converges a subject, given its id and the id of the job."""


async def _without_transactions(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _pool(**options: Any) -> AsyncConnectionPool[Any]:
    """Return the library's pool, without a question to the server before each query."""
    looked_at: WeakKeyDictionary[psycopg.AsyncConnection[Any], float] = WeakKeyDictionary()

    async def check(connection: psycopg.AsyncConnection[Any]) -> None:
        now = time.monotonic()
        if now > looked_at.get(connection, 0.0) + _LOOK_AFTER_SECONDS:
            await AsyncConnectionPool.check_connection(connection)
            looked_at[connection] = now

    return AsyncConnectionPool(**{**options, "check": check})


class Lanes:
    """Deferring jobs inside our own transactions, and working them off.

    Args:
        url: the database.
        run: what a job does; None where jobs are only deferred.

    Attributes:
        task: the name of the one kind of job.
    """

    def __init__(self, url: str, run: Run | None = None) -> None:
        # The listeners of all lanes and the fetching of jobs share this pool. Each of the
        # library's queries is a transaction of its own, and none has to be on disk: when the
        # fetching or the end of a job is lost with the database's machine, the job is handed
        # out again, and ends at once when it is no longer its subject's job. Jobs are made in
        # transactions of ours.
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(url, name="ml-connector lanes", options="-c synchronous_commit=off"),
            min_size=0,
            max_size=60,
            pool_factory=_pool,
            configure=_without_transactions,
        )
        self._app = procrastinate.App(connector=connector)
        self._run = run

        @self._app.task(name="converge", pass_context=True)
        async def converge(context: procrastinate.JobContext, subject_id: int) -> None:
            if self._run is not None and context.job.id is not None:
                await self._run(subject_id, context.job.id)

        self.task = converge.name

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Open the pool that working needs; deferring needs none."""
        async with self._app.open_async():
            yield

    async def defer(
        self,
        connection: Connection,
        lane: str,
        subject_ids: Sequence[int],
        *,
        at: datetime | None = None,
        priority: int = LIVE,
    ) -> list[int]:
        """Put subjects into a lane within this transaction; return the jobs' ids in order."""
        if not subject_ids:
            return []
        deferred = await rows(
            connection,
            _DEFER,
            {
                "lane": lane,
                "task": self.task,
                "priority": priority,
                "at": at,
                "subjects": list(subject_ids),
            },
        )
        return [row["job"] for row in deferred]

    async def work(self, lane: str, *, at_once: int, grace_seconds: float) -> None:
        """Work a lane off until cancelled; then let what runs end within the grace time."""
        await self._app.run_worker_async(
            queues=[lane],
            name=lane,
            concurrency=at_once,
            wait=True,
            fetch_job_polling_interval=_POLL_SECONDS,
            shutdown_graceful_timeout=grace_seconds,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
        )

    async def rescue(self) -> int:
        """Hand the jobs of workers that give no sign of life to the others; return how many."""
        manager = self._app.job_manager
        stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
        count = 0
        for job in stalled:
            await manager.retry_job(job)
            count += 1
        return count


_DEFER: Final = """
select unnest(procrastinate_defer_jobs_v1(array(
    select row(%(lane)s, %(task)s, %(priority)s, null, null,
               jsonb_build_object('subject_id', s.id), %(at)s::timestamptz)
           ::procrastinate_job_to_defer_v1
    from unnest(%(subjects)b::bigint[]) with ordinality as s(id, number)
    order by s.number))) as job
"""
# The library's own way in, its SQL function, called with ids instead of one composite value
# a job: building those in Python cost more than storing the jobs.


async def depths(connection: Connection) -> list[dict[str, Any]]:
    """Return how many jobs wait, are due later, or run, by lane."""
    return await rows(
        connection,
        "select queue_name as lane, status::text,"
        " (scheduled_at is not null and scheduled_at > now()) as later, count(*) as jobs"
        " from procrastinate_jobs where status in ('todo', 'doing') group by 1, 2, 3",
    )


JOBS: Final = """
    select procrastinate_defer_jobs_v1(array(
        select row(%(lane)s, 'converge', %(priority)s, null, null,
                   json_build_object('subject_id', id), null)::procrastinate_job_to_defer_v1
        from {subjects} order by n)) as ids
"""
"""As ``Lanes.defer``, but from a table of subjects within a statement.

The table has ``id`` and ``n``, by which the jobs' ids are in order. The lane and the priority
are parameters. It is what the job library itself asks the database.
"""

LIVE_JOBS: Final = "select j.id from procrastinate_jobs as j where j.status in ('todo', 'doing')"
"""The jobs that wait or run."""
