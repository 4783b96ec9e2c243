"""How a run ends: its subject has converged, runs again, or stops until somebody acts.

Whatever ends a run is one transaction: the run's outcome, what becomes of its subject, and
the job that goes on with it, if one does.
"""

import traceback
from datetime import UTC, datetime

import structlog

from ml_connector.engine.work.backoff import delay_seconds
from ml_connector.engine.work.lanes import BULK, LIVE, Lanes
from ml_connector.engine.work.meters import EVENT_SECONDS, RUNS
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.ledger.conservation.equation import Equation, sentences
from ml_connector.ledger.inbox import ownership
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.postings import runs
from ml_connector.storage.database import Connection, Database, is_lost
from ml_connector.words import Cause

_log = structlog.get_logger("converge")


class RunEndings:
    """The ways in which a run ends whose documents did not end it.

    Each returns True when the same job should run the subject once more at once.
    """

    def __init__(self, database: Database, lanes: Lanes) -> None:
        self._database = database
        self._lanes = lanes

    async def converge_again(self, run: Run) -> bool:
        """Let the same job run the subject once more: it has not converged yet."""
        async with self._database.transaction() as connection:
            await ownership.once_more(connection, run.subject)
            await runs.finish(connection, run.id, "done")
        _measure(run.subject, "halfway")
        _log.info("halfway")
        return True

    async def stop(
        self, run: Run, error: NeedsData | NeedsHuman, sentence: str, *, unexplained: int = 0
    ) -> bool:
        """Park the subject, or leave it dead until a person acts.

        Args:
            run: the run.
            error: what is missing.
            sentence: the same for a person.
            unexplained: lines of the source that nothing accounts for.
        """
        outcome = "parked" if isinstance(error, NeedsData) else "dead"
        async with self._database.transaction() as connection:
            again = await ownership.stopped(
                connection, run.subject, error, sentence, unexplained=unexplained
            )
            await runs.finish(connection, run.id, outcome, error=error, sentence=sentence)
        _measure(run.subject, outcome)
        _log.warning(outcome, cause=error.cause, reason=sentence, remedy=error.remedy)
        return again

    async def unexplained(self, run: Run, equation: Equation) -> bool:
        """Leave the subject dead: all that was planned is posted, and lines are still missing."""
        lines = list(sentences(equation))
        _log.error("unexplained", lines=lines)
        stopped = NeedsHuman(
            f"Not every line of the source is accounted for: {'; '.join(lines)}",
            cause=Cause.UNEXPLAINED,
            remedy=(
                "Compare what ShipBob shows with the documents that journal list names, and"
                " correct by hand what is wrong in NetSuite. This is a bug: please report it"
                " with the run's facts (events show). It then goes on by itself."
            ),
        )
        return await self.stop(run, stopped, str(stopped), unexplained=equation.unexplained.lines)

    async def unforeseen(self, run: Run, error: Exception) -> bool:
        """Begin anew where the database went away under the run; anything else is a bug.

        A bug leaves the subject dead, with where in our code it showed, and is logged whole.
        """
        if is_lost(error):
            return await self._begin_anew(run, error)
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"A bug: {type(error).__name__} in {where.name},"
            f" {where.filename.rpartition('/')[2]} line {where.lineno}"
        )
        _log.exception("bug", error=sentence)
        stopped = NeedsHuman(
            sentence,
            cause=Cause.BUG,
            remedy="Please report it with the log of this run. It then goes on by itself.",
        )
        return await self.stop(run, stopped, sentence)

    async def try_later(self, run: Run, error: Retryable) -> bool:
        """Give the subject a job that is due after a pause."""
        subject = run.subject
        wait = delay_seconds(subject.attempt, error.retry_after_seconds)
        async with self._database.transaction() as connection:
            [job_id] = await self._lanes.defer(
                connection, subject.ref.connection, [subject.id], in_seconds=wait
            )
            await ownership.later(connection, subject, error, job_id=job_id, in_seconds=wait)
            await runs.finish(connection, run.id, "retrying", error=error)
        _measure(subject, "retrying")
        _log.warning("retrying", cause=error.cause, reason=str(error), in_seconds=round(wait, 1))
        return False

    async def _begin_anew(self, run: Run, error: Exception) -> bool:
        """Let the same job run the subject anew, as soon as the database is there."""
        _log.warning("database_away", reason=str(error))
        await self._database.back()
        async with self._database.transaction() as connection:
            await runs.finish(connection, run.id, "released")
        return True

    async def release(self, run: Run) -> None:
        """Give the subject back: the worker stops before the run could end."""
        async with self._database.transaction() as connection:
            await self.give_new_job(connection, run.subject)
            await runs.finish(connection, run.id, "released")

    async def put_off(self, run: Run, seconds: float) -> bool:
        """Give the subject back until later: it found no place, and has cost no call."""
        async with self._database.transaction() as connection:
            await self.give_new_job(connection, run.subject, in_seconds=seconds)
            await runs.finish(connection, run.id, "released")
        return False

    async def superseded(self, run: Run) -> bool:
        """Note that another run has taken the subject over."""
        async with self._database.transaction() as connection:
            await runs.finish(connection, run.id, "superseded")
        _log.warning("superseded")
        return False

    async def give_new_job(
        self, connection: Connection, subject: Claimed, *, in_seconds: float | None = None
    ) -> None:
        """Give the subject back, with a job of its own that runs it anew, now or later."""
        [job_id] = await self._lanes.defer(
            connection,
            subject.ref.connection,
            [subject.id],
            in_seconds=in_seconds,
            priority=LIVE if in_seconds is None else BULK,
        )
        await ownership.release(connection, subject, job_id=job_id, in_seconds=in_seconds)


def tell_done(subject: Claimed, equation: Equation) -> None:
    """Count and log that a subject has converged, with what became of its source lines."""
    _measure(subject, "done")
    _log.info("done", lines=list(sentences(equation)))


def _measure(subject: Claimed, outcome: str) -> None:
    RUNS.labels(subject.ref.flow, outcome).inc()
    if subject.since is not None and outcome == "done":
        seconds = (datetime.now(UTC) - subject.since).total_seconds()
        EVENT_SECONDS.labels(subject.ref.flow).observe(max(0.0, seconds))
