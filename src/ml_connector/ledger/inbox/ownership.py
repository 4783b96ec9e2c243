"""Which run owns a subject: it is taken, held, and given back with what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow

from ml_connector.errors import ConnectorError, NeedsData, Retryable, awaits
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, one
from ml_connector.words import Cause, Source


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A subject that this run owns as long as the epoch stays the same.

    Attributes:
        since: when the oldest event arrived that no finished run has seen.
        applied_at: when its connection was applied last: the state of the settings.
        told_by: who told of it since it last converged.
        told_of: the topics of what was told since then.
    """

    id: int
    ref: SubjectRef
    epoch: int
    mark: int
    attempt: int
    since: datetime | None
    applied_at: datetime | None = None
    told_by: frozenset[Source] = frozenset()
    told_of: frozenset[str] = frozenset()


class Superseded(ConnectorError):
    """Another run has taken this subject over: this one must write no more."""

    def __init__(self, subject: SubjectRef) -> None:
        super().__init__(
            f"Another run has taken over {subject.flow} {subject.key}", cause=Cause.SUPERSEDED
        )


async def claim(
    connection: Connection, subject_id: int, *, job_id: int, worker: str
) -> Claimed | None:
    """Take a subject for a run; None when this job is no longer the one to run it."""
    row = await one(
        connection,
        "update subject set epoch = epoch + 1, state = 'working', worker = %(worker)s,"
        " due_at = null, changed_at = now()"
        " where id = %(id)s and job_id = %(job)s"
        " returning id, connection, flow, key, epoch, marked, attempt,"
        " (select min(received_at) from event"
        "  where subject_id = subject.id and mark > subject.converged) as since,"
        " (select applied_at from connection where name = subject.connection) as applied_at",
        {"id": subject_id, "job": job_id, "worker": worker},
    )
    if row is None:
        return None
    return Claimed(
        id=row["id"],
        ref=SubjectRef(row["connection"], row["flow"], row["key"]),
        epoch=row["epoch"],
        mark=row["marked"],
        attempt=row["attempt"],
        since=row["since"],
        applied_at=row["applied_at"],
    )


async def take(connection: Connection, ref: SubjectRef, *, worker: str) -> Claimed:
    """Own a subject while nothing runs for its connection; its job and its state stay.

    Raises:
        LookupError: there is no such subject.
    """
    row = await one(
        connection,
        "update subject set epoch = epoch + 1, worker = %(worker)s, changed_at = now()"
        " where connection = %(connection)s and flow = %(flow)s and key = %(key)s"
        " returning id, epoch, marked, attempt",
        {**ref._asdict(), "worker": worker},
    )
    if row is None:
        raise LookupError(f"There is no {ref.flow} {ref.key}")
    return Claimed(
        id=row["id"],
        ref=ref,
        epoch=row["epoch"],
        mark=row["marked"],
        attempt=row["attempt"],
        since=None,
    )


async def fence(connection: Connection, subject: Claimed) -> None:
    """Hold the subject's row for the rest of the transaction, if the run still owns it.

    Raises:
        Superseded: another run has taken over.
    """
    row = await one(
        connection,
        "select 1 as mine from subject where id = %(id)s and epoch = %(epoch)s for update",
        {"id": subject.id, "epoch": subject.epoch},
    )
    if row is None:
        raise Superseded(subject.ref)


_STOPPED: Final = """
update subject set
    state = case when marked > %(mark)s then 'received' else %(state)s end,
    job_id = case when marked > %(mark)s then job_id end,
    due_at = null, cause = %(cause)s, sentence = %(sentence)s, remedy = %(remedy)s,
    waiting_for = %(waiting_for)s, worker = null, unexplained = %(unexplained)s,
    changed_at = now(), stopped_as = %(cause)s,
    wakes = case when told.in_vain then wakes + 1 else 0 end,
    looks = case when told.in_vain then looks + 1 else 0 end,
    look_at = now() + look_again_after(case when told.in_vain then looks + 1 else 0 end),
    seen = case when told.in_vain then seen else '{}' end
from (
    select coalesce(stopped_as = %(cause)s and (
        select source from event where subject_id = %(id)s order by id desc limit 1
    ) = 'wake', false) as in_vain
    from subject where id = %(id)s
) as told
where id = %(id)s and epoch = %(epoch)s
returning marked
"""


