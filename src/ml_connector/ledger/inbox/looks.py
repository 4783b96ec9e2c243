"""Looking at stopped subjects: which are due, and what was there when they were looked at.

A subject never wakes for a thing that was there when it stopped: what was there in vain is kept
with it (``seen``), until it goes.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from ml_connector.awaited import Awaited
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.moments import come
from ml_connector.storage.database import Connection, one, recordset, rows
from ml_connector.words import Cause

VAIN_WAKES: Final = 3
"""After so many wake-ups in a row that ended in the same stop, a subject waits longer."""


class Stopped(NamedTuple):
    """A subject that is stopped.

    Attributes:
        cause: why.
        sentence: the same for a person.
        since: when it stopped.
        things: what it waits for.
        seen: those of them that were there in vain.
    """

    ref: SubjectRef
    cause: str
    sentence: str
    since: datetime
    things: frozenset[Awaited]
    seen: frozenset[Awaited]


_OF: Final = (
    "select connection, flow, key, coalesce(cause, '') as cause,"
    " coalesce(sentence, '') as sentence, changed_at, waiting_for, seen from subject"
    " where connection = %(connection)s and state in ('parked', 'dead')"
)


_DUE: Final = come("look_at", "interval '6 hours'", now="now()")
"""Whether a subject is due; also where its time is further away than any pause is."""


async def database_time(connection: Connection) -> datetime:
    """Return the time by which stops are dated."""
    row = await one(connection, "select now() as now")
    assert row is not None  # noqa: S101 - a select without a table gives one row
    now: datetime = row["now"]
    return now


async def waiting_for(
    connection: Connection,
    connection_name: str,
    things: Collection[Awaited],
    *,
    asked: Collection[Awaited],
) -> list[Stopped]:
    """Return the stopped subjects that a look concerns and that may wake.

    One that woke in vain again and again may not, until its time has come.

    Args:
        connection: inside a transaction.
        connection_name: whose subjects.
        things: what is there; whoever waits for any of it is concerned.
        asked: what was looked for; so is whoever has seen any of it there in vain.
    """
    found = await rows(
        connection,
        f"{_OF} and (waiting_for && %(things)s or seen && %(asked)s)"
        f" and (wakes < %(vain)s or {_DUE}) order by id",
        {
            "connection": connection_name,
            "things": [str(thing) for thing in things],
            "asked": [str(thing) for thing in asked],
            "vain": VAIN_WAKES,
        },
    )
    return [_stopped(row) for row in found]


async def due(
    connection: Connection, connection_name: str, flows: Collection[str]
) -> list[Stopped]:
    """Return stopped subjects of these flows whose time has come, the longest overdue first."""
    found = await rows(
        connection,
        f"{_OF} and {_DUE} and flow = any (%(flows)s) and cause <> %(off)s"
        " order by look_at, id limit 100",
        {"connection": connection_name, "flows": list(flows), "off": Cause.FLOW_OFF},
    )
    return [_stopped(row) for row in found]


async def note_vain(connection: Connection, refs: Collection[SubjectRef]) -> None:
    """Note that a look at these subjects changed nothing: the next is later each time."""
    await rows(
        connection,
        "update subject as s set looks = looks + 1, look_at = now() + look_again_after(looks + 1)"
        " from json_to_recordset(%(refs)s) as w (connection text, flow text, key text)"
        " where (s.connection, s.flow, s.key) = (w.connection, w.flow, w.key)"
        " and s.state in ('parked', 'dead')",
        {"refs": recordset([ref._asdict() for ref in sorted(refs)])},
    )


async def note_seen(
    connection: Connection, seen: Mapping[SubjectRef, Collection[Awaited]]
) -> None:
    """Note which of the things that subjects wait for were there in vain."""
    values = [
        {**ref._asdict(), "seen": sorted(str(thing) for thing in things)}
        for ref, things in sorted(seen.items())
    ]
    await rows(
        connection,
        "update subject as s set seen = w.seen from json_to_recordset(%(seen)s)"
        " as w (connection text, flow text, key text, seen text[])"
        " where (s.connection, s.flow, s.key) = (w.connection, w.flow, w.key)"
        " and s.state in ('parked', 'dead')",
        {"seen": recordset(values)},
    )


def _stopped(row: Mapping[str, Any]) -> Stopped:
    return Stopped(
        SubjectRef(row["connection"], row["flow"], row["key"]),
        row["cause"],
        row["sentence"],
        row["changed_at"],
        frozenset(map(Awaited, row["waiting_for"])),
        frozenset(map(Awaited, row["seen"])),
    )
