"""The subjects of a flow as its page lists them: with their last facts and their documents."""

from collections.abc import Sequence
from typing import Any, Final

from ml_connector.storage.database import Connection, rows

_STATES: Final = ("received", "working", "retrying", "parked", "dead")

_OPEN: Final = """
select state, n from unnest(%(states)s::text[]) as w(state), lateral (
    select count(*) as n from (select 1 from subject as s where s.connection = %(name)s
        and s.state = w.state and s.state <> 'done'
        and (%(flow)s::text is null or s.flow = %(flow)s) limit %(most)s) as c) as counted
"""

_OLDEST: Final = """
select min(changed_at) as oldest from (select changed_at from subject
    where connection = %(name)s and state = %(state)s and state <> 'done'
    order by changed_at limit 10000) as s
"""

_COLUMNS: Final = """
    s.id, s.connection, s.flow, s.key, s.state, s.attempt, s.due_at, s.cause, s.sentence,
    s.remedy, s.created_at, s.changed_at, s.unexplained
"""

_LIST: Final = f"""
with page as (
    select {_COLUMNS} from subject as s
    where s.connection = %(name)s and s.flow = %(flow)s
    and (%(after)s::bigint is null or s.id < %(after)s)
    {{where}}
    order by s.id desc limit %(limit)s
)
select page.*, r.id as run_id, r.facts, r.note, r.started_at as looked_at
from page left join lateral (
    select r.id, r.facts, r.decision ->> 'note' as note, r.started_at from run as r
    where r.subject_id = page.id and r.facts is not null order by r.id desc limit 1
) as r on true
order by page.id desc
"""  # noqa: S608 - our own texts

_WHERE: Final = {
    "open": "and s.state <> 'done' and s.state in ('received', 'working', 'retrying')",
    "waiting": "and s.state <> 'done' and s.state = 'parked'",
    "stopped": "and s.state <> 'done' and s.state = 'dead'",
    "done": "and s.state = 'done'",
}

_DOCUMENTS: Final = """
select p.id, p.subject_id, p.system, p.kind, p.external_id, p.state, p.remote_id,
    p.settled_at, p.document ->> 'title' as title,
    (select sum(j.quantity) from journal as j where j.posting_id = p.id
        and j.posted_at >= p.created_at - interval '1 hour')::bigint as quantity
from posting as p where p.subject_id = any (%(ids)s) order by p.id
"""


async def count_open(
    on: Connection, name: str, flow: str | None = None, *, most: int
) -> dict[str, int]:
    """Return how many subjects of a connection are in each state but ``done``.

    Args:
        on: for reading.
        name: of the connection.
        flow: only of this one; None: of all.
        most: it is not counted further; ``most`` + 1 stands for more.
    """
    found = await rows(
        on, _OPEN, {"name": name, "flow": flow, "states": list(_STATES), "most": most + 1}
    )
    return {row["state"]: int(row["n"]) for row in found}


async def oldest(on: Connection, name: str, state: str) -> Any:
    """Return since when the oldest subject is in a state; None where none is."""
    found = await rows(on, _OLDEST, {"name": name, "state": state})
    return found[0]["oldest"] if found else None


async def listed(
    on: Connection,
    name: str,
    flow: str,
    *,
    limit: int,
    after: int | None = None,
    key: str | None = None,
    standing: str | None = None,
) -> list[dict[str, Any]]:
    """Return subjects of a flow, the newest first, each with the facts of its last run.

    Args:
        on: for reading.
        name: of the connection.
        flow: of the subjects.
        limit: how many at most.
        after: only those that are listed after this id.
        key: exactly.
        standing: ``open``, ``waiting``, ``stopped`` or ``done``; None: any.
    """
    where = _WHERE[standing] if standing else ""
    if key is not None:
        where += " and s.key = %(key)s"
    return await rows(
        on,
        _LIST.format(where=where),
        {"name": name, "flow": flow, "limit": limit, "after": after, "key": key},
    )


async def documents(on: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return the documents of these subjects, in order, each with the units it has moved."""
    return await rows(on, _DOCUMENTS, {"ids": list(ids)})
