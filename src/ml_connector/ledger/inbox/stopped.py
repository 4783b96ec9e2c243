"""Stopped subjects, grouped by why they stopped and by the thing that they wait for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from ml_connector.moments import known
from ml_connector.storage.database import Connection, rows

Order = Literal["oldest", "newest", "most"]

_MOST_IDS: Final = 200
"""So many subjects of one group are named with it."""


@dataclass(frozen=True, kw_only=True)
class StoppedFilter:
    """Which stopped subjects; an attribute that is None excludes none.

    Attributes:
        stops: pairs of cause and state.
        person: those that were given to this person; empty: to nobody.
        group: only that group.
    """

    stops: Collection[tuple[str, str]] | None = None
    cause: str | None = None
    flow: str | None = None
    person: str | None = None
    group: str | None = None


class WaitingGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Stopped subjects of one cause that wait for the same thing.

    Attributes:
        id: names the group while it lasts.
        thing: such as ``sku:NEW-7731-XL``; empty where they wait for nothing that has a name:
            then they have their sentence in common.
        sentence: of the one that stopped first; so with the remedy.
        oldest: since when the first of them is stopped.
        subjects: ids of the first 200, the oldest first.
    """

    id: str
    connection: str
    flow: str
    state: str
    cause: str
    thing: str
    sentence: str
    remedy: str
    count: int
    oldest: datetime
    newest: datetime
    subjects: tuple[int, ...]


class StoppedSubject(msgspec.Struct, frozen=True, kw_only=True):
    """One stopped subject of a group."""

    subject_id: int
    connection: str
    flow: str
    key: str
    state: str
    cause: str
    sentence: str
    remedy: str
    since: datetime


_SINCE: Final = f"case when {known('s.changed_at')} then s.changed_at else s.created_at end"

_TOLD: Final = f"""
with told as (
    select s.id, s.connection, s.flow, s.key, s.state, coalesce(s.cause, '') as cause,
        coalesce(s.sentence, '') as sentence, coalesce(s.remedy, '') as remedy,
        coalesce(t.thing, '') as thing, {_SINCE} as since,
        md5(concat_ws(chr(31), s.connection, s.flow, s.state, s.cause,
            coalesce(t.thing, s.sentence))) as gid
    from subject as s left join lateral unnest(s.waiting_for) as t (thing) on true
    where s.connection = any (%(names)s) and s.state in ('parked', 'dead')
    and (%(causes)s::text[] is null
        or (s.cause, s.state) in (select * from unnest(%(causes)s::text[], %(states)s::text[])))
    and (%(cause)s::text is null or s.cause = %(cause)s)
    and (%(flow)s::text is null or s.flow = %(flow)s)
    and (%(person)s::text is null
        or (%(person)s = '') = not exists (select 1 from assignment as a
            where a.subject_id = s.id and a.person <> '')
        and (%(person)s = '' or exists (select 1 from assignment as a
            where a.subject_id = s.id and a.person = %(person)s)))
)
"""  # noqa: S608 - our own constant

_ORDERS: Final[dict[Order, str]] = {
    "oldest": "oldest, id",
    "newest": "newest desc, id desc",
    "most": "count desc, id desc",
}

_AFTER: Final[dict[Order, str]] = {
    "oldest": "(oldest, id) > (%(at)s::timestamptz, %(id)s::text)",
    "newest": "(newest, id) < (%(at)s::timestamptz, %(id)s::text)",
    "most": "(count, id) < (%(at)s::bigint, %(id)s::text)",
}


def _parameters(names: Sequence[str], wanted: StoppedFilter) -> dict[str, Any]:
    stops = None if wanted.stops is None else sorted(wanted.stops)
    return {
        "names": list(names),
        "causes": None if stops is None else [cause for cause, _ in stops],
        "states": None if stops is None else [state for _, state in stops],
        "cause": wanted.cause,
        "flow": wanted.flow,
        "person": wanted.person,
        "group": wanted.group,
    }


