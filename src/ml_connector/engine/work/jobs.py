"""The job library's workers, which outlast the time when their database is away.

The only module that loads the job library, which who only defers jobs has no need of.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from ml_connector.engine.work.job_tables import CONVERGE, ERRAND, HAND_ON, PUT_BACK, DoErrand, Run
from ml_connector.engine.work.presence import (
    HEARTBEAT_SECONDS,
    HEARTBEATS,
    STALLED_AFTER_SECONDS,
    Heartbeat,
    Presence,
    silent_workers,
)
from ml_connector.storage.connection_string import conninfo
from ml_connector.storage.database import Pool, is_lost

_log = structlog.get_logger("lanes")

_FORGET_AFTER_SECONDS: Final = 3600.0

_PATIENCE_SECONDS: Final = 5.0
_LISTEN_AGAIN_SECONDS: Final = 0.5
_CANCEL_AGAIN_SECONDS: Final = 0.1

# So many jobs of a lane end at the same time: the connections are there for all lanes.
_ENDINGS_AT_ONCE: Final = 4


async def _without_transactions(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _pool(*, conninfo: str, check: object, **options: Any) -> Pool:  # noqa: A002, RUF100 - the library's own names
    """Return the library's pool: ours, which looks at connections in a way of its own."""
    del check
    return Pool(conninfo, **options)


class LastingJobs(JobManager):
    """The library's jobs, for workers that outlast the time when their database is away.

    The library's own worker would end then, and break off what it has in hand.

    Attributes:
        presence: shows that the workers of this process live.
    """

    def __init__(self, connector: procrastinate.PsycopgConnector) -> None:
        super().__init__(connector)
        self._in_hand: dict[int | None, set[int | None]] = defaultdict(set)
        self._unsure: set[int | None] = set()
        self._ending: dict[int | None, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_ENDINGS_AT_ONCE)
        )
        self.presence = Presence()

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next job; None also while the database is away."""
        try:
            if worker_id in self._unsure:
                await self._put_back(worker_id)
            job = await super().fetch_job(queues, worker_id)
        except ConnectorException as error:
            self._note_lost(error, worker_id)
            return None
        if job is not None:
            self._in_hand[worker_id].add(job.id)
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - the library's own signature
        """End a job. Where that is lost, it is handed out again, and ends at once then."""
        try:
            async with self._ending[job.worker_id]:
                await super().finish_job(job, status, delete_job)
        except ConnectorException as error:
            self._note_lost(error, job.worker_id)
        finally:
            self._in_hand[job.worker_id].discard(job.id)

    async def register_worker(self) -> int:
        """Make a worker known."""
        worker_id = await super().register_worker()
        self.presence.add(worker_id)
        _end_if_cancelled()
        return worker_id

    async def unregister_worker(self, worker_id: int) -> None:
        """Let a worker that has ended be forgotten."""
        self.presence.remove(worker_id)
        await super().unregister_worker(worker_id)

    async def update_heartbeat(self, worker_id: int) -> None:
        """Give a sign of life, if the database is there."""
        try:
            await super().update_heartbeat(worker_id)
        except ConnectorException as error:
            self._note_lost(error, worker_id)
        _end_if_cancelled()

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        """Return whom to abort; nobody while the database is away."""
        try:
            found = await super().list_jobs_to_abort_async(queue)
        except ConnectorException as error:
            if not is_lost(error.__cause__):
                raise
            found = ()
        _end_if_cancelled()
        return found

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """Forget workers of long ago; who is silent for less may only have no database."""
        return await super().prune_stalled_workers(
            max(seconds_since_heartbeat, _FORGET_AFTER_SECONDS)
        )

    async def listen_for_jobs(
        self,
        *,
        on_notification: NotificationCallback,
        queues: Iterable[str] | None = None,
    ) -> None:
        """Listen until cancelled, again and again; what was said meanwhile is found by polling."""
        while True:
            listening = asyncio.create_task(
                super().listen_for_jobs(on_notification=on_notification, queues=queues)
            )
            try:
                await asyncio.wait([listening])
            finally:
                await _cancelled(listening)
            error = listening.exception()
            if error is not None and not (
                isinstance(error, ConnectorException) and is_lost(error.__cause__)
            ):
                raise error
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)

    def _note_lost(self, error: ConnectorException, worker_id: int | None) -> None:
        if not is_lost(error.__cause__):
            raise error
        if worker_id not in self._unsure:
            self._unsure.add(worker_id)
            _log.warning("database_away", reason=str(error.__cause__))

    async def _put_back(self, worker_id: int) -> None:
        """Put back what the database says is in this worker's hand and is not."""
        await self.connector.execute_query_all_async(
            PUT_BACK, worker=worker_id, in_hand=list(self._in_hand[worker_id])
        )
        self._unsure.discard(worker_id)


