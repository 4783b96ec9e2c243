"""Claims of many subjects at once: begin their runs, hold their rows, end their runs.

A transaction that holds several subjects takes them in one order, that of ``subjects.mark``,
so that two transactions never wait for each other in a ring.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from ml_connector.ledger import months
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, recordset, rows

# Python's order of texts is that of their code points.
_IN_ORDER: Final = (
    'order by s.connection collate "C", s.flow collate "C", s.key collate "C" for update of s'
)

_CLAIM: Final = f"""
with held as materialized (
    select s.id from subject as s
    join json_to_recordset(%(wanted)s) as w (id bigint, job bigint)
        on w.id = s.id and w.job = s.job_id
    where s.flow = any (%(flows)s) {_IN_ORDER}
), claimed as (
    update subject as s set epoch = s.epoch + 1, state = 'working', worker = %(worker)s,
        due_at = null, changed_at = now()
    from held where held.id = s.id
    returning s.id, s.connection, s.flow, s.key, s.job_id, s.epoch, s.marked, s.converged,
        s.attempt
), begun as (
    insert into run (connection, subject_id, epoch, mark, worker, mode, rules)
    select o.name, c.id, c.epoch, c.marked, %(worker)s, o.mode, %(rules)s::json ->> c.flow
    from claimed as c join connection as o on o.name = c.connection
    returning id, subject_id
)
select c.*, b.id as run_id, o.applied_at, told.since, told.by, told.topics
from claimed as c
join begun as b on b.subject_id = c.id join connection as o on o.name = c.connection
cross join lateral (
    select min(e.received_at) as since, array_agg(distinct e.source) as by,
        array_agg(distinct e.topic) as topics
    from event as e where e.subject_id = c.id and e.mark > c.converged
) as told
"""  # noqa: S608 - our own constant

_FENCE: Final = f"""
select s.id, s.epoch from subject as s
join json_to_recordset(%(held)s) as w (id bigint, epoch bigint)
    on w.id = s.id and w.epoch = s.epoch {_IN_ORDER}
"""  # noqa: S608 - our own constant

_DONE: Final = """
update subject as s set
    converged = greatest(converged, w.mark), attempt = 0,
    state = case when marked > w.mark then 'received' else 'done' end,
    job_id = case when marked > w.mark then job_id end,
    due_at = null, cause = null, sentence = null, remedy = null, waiting_for = '{}',
    worker = null, unexplained = 0, changed_at = now(),
    stopped_as = null, wakes = 0, looks = 0, look_at = null, seen = '{}'
from json_to_recordset(%(done)s) as w (id bigint, epoch bigint, mark bigint)
where s.id = w.id and s.epoch = w.epoch
returning s.id, s.epoch, s.marked > w.mark as again
"""

Own = tuple[int, int]
"""Subject id and epoch: what a run owns."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that has begun, and the subject that it owns."""

    id: int
    subject: Claimed

    @property
    def owns(self) -> Own:
        """What the run owns, as long as no other has taken it over."""
        return self.subject.id, self.subject.epoch


async def claim(
    connection: Connection,
    wanted: Collection[tuple[int, int]],
    *,
    worker: str,
    rules: Mapping[str, str],
) -> dict[tuple[int, int], Run]:
    """Take subjects and begin a run of each.

    Args:
        connection: inside a transaction that holds no subject.
        wanted: pairs of subject id and the job that is to run it.
        worker: the process that runs them.
        rules: the version of the rules of each flow that this worker knows.

    Returns:
        By subject id and job; none where that job is no longer the one to run it.
    """
    await months.ensure(connection)
    found = await rows(
        connection,
        _CLAIM,
        {
            "wanted": recordset([{"id": subject, "job": job} for subject, job in wanted]),
            "worker": worker,
            "flows": list(rules),
            "rules": recordset(rules),
        },
    )
    return {
        (row["id"], row["job_id"]): Run(
            id=row["run_id"],
            subject=Claimed(
                id=row["id"],
                ref=SubjectRef(row["connection"], row["flow"], row["key"]),
                epoch=row["epoch"],
                mark=row["marked"],
                attempt=row["attempt"],
                since=row["since"],
                applied_at=row["applied_at"],
                told_by=frozenset(row["by"] or ()),
                told_of=frozenset(row["topics"] or ()),
            ),
        )
        for row in found
    }


async def fence(connection: Connection, runs: Collection[Run]) -> set[Own]:
    """Hold the subjects that these runs still own; return what they own."""
    held = [{"id": one.subject.id, "epoch": one.subject.epoch} for one in runs]
    found = await rows(connection, _FENCE, {"held": recordset(held)})
    return {(row["id"], row["epoch"]) for row in found}


async def done(connection: Connection, ended: Collection[Run]) -> dict[Own, bool]:
    """Record that subjects have converged.

    Args:
        connection: the transaction that ends the runs.
        ended: their runs.

    Returns:
        Whether the subject was marked again meanwhile, by what the run owns.
    """
    values = [
        {"id": run.subject.id, "epoch": run.subject.epoch, "mark": run.subject.mark}
        for run in ended
    ]
    found = await rows(connection, _DONE, {"done": recordset(values)})
    return {(row["id"], row["epoch"]): row["again"] for row in found}