async def groups(
    connection: Connection,
    names: Sequence[str],
    wanted: StoppedFilter,
    *,
    order: Order,
    after: tuple[str, str] | None,
    limit: int,
) -> list[WaitingGroup]:
    """Return groups of stopped subjects in an order.

    Args:
        connection: for reading.
        names: of connections.
        wanted: which.
        order: of the groups.
        after: what the order goes by and the id of the last one that is known already.
        limit: how many at most.
    """
    found = await rows(
        connection,
        f"{_TOLD}, grouped as ("  # noqa: S608 - our own texts
        " select gid as id, connection, flow, state, cause, thing, count(*)::int as count,"
        " (array_agg(sentence order by since, id))[1] as sentence,"
        " (array_agg(remedy order by since, id))[1] as remedy,"
        " min(since) as oldest, max(since) as newest,"
        f" (array_agg(id order by since, id))[1:{_MOST_IDS}] as subjects"
        " from told where (%(group)s::text is null or gid = %(group)s)"
        " group by gid, connection, flow, state, cause, thing)"
        f" select * from grouped where {_AFTER[order] if after else 'true'}"
        f" order by {_ORDERS[order]} limit %(limit)s",
        {
            **_parameters(names, wanted),
            "at": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    )
    return msgspec.convert(found, list[WaitingGroup])


async def members(
    connection: Connection,
    names: Sequence[str],
    group: str,
    *,
    after: tuple[str, int] | None,
    limit: int,
) -> list[StoppedSubject]:
    """Return the subjects of a group, the oldest first."""
    found = await rows(
        connection,
        f"{_TOLD} select id as subject_id, connection, flow, key, state, cause, sentence, remedy,"  # noqa: S608 - our own texts
        " since from told where gid = %(group)s"
        " and (%(at)s::timestamptz is null or (since, id) > (%(at)s::timestamptz, %(id)s::bigint))"
        " order by since, id limit %(limit)s",
        {
            **_parameters(names, StoppedFilter(group=group)),
            "at": after[0] if after else None,
            "id": after[1] if after else None,
            "limit": limit,
        },
    )
    return msgspec.convert(found, list[StoppedSubject])


async def first_members(
    connection: Connection, subject_ids: Sequence[int]
) -> dict[int, StoppedSubject]:
    """Return stopped subjects by their ids."""
    found = await rows(
        connection,
        "select s.id as subject_id, s.connection, s.flow, s.key, s.state,"  # noqa: S608 - our own texts
        " coalesce(s.cause, '') as cause, coalesce(s.sentence, '') as sentence,"
        f" coalesce(s.remedy, '') as remedy, {_SINCE} as since"
        " from subject as s where s.id = any (%(ids)s)",
        {"ids": list(subject_ids)},
    )
    return {row["subject_id"]: msgspec.convert(row, StoppedSubject) for row in found}


async def counted(
    connection: Connection, names: Sequence[str], wanted: StoppedFilter
) -> list[dict[str, Any]]:
    """Return how many groups there are, by flow, cause and state."""
    return await rows(
        connection,
        f"{_TOLD} select flow, cause, state, count(distinct gid)::int as count from told"  # noqa: S608 - our own texts
        " group by 1, 2, 3 order by 1, 2, 3",
        _parameters(names, wanted),
    )


async def cures_itself(
    connection: Connection, names: Sequence[str], *, limit: int
) -> list[dict[str, Any]]:
    """Return the subjects that are tried again, those of one flow and cause together.

    Each row has connection, flow, cause, count, sentence and key of the first one, the attempts
    of the one that was tried most, and when the next is due.
    """
    return await rows(
        connection,
        "select connection, flow, cause, count(*)::int as count,"
        " (array_agg(sentence order by due_at, id))[1] as sentence,"
        " (array_agg(key order by due_at, id))[1] as key,"
        " (array_agg(id order by due_at, id))[1] as subject_id,"
        " max(attempt)::int as attempts, min(due_at) as due_at"
        " from subject where connection = any (%(names)s)"
        " and state in ('received', 'working', 'retrying') and attempt > 0 and cause is not null"
        " group by 1, 2, 3 order by min(due_at) nulls first limit %(limit)s",
        {"names": list(names), "limit": limit},
    )