_LATER: Final = """
update subject set
    state = 'retrying', attempt = attempt + 1, job_id = %(job)s,
    due_at = now() + make_interval(secs => %(in_seconds)s),
    cause = %(cause)s, sentence = %(sentence)s, remedy = %(remedy)s, waiting_for = '{}',
    worker = null, changed_at = now()
where id = %(id)s and epoch = %(epoch)s
returning marked
"""


async def stopped(
    connection: Connection,
    subject: Claimed,
    error: ConnectorError,
    sentence: str,
    *,
    unexplained: int = 0,
) -> bool:
    """Park the subject (waits for data) or leave it dead (waits for a person).

    A wake-up that ends in the same stop as before was in vain: it is counted, and the subject
    is looked at again later each time. Any other news begins anew.

    Args:
        connection: inside a transaction.
        subject: as the run has claimed it.
        error: what stops it.
        sentence: the same for a person.
        unexplained: lines of its source that nothing accounts for, although all that was
            planned is posted.

    Returns:
        True when it was marked again meanwhile, so that it should run again at once.
    """
    return await _finish(
        connection,
        subject,
        _STOPPED,
        {
            "state": "parked" if isinstance(error, NeedsData) else "dead",
            "cause": error.cause,
            "sentence": sentence,
            "remedy": error.remedy,
            "waiting_for": [str(thing) for thing in awaits(error)],
            "unexplained": unexplained,
        },
    )


async def later(
    connection: Connection, subject: Claimed, error: Retryable, *, job_id: int, in_seconds: float
) -> None:
    """Record that the subject is tried again after so long, by that job."""
    await _finish(
        connection,
        subject,
        _LATER,
        {
            "job": job_id,
            "in_seconds": in_seconds,
            "cause": error.cause,
            "sentence": str(error),
            "remedy": error.remedy,
        },
    )


async def release(
    connection: Connection, subject: Claimed, *, job_id: int, in_seconds: float | None = None
) -> None:
    """Give the subject back before the run could end: that job will run it anew.

    Args:
        connection: inside a transaction.
        subject: as the run has claimed it.
        job_id: of the job.
        in_seconds: after which time the job is due; None: at once.

    Raises:
        Superseded: another run has taken over.
    """
    row = await one(
        connection,
        "update subject set state = 'received', job_id = %(job)s, worker = null,"
        " due_at = now() + make_interval(secs => %(in_seconds)s::float8), changed_at = now()"
        " where id = %(id)s and epoch = %(epoch)s returning id",
        {"id": subject.id, "epoch": subject.epoch, "job": job_id, "in_seconds": in_seconds},
    )
    if row is None:
        raise Superseded(subject.ref)


async def once_more(connection: Connection, subject: Claimed) -> None:
    """Give the subject back to its own job, which runs it anew at once.

    Raises:
        Superseded: another run has taken over.
    """
    row = await one(
        connection,
        "update subject set state = 'received', attempt = 0, worker = null, changed_at = now()"
        " where id = %(id)s and epoch = %(epoch)s returning id",
        {"id": subject.id, "epoch": subject.epoch},
    )
    if row is None:
        raise Superseded(subject.ref)


async def _finish(
    connection: Connection, subject: Claimed, query: str, parameters: dict[str, Any]
) -> bool:
    row: DictRow | None = await one(
        connection,
        query,
        {"id": subject.id, "epoch": subject.epoch, "mark": subject.mark, **parameters},
    )
    if row is None:
        raise Superseded(subject.ref)
    again: bool = row["marked"] > subject.mark
    return again
