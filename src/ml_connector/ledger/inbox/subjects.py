"""Subjects: one real thing at the source each, dirty or converged.

``marked`` is raised by every event about the subject, ``converged`` is the mark that the
last finished run had seen; a subject is dirty while the two differ. ``epoch`` is raised
by every run, so that a run that was taken for dead and wakes up late may write no more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from psycopg.rows import DictRow

from ml_connector.awaited import Awaited
from ml_connector.errors import ConnectorError, NeedsData, Retryable, awaits
from ml_connector.moments import known
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Cause, Source


class SubjectRef(NamedTuple):
    """What identifies a subject: connection, flow and the source's own key."""

    connection: str
    flow: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A subject just after it was marked dirty.

    Attributes:
        mark: its mark now; events carry it.
        job_id: the job that will run it, if one waits or runs.
        due_at: when that job is due, if it waits for its time.
    """

    ref: SubjectRef
    id: int
    mark: int
    job_id: int | None
    due_at: datetime | None


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


_MARK: Final = """
insert into subject as s (connection, flow, key, within, marked)
select * from unnest(%(connection)b::text[], %(flow)b::text[], %(key)b::text[],
    %(within)b::text[], %(one)b::bigint[])
on conflict (connection, flow, key) do update set
    marked = s.marked + 1, within = coalesce(excluded.within, s.within),
    state = case when s.state in ('done', 'parked', 'dead') then 'received' else s.state end,
    attempt = case when s.state in ('done', 'parked', 'dead') then 0 else s.attempt end,
    changed_at = case when s.state in ('done', 'parked', 'dead') then now() else s.changed_at end
returning id, connection, flow, key, marked, job_id, due_at
"""


async def mark(
    connection: Connection,
    refs: Collection[SubjectRef],
    *,
    within: Mapping[SubjectRef, str] = MappingProxyType({}),
) -> list[Marked]:
    """Mark subjects dirty, making those that are new. Marking twice costs nothing.

    Args:
        connection: inside a transaction.
        refs: the subjects.
        within: the larger thing at the source that a subject is part of, where it is known.
    """
    if not refs:
        return []
    # Always in one order, so that two writers never wait for each other in a ring.
    ordered = sorted(set(refs))
    found = await rows(
        connection,
        _MARK,
        {
            "connection": [ref.connection for ref in ordered],
            "flow": [ref.flow for ref in ordered],
            "key": [ref.key for ref in ordered],
            "within": [within.get(ref) for ref in ordered],
            "one": [1] * len(ordered),
        },
    )
    return [
        Marked(
            ref=SubjectRef(row["connection"], row["flow"], row["key"]),
            id=row["id"],
            mark=row["marked"],
            job_id=row["job_id"],
            due_at=row["due_at"],
        )
        for row in found
    ]


async def find(connection: Connection, ref: SubjectRef) -> int | None:
    """Return the id of a subject; None when nothing ever marked it."""
    row = await one(
        connection,
        "select id from subject where connection = %(connection)s and flow = %(flow)s"
        " and key = %(key)s",
        ref._asdict(),
    )
    return int(row["id"]) if row else None


async def set_jobs(connection: Connection, jobs: Sequence[tuple[int, int]]) -> None:
    """Note which job will run which subject, as pairs of subject id and job id."""
    if jobs:
        await rows(
            connection,
            "update subject as s set job_id = j.job"
            " from unnest(%(subject)b::bigint[], %(job)b::bigint[]) as j(subject, job)"
            " where s.id = j.subject",
            {"subject": [subject for subject, _ in jobs], "job": [job for _, job in jobs]},
        )


LONGEST_SPREAD: Final = timedelta(days=1)
"""Subjects that wait for their first run are due within this time, however many they are."""

_SPREAD: Final = """
with base as (
    select greatest(now(), max(due_at) + %(apart)s) as at from subject
    where connection = %(connection)s and flow = %(flow)s and state = 'received'
        and due_at <= now() + %(longest)s
), told as (
    select s.id, (row_number() over (order by s.id) - 1) / %(bunch)s as number
    from subject as s where s.connection = %(connection)s and s.flow = %(flow)s
        and s.key = any (%(keys)s) and s.state = 'received' and s.due_at is null
        and s.job_id is not null
)
update subject as s
set due_at = least(base.at + told.number * %(apart)s::interval, now() + %(longest)s)
from told, base where s.id = told.id returning s.job_id, s.due_at
"""


async def spread(
    connection: Connection,
    connection_name: str,
    flow: str,
    keys: Collection[str],
    *,
    bunch: int,
    apart: timedelta,
) -> list[tuple[int, datetime]]:
    """Say when subjects that wait for their first run are due: in bunches, in the order of ids.

    They come after all others of their flow that are due later than now, and within a day.

    Args:
        connection: inside a transaction.
        connection_name: whose subjects.
        flow: of the subjects.
        keys: of the subjects; one that is due later already, or not waiting, stays as it is.
        bunch: how many are due at the same moment.
        apart: between two bunches.

    Returns:
        The id of each one's job, and when it is due.
    """
    found = await rows(
        connection,
        _SPREAD,
        {
            "connection": connection_name,
            "flow": flow,
            "keys": list(keys),
            "bunch": bunch,
            "apart": apart,
            "longest": LONGEST_SPREAD,
        },
    )
    return [(row["job_id"], row["due_at"]) for row in found]


async def without_job(connection: Connection, *, live_jobs: str) -> list[tuple[int, str]]:
    """Return dirty subjects that should have a job and have none, at most 1,000.

    Each as its id and its connection's name; their rows are held.

    Args:
        connection: inside a transaction.
        live_jobs: the query for the ids ``j.id`` of all jobs that wait or run.
    """
    found = await rows(
        connection,
        "select s.id, s.connection from subject as s where s.converged < s.marked"  # noqa: S608 - a text of ours
        " and s.state in ('received', 'working', 'retrying')"
        f" and not exists ({live_jobs} and j.id = s.job_id)"
        f" and (s.changed_at < now() - interval '5 seconds' or not {known('s.changed_at')})"
        " order by s.id limit 1000"
        " for update skip locked",
    )
    return [(row["id"], row["connection"]) for row in found]


_BRING_FORWARD: Final = """
update subject set due_at = now() where id in (
    select id from subject where state in ('retrying', 'received') and due_at > now() + case
        when state = 'retrying' then make_interval(secs => %(retry)s) else %(spread)s end
    for update skip locked)