def _end_if_cancelled() -> None:
    """End this task if somebody wants that and the driver has lost it.

    A cancellation that comes while the database answers may end in the driver: the call returns
    as if nothing had been, and a task that goes on then can't be ended any more.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel a task until it has ended, for the same reason."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_AGAIN_SECONDS)


class Jobs:
    """Working off the jobs of lanes.

    Args:
        url: the database.
        run: converges a subject; None: its jobs are taken and nothing is done.
        do_errand: does an errand; None likewise.
    """

    def __init__(self, url: str, run: Run | None, do_errand: DoErrand | None) -> None:
        # The listeners of all lanes and the fetching of jobs share this pool. Each of the
        # library's queries is a transaction of its own, and none has to be on disk: when the
        # fetching or the end of a job is lost with the database's machine, the job is handed
        # out again, and ends at once when it is no longer its subject's job. Jobs are made in
        # transactions of ours.
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(url, name="ml-connector lanes", options="-c synchronous_commit=off"),
            min_size=0,
            max_size=60,
            timeout=_PATIENCE_SECONDS,
            pool_factory=_pool,
            configure=_without_transactions,
        )
        self._connector = connector
        self._app = procrastinate.App(connector=connector)
        self._jobs = LastingJobs(connector)
        self._app.job_manager = self._jobs
        self._heartbeats: Mapping[int, Heartbeat] = {}

        @self._app.task(name=CONVERGE, pass_context=True)
        async def converge(context: procrastinate.JobContext, subject_id: int) -> None:
            if run is not None and context.job.id is not None:
                await run(subject_id, context.job.id, context.job.queue)

        @self._app.task(name=ERRAND, pass_context=True)
        async def errand(context: procrastinate.JobContext, errand_id: int) -> None:
            if do_errand is not None and context.job.id is not None:
                await do_errand(errand_id, context.job.id)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Open the pool that working needs."""
        async with self._app.open_async():
            keeping = asyncio.create_task(
                self._jobs.presence.keep(self._connector.pool), name="presence"
            )
            try:
                yield
            finally:
                await _cancelled(keeping)

    async def work(
        self, lane: str, *, at_once: int, grace_seconds: float, poll_seconds: float
    ) -> None:
        """Work a lane off until cancelled; then let what runs end within the grace time."""
        await self._app.run_worker_async(
            queues=[lane],
            name=lane,
            concurrency=at_once,
            wait=True,
            fetch_job_polling_interval=poll_seconds,
            shutdown_graceful_timeout=grace_seconds,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
        )

    async def rescue(self, *, now: float | None = None) -> int:
        """Hand the jobs of workers that give no sign of life to the others; return how many.

        Args:
            now: by a clock that nobody sets, in seconds; None: the present.
        """
        known, self._heartbeats = self._heartbeats, {}
        now = time.monotonic() if now is None else now
        found = await self._connector.execute_query_all_async(HEARTBEATS)
        unbroken_for = self._jobs.presence.unbroken_for(now)
        self._heartbeats, silent = silent_workers(
            known,
            found,
            now=now,
            there_for=min([unbroken_for, *(row["up_for"] for row in found)]),
        )
        return len(await self._connector.execute_query_all_async(HAND_ON, workers=silent))
