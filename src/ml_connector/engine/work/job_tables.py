"""What is asked of the job library's tables: its own functions, called with many at a time."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from ml_connector.storage.database import Connection, rows

Run = Callable[[int, int, str], Awaitable[None]]
"""Converges a subject, given its id, the id of the job, and the lane."""

DoErrand = Callable[[int, int], Awaitable[None]]
"""Does an errand, given its id and the id of the job."""

CONVERGE: Final = "converge"
ERRAND: Final = "errand"
"""The names of the two kinds of jobs."""

HAND_ON: Final = """
    select procrastinate_retry_job_v2(id, null, null, null, null),
        pg_notify('procrastinate_queue_v1#' || queue_name,
            json_build_object('type', 'job_inserted', 'job_id', id)::text)
    from procrastinate_jobs
    where status = 'doing' and (worker_id is null or worker_id = any (%(workers)s::bigint[]))
"""
# The library tells nobody of a job that is to be done again.

PUT_BACK: Final = """
    select procrastinate_retry_job_v2(id, null, null, null, null) from procrastinate_jobs
    where status = 'doing' and worker_id = %(worker)s and not id = any (%(in_hand)s::bigint[])
"""

DEFER: Final = """
select unnest(procrastinate_defer_jobs_v1(array(
    select row(%(lane)s, %(task)s, %(priority)s, null, null,
               jsonb_build_object('subject_id', s.id),
               now() + make_interval(secs => %(in_seconds)s::float8))
           ::procrastinate_job_to_defer_v1
    from unnest(%(subjects)b::bigint[]) with ordinality as s(id, number)
    order by s.number))) as job
"""
# The library's own way in, its SQL function, called with ids instead of one composite value
# a job: building those in Python cost more than storing the jobs.

DEFER_ERRAND: Final = """
select unnest(procrastinate_defer_jobs_v1(array[
    row(%(lane)s, 'errand', %(priority)s, null, null,
        jsonb_build_object('errand_id', %(errand)s::bigint), null)
        ::procrastinate_job_to_defer_v1])) as job
"""


async def bring_forward(
    connection: Connection, job_ids: Sequence[int], *, longest: timedelta
) -> None:
    """Let jobs be due now: these, and those that are due later than any can be.

    The clock was ahead when it was said when they are due, and was put right since.
    """
    await rows(
        connection,
        "update procrastinate_jobs set scheduled_at = null where status = 'todo'"
        " and (id = any (%(ids)s::bigint[]) or scheduled_at > now() + %(longest)s)",
        {"ids": list(job_ids), "longest": longest},
    )


async def depths(connection: Connection) -> list[dict[str, Any]]:
    """Return how many subjects' jobs wait, are due later, or run, by lane."""
    return await rows(
        connection,
        "select queue_name as lane, status::text,"
        " (scheduled_at is not null and scheduled_at > now()) as later, count(*) as jobs"
        " from procrastinate_jobs where status in ('todo', 'doing') and task_name = 'converge'"
        " group by 1, 2, 3",
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
