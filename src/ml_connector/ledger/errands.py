"""Errands: what somebody at a page asks of a worker, since a page opens no key of NetSuite's.

An errand is asked, taken by a worker, and ends with an answer or with a problem. One whose worker
died is taken again: what it does must be harmless when it is done twice.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg.types.json import Json

from ml_connector.storage.database import Connection, one, rows

ErrandKind = Literal["preview", "decide", "undecide", "document"]
"""What is asked; stored, so one is added, never renamed."""

TAKEN_FOR: Final = timedelta(minutes=2)
"""So long may a worker have an errand in hand; after that another one takes it."""

KEPT_FOR: Final = timedelta(days=7)


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """An errand as it stands.

    Attributes:
        asked: what is wanted, by the kind.
        answer: what came of it; None until it has ended well.
        problem: why nothing came of it: title, where and next step; None where it ended well.
    """

    id: int
    connection: str
    kind: ErrandKind
    person: str
    asked: dict[str, Any]
    asked_at: datetime
    taken_at: datetime | None = None
    ended_at: datetime | None = None
    answer: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None

    @property
    def state(self) -> Literal["waiting", "working", "done", "failed"]:
        """How it stands, in a word."""
        if self.ended_at is not None:
            return "done" if self.problem is None else "failed"
        return "waiting" if self.taken_at is None else "working"


class AskedErrand(NamedTuple):
    """An errand that was asked for.

    Attributes:
        is_new: False where the same person asked for it before with the same key.
    """

    errand: Errand
    is_new: bool


_COLUMNS: Final = ", ".join(Errand.__struct_fields__)


async def ask(
    connection: Connection,
    connection_name: str,
    kind: ErrandKind,
    *,
    person: str,
    asked: Mapping[str, Any],
    key: str | None = None,
) -> AskedErrand:
    """Ask for something; what was asked with the same key before is not asked again.

    Args:
        connection: inside a transaction.
        connection_name: whose.
        kind: what.
        person: who asks.
        asked: the rest of what is wanted.
        key: by which the person would know it again; None: each time is another.
    """
    row = await one(
        connection,
        "insert into desk_errand (connection, kind, person, key, asked)"  # noqa: S608 - our own constant
        " values (%(connection)s, %(kind)s, %(person)s, %(key)s, %(asked)s)"
        f" on conflict (person, key) do nothing returning {_COLUMNS}",
        {
            "connection": connection_name,
            "kind": kind,
            "person": person,
            "key": key,
            "asked": Json(asked),
        },
    )
    if row is not None:
        return AskedErrand(_errand(row), is_new=True)
    known = await one(
        connection,
        f"select {_COLUMNS} from desk_errand where person = %(person)s and key = %(key)s",  # noqa: S608 - our own constant
        {"person": person, "key": key},
    )
    assert known is not None  # noqa: S101 - it was in the way of the insert
    return AskedErrand(_errand(known), is_new=False)


async def find(connection: Connection, errand_id: int) -> Errand | None:
    """Return an errand by its id; None when there is none."""
    row = await one(
        connection,
        f"select {_COLUMNS} from desk_errand where id = %(id)s",  # noqa: S608 - our own constant
        {"id": errand_id},
    )
    return _errand(row) if row else None


async def take(connection: Connection, *, worker: str, most: int) -> list[Errand]:
    """Take errands that wait, the oldest first, for this worker alone.

    Those of a connection that is held or was removed stay where they are.
    """
    found = await rows(
        connection,
        "update desk_errand set taken_at = clock_timestamp(), worker = %(worker)s"  # noqa: S608 - our own constant
        " where id in (select e.id from desk_errand as e"
        "  join connection as c on c.name = e.connection"
        "  where e.ended_at is null and c.removed_at is null"
        "  and (e.taken_at is null or e.taken_at < now() - %(taken_for)s)"
        "  order by e.id limit %(most)s for update of e skip locked)"
        f" returning {_COLUMNS}",
        {"worker": worker, "most": most, "taken_for": TAKEN_FOR},
    )
    return sorted((_errand(row) for row in found), key=lambda one: one.id)


async def end(
    connection: Connection,
    errand_id: int,
    *,
    answer: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> None:
    """End an errand with what came of it, or with why nothing did."""
    await rows(
        connection,
        "update desk_errand set ended_at = clock_timestamp(), answer = %(answer)s,"
        " problem = %(problem)s where id = %(id)s and ended_at is null",
        {
            "id": errand_id,
            "answer": None if answer is None else Json(answer),
            "problem": None if problem is None else Json(problem),
        },
    )


async def forget(connection: Connection) -> None:
    """Forget what ended long ago: that it was done is among the acts."""
    await rows(
        connection,
        "delete from desk_errand where ended_at < now() - %(kept_for)s",
        {"kept_for": KEPT_FOR},
    )


def _errand(row: Mapping[str, Any]) -> Errand:
    return msgspec.convert(row, Errand)
