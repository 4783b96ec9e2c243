"""Lanes: one queue per connection, so that one connection's backlog slows no other.

Nearly all jobs are of one kind: *converge this subject*. A subject has at most one live job
(``subject.job_id``), which is what keeps two runs of it apart; the job library's own locks are
not needed for that. Beside them are errands, what a person asked a worker to do, in a lane of
their own.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ml_connector.engine.work.job_tables import CONVERGE, DEFER, DEFER_ERRAND, DoErrand, Run
from ml_connector.storage.database import Connection, rows

if TYPE_CHECKING:
    from ml_connector.engine.work.jobs import Jobs

_POLL_SECONDS: Final = 2.0

LIVE: Final = 0
BULK: Final = -10

ERRANDS: Final = "errands:"
"""The lane of errands: no connection can have that name."""


class Lanes:
    """Deferring jobs inside our own transactions, and working them off.

    Args:
        url: the database.
        run: converges a subject; None where jobs are only deferred.
        do_errand: does an errand; None likewise.

    Attributes:
        task: the name of the jobs that converge.
        does_errands: whether errands can be worked off.
    """

    def __init__(
        self, url: str, run: Run | None = None, do_errand: DoErrand | None = None
    ) -> None:
        self._url = url
        self._run = run
        self._do_errand = do_errand
        self.task = CONVERGE
        self.does_errands = do_errand is not None

    @cached_property
    def _jobs(self) -> "Jobs":
        # Loading the job library takes long, which who only defers saves.
        from ml_connector.engine.work.jobs import Jobs  # noqa: PLC0415 - see above

        return Jobs(self._url, self._run, self._do_errand)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Open the pool that working needs; deferring needs none."""
        async with self._jobs.open():
            yield

    async def defer(
        self,
        connection: Connection,
        lane: str,
        subject_ids: Sequence[int],
        *,
        in_seconds: float | None = None,
        priority: int = LIVE,
    ) -> list[int]:
        """Put subjects into a lane within this transaction; return the jobs' ids in order.

        Args:
            connection: the transaction.
            lane: which.
            subject_ids: of the subjects.
            in_seconds: after which time, by the database's clock; None: at once.
            priority: of the jobs.
        """
        if not subject_ids:
            return []
        deferred = await rows(
            connection,
            DEFER,
            {
                "lane": lane,
                "task": self.task,
                "priority": priority,
                "in_seconds": in_seconds,
                "subjects": list(subject_ids),
            },
        )
        return [row["job"] for row in deferred]

    async def defer_errand(self, connection: Connection, errand_id: int) -> int:
        """Put an errand into its lane within this transaction; return the job's id."""
        [row] = await rows(
            connection, DEFER_ERRAND, {"lane": ERRANDS, "priority": LIVE, "errand": errand_id}
        )
        return int(row["job"])

    async def put_off(self, connection: Connection, due: Sequence[tuple[int, datetime]]) -> None:
        """Let jobs that nobody has begun be due later: pairs of a job's id and that moment."""
        if due:
            await rows(
                connection,
                "update procrastinate_jobs as j set scheduled_at = d.at"
                " from unnest(%(jobs)b::bigint[], %(at)b::timestamptz[]) as d(job, at)"
                " where j.id = d.job and j.status = 'todo'",
                {"jobs": [job for job, _ in due], "at": [at for _, at in due]},
            )

    async def work(
        self,
        lane: str,
        *,
        at_once: int,
        grace_seconds: float,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        """Work a lane off until cancelled; then let what runs end within the grace time.

        Args:
            lane: which.
            at_once: jobs at the same time.
            grace_seconds: how long what runs may take to end.
            poll_seconds: how often jobs are looked for whose time has come.
        """
        await self._jobs.work(
            lane, at_once=at_once, grace_seconds=grace_seconds, poll_seconds=poll_seconds
        )

    async def rescue(self, *, now: float | None = None) -> int:
        """Hand the jobs of workers that give no sign of life to the others; return how many.

        Args:
            now: by a clock that nobody sets, in seconds; None: the present.
        """
        return await self._jobs.rescue(now=now)
