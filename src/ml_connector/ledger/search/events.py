"""Events a page at a time, the newest first, in a database of any size.

A status that few events have is found by the subjects that have it; one that many have, by the
time of the events. Either way by an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from ml_connector.storage.database import Connection, rows


@dataclass(frozen=True, kw_only=True)
class EventsWanted:
    """Which events; an attribute that is None excludes none.

    Attributes:
        subject: the key of what they are about.
        flows: all that there are, by which the subject is looked up.
    """

    status: str | None = None
    cause: str | None = None
    flow: str | None = None
    subject: str | None = None
    flows: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None


class EventPlace(NamedTuple):
    """Where an event stands in the list."""

    received_at: datetime
    id: int


_OPEN: Final = frozenset({"received", "working", "retrying", "parked", "dead"})
_OF_NONE: Final = frozenset({"received", "ignored", "dead"})

_COLUMNS: Final = """
e.id, e.connection, e.source, e.delivery_id, e.topic, e.flow, e.subject_id, e.received_at,
s.key as subject, s.attempt,
case when e.subject_id is null then e.status when s.converged >= e.mark then 'done'
    else s.state end as status,
case when e.subject_id is null then e.cause when s.converged >= e.mark then null
    else s.cause end as cause,
case when e.subject_id is null then e.sentence when s.converged >= e.mark then null
    else s.sentence end as sentence
"""

_IN_ORDER: Final = "order by e.received_at desc, e.id desc limit %(limit)s"

_OF_EVENT: Final = {
    "e.flow = %(flow)s": "flow",
    "e.received_at >= %(since)s": "since",
    "e.received_at < %(until)s": "until",
}


async def event_page(
    connection: Connection,
    names: Sequence[str],
    wanted: EventsWanted,
    *,
    after: EventPlace | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return events of these connections, the newest first, that come after a place."""
    branches = _branches(wanted, after)
    if not branches:
        return []
    union = " union all ".join(f"({branch})" for branch in branches)
    return await rows(
        connection,
        "select x.* from unnest(%(names)s::text[]) as n (name) cross join lateral ("  # noqa: S608 - our own texts
        f" {union}) as x order by x.received_at desc, x.id desc limit %(limit)s",
        {
            "names": list(names),
            **{name: getattr(wanted, name) for name in EventsWanted.__dataclass_fields__},
            "flows": list(wanted.flows),
            "at": after.received_at if after else None,
            "id": after.id if after else None,
            "limit": limit,
        },
    )


def _branches(wanted: EventsWanted, after: EventPlace | None) -> list[str]:
    """Return the queries whose rows together are the events of one connection."""
    told = [text for text, name in _OF_EVENT.items() if getattr(wanted, name) is not None]
    if after is not None:
        told.append("(e.received_at, e.id) < (%(at)s, %(id)s)")
    where = "".join(f" and {text}" for text in told)
    branches = []
    if wanted.subject is not None:
        branches.append(_of_subject(wanted, where))
    elif wanted.cause is not None or wanted.status in _OPEN:
        branches.append(_of_open(wanted, where))
    elif wanted.status != "ignored":
        branches.append(_of_all(wanted, where))
    is_of_none = wanted.subject is None and (
        wanted.status in _OF_NONE or (wanted.status is None and wanted.cause is not None)
    )
    if is_of_none:
        branches.append(_of_none(wanted, where))
    return branches


def _of_all(wanted: EventsWanted, where: str) -> str:
    done = " and s.converged >= e.mark" if wanted.status == "done" else ""
    return (
        f"select {_COLUMNS} from event as e left join subject as s on s.id = e.subject_id"  # noqa: S608 - our own texts
        f" where e.connection = n.name{where}{done} {_IN_ORDER}"
    )


def _of_subject(wanted: EventsWanted, where: str) -> str:
    parts = []
    if wanted.status == "done":
        parts.append("s.converged >= e.mark")
    elif wanted.status is not None:
        parts.append("s.state = %(status)s and s.converged < e.mark")
    if wanted.cause is not None:
        parts.append("s.cause = %(cause)s and s.converged < e.mark")
    more = "".join(f" and {part}" for part in parts)
    return (
        f"select {_COLUMNS} from subject as s join event as e on e.subject_id = s.id"  # noqa: S608 - our own texts
        " where s.connection = n.name and s.flow = any (%(flows)s) and s.key = %(subject)s"
        f"{where}{more} {_IN_ORDER}"
    )


def _of_open(wanted: EventsWanted, where: str) -> str:
    parts = ["i.connection = n.name", "i.state <> 'done'"]
    if wanted.status is not None:
        parts.append("i.state = %(status)s")
    if wanted.cause is not None:
        parts.append("i.cause = %(cause)s")
    if wanted.flow is not None:
        parts.append("i.flow = %(flow)s")
    return (
        "with s as materialized (select i.id, i.key, i.attempt, i.state, i.cause, i.sentence,"  # noqa: S608 - our own texts
        f" i.converged from subject as i where {' and '.join(parts)})"
        f" select {_COLUMNS} from s join event as e on e.subject_id = s.id"
        f" and e.mark > s.converged where e.connection = n.name{where} {_IN_ORDER}"
    )


def _of_none(wanted: EventsWanted, where: str) -> str:
    more = " and e.status = %(status)s" if wanted.status is not None else ""
    more += " and e.cause = %(cause)s" if wanted.cause is not None else ""
    return (
        f"select {_COLUMNS} from event as e left join subject as s on false"  # noqa: S608 - our own texts
        f" where e.connection = n.name and e.subject_id is null{where}{more} {_IN_ORDER}"
    )


async def ids_of(
    connection: Connection, names: Sequence[str], wanted: EventsWanted, *, most: int
) -> list[int]:
    """Return the ids of the events that match, the newest first, at most so many."""
    found = await event_page(connection, names, wanted, after=None, limit=most)
    return [row["id"] for row in found]