returning job_id
"""


async def bring_forward(connection: Connection, *, longest_retry_seconds: float) -> list[int]:
    """Let subjects be due now that are due later than any can be; return their jobs' ids.

    The clock was ahead when it was said when they are due, and was put right since.
    """
    given = {"retry": longest_retry_seconds, "spread": LONGEST_SPREAD}
    brought = await rows(connection, _BRING_FORWARD, given)
    return [row["job_id"] for row in brought if row["job_id"] is not None]


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
    waiting_for = %(waiting_for)s, worker = null, unexplained = 0, changed_at = now()
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
    connection: Connection, subject: Claimed, error: ConnectorError, sentence: str
) -> bool:
    """Park the subject (waits for data) or leave it dead (waits for a person).

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


async def known_within(
    connection: Connection, connection_name: str, flow: str, keys: Collection[str]
) -> dict[str, str]:
    """Return what these subjects are part of at the source, as far as anybody said so."""
    found = await rows(
        connection,
        "select key, within from subject where connection = %(connection)s and flow = %(flow)s"
        " and key = any (%(keys)s) and within is not null",
        {"connection": connection_name, "flow": flow, "keys": list(keys)},
    )
    return {row["key"]: row["within"] for row in found}


async def waiting(connection: Connection, connection_name: str) -> dict[Awaited, datetime]:
    """Return what subjects of a connection wait for, with the time the newest began to.

    A kind of thing that only another build knows is left out.
    """
    found = await rows(
        connection,
        "select thing, max(least(changed_at, now())) as since"
        " from subject, unnest(waiting_for) as thing"
        " where connection = %(connection)s and state in ('parked', 'dead') group by thing",
        {"connection": connection_name},
    )
    return {
        thing: row["since"] for row in found if (thing := Awaited(row["thing"])).is_of_this_build
    }


async def waiting_for(
    connection: Connection, connection_name: str, things: Collection[Awaited]
) -> list[SubjectRef]:
    """Return the stopped subjects that wait for one of these things."""
    found = await rows(
        connection,
        "select connection, flow, key from subject where connection = %(connection)s"
        " and waiting_for && %(things)s and state in ('parked', 'dead') order by id",
        {"connection": connection_name, "things": [str(thing) for thing in things]},
    )
    return [SubjectRef(row["connection"], row["flow"], row["key"]) for row in found]


async def stopped_for(
    connection: Connection, refs: Collection[SubjectRef]
) -> dict[SubjectRef, list[str]]:
    """Return what subjects stopped for, also where they have been started again meanwhile.

    None for a subject that has converged, or that waits for nothing that can be named.
    """
    wanted = sorted(refs)
    found = await rows(
        connection,
        "select s.connection, s.flow, s.key, s.waiting_for from subject as s"
        " join unnest(%(connections)s::text[], %(flows)s::text[], %(keys)s::text[])"
        "  as w (connection, flow, key) using (connection, flow, key)"
        " where s.waiting_for <> '{}'",
        {
            "connections": [ref.connection for ref in wanted],
            "flows": [ref.flow for ref in wanted],
            "keys": [ref.key for ref in wanted],
        },
    )
    return {
        SubjectRef(row["connection"], row["flow"], row["key"]): row["waiting_for"] for row in found
    }
