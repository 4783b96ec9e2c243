"""Which job runs a subject, and when it is due."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from ml_connector.moments import known
from ml_connector.storage.database import Connection, rows


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
