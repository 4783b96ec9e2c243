"""Subjects: one real thing at the source each, dirty or converged.

``marked`` is raised by every event about the subject, ``converged`` is the mark that the
last finished run had seen; a subject is dirty while the two differ. ``epoch`` is raised
by every run, so that a run that was taken for dead and wakes up late may write no more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from ml_connector.storage.database import Connection, one, rows


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


async def due_now(connection: Connection, ref: SubjectRef) -> None:
    """Note that a subject which is tried again later runs now: it has been given a job."""
    await rows(
        connection,
        "update subject set due_at = now() where connection = %(connection)s and flow = %(flow)s"
        " and key = %(key)s and state = 'retrying' and due_at > now()",
        ref._asdict(),
    )


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
