"""Errands: what a person asked a worker to do, how far it has come, and what came of it.

A page or a program asks, a worker does it, and who asked may leave meanwhile. What needs
NetSuite's key can only be done so: the process that serves pages never opens it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg.types.json import Json

from ml_connector.storage.database import Connection, one, rows

State = Literal["waiting", "running", "done", "failed"]

MOST_BEGINNINGS: Final = 3
"""An errand whose worker ended in the middle so often is not begun again."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an errand did not come to its end.

    Attributes:
        what: a sentence.
        where: the record, option or address concerned.
        next_step: what to do about it.
        cause: the stable code, where there is one.
    """

    what: str
    where: str = ""
    next_step: str = ""
    cause: str = ""


class Step(NamedTuple):
    """What is being done of an errand.

    Attributes:
        name: of the step, for a person.
        counted: how many of it so far.
        counted_of: of how many, where that is known.
    """

    name: str = ""
    counted: int = 0
    counted_of: int | None = None


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """One errand.

    Attributes:
        connection: None: of the whole installation.
        kind: what is to be done.
        beginnings: how often a worker has begun it.
        step: what is being done now.
        counted: how many of it so far.
        counted_of: of how many, where that is known.
        answer: what came of it, once it is done.
        failure: why nothing came of it.
    """

    id: int
    connection: str | None
    kind: str
    arguments: Mapping[str, Any]
    person: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    state: State
    beginnings: int
    step: str
    counted: int
    counted_of: int | None
    answer: Any
    failure: Failure | None


_COLUMNS: Final = (
    "id, connection, kind, arguments, person, asked_at, began_at, ended_at, state, beginnings,"
    " step, counted, counted_of, answer, failure"
)


async def ask(
    on: Connection,
    connection: str | None,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    person: str,
    key: str | None = None,
) -> int | None:
    """Keep an errand; return its id. It is begun once it has a job (``has_job``).

    Args:
        on: the transaction.
        connection: whose; None: of the whole installation.
        kind: what is to be done.
        arguments: the rest of what is wanted.
        person: who asks.
        key: by which the person knows it again; None: each time is another.

    Returns:
        None where the same person asked with the same key before.
    """
    row = await one(
        on,
        "insert into errand (connection, kind, arguments, person, key)"
        " values (%(connection)s, %(kind)s, %(arguments)s, %(person)s, %(key)s)"
        " on conflict (person, key) do nothing returning id",
        {
            "connection": connection,
            "kind": kind,
            "arguments": Json(arguments),
            "person": person,
            "key": key,
        },
    )
    return None if row is None else int(row["id"])


async def asked_before(on: Connection, person: str, key: str) -> Errand | None:
    """Return what the same person asked with the same key; None where they never did."""
    row = await one(
        on,
        f"select {_COLUMNS} from errand where person = %(person)s and key = %(key)s",  # noqa: S608 - constants
        {"person": person, "key": key},
    )
    return None if row is None else _errand(row)


async def has_job(on: Connection, errand_id: int, job_id: int) -> None:
    """Note whose turn an errand is: a former job does nothing any more."""
    await rows(
        on,
        "update errand set job_id = %(job)s, state = 'waiting' where id = %(id)s"
        " and state in ('waiting', 'running')",
        {"id": errand_id, "job": job_id},
    )


async def begin(on: Connection, errand_id: int, job_id: int) -> Errand | None:
    """Begin an errand, or begin it again; None where it is over or another job's turn."""
    row = await one(
        on,
        "update errand set state = 'running', beginnings = beginnings + 1,"  # noqa: S608 - constants
        " began_at = coalesce(began_at, clock_timestamp()), step = '', counted = 0,"
        " counted_of = null where id = %(id)s and job_id = %(job)s"
        f" and state in ('waiting', 'running') returning {_COLUMNS}",
        {"id": errand_id, "job": job_id},
    )
    return None if row is None else _errand(row)


async def tell(on: Connection, errand_id: int, job_id: int, step: Step) -> None:
    """Keep how far an errand has come."""
    await rows(
        on,
        "update errand set step = %(step)s, counted = %(counted)s, counted_of = %(of)s"
        " where id = %(id)s and job_id = %(job)s and state = 'running'",
        {
            "id": errand_id,
            "job": job_id,
            "step": step.name,
            "counted": step.counted,
            "of": step.counted_of,
        },
    )


async def end(
    on: Connection, errand_id: int, job_id: int, *, answer: Any = None, failure: Failure | None
) -> None:
    """Keep what came of an errand, unless it is another job's turn by now."""
    await rows(
        on,
        "update errand set state = %(state)s, ended_at = clock_timestamp(), job_id = null,"
        " answer = %(answer)s, failure = %(failure)s where id = %(id)s and job_id = %(job)s",
        {
            "id": errand_id,
            "job": job_id,
            "state": "done" if failure is None else "failed",
            "answer": None if answer is None else Json(answer),
            "failure": None if failure is None else Json(msgspec.to_builtins(failure)),
        },
    )


async def find(on: Connection, errand_id: int) -> Errand | None:
    """Return an errand; None where there is none of this id."""
    row = await one(
        on,
        f"select {_COLUMNS} from errand where id = %(id)s",  # noqa: S608 - constants
        {"id": errand_id},
    )
    return None if row is None else _errand(row)


async def newest(on: Connection, connection: str | None, kind: str, *, most: int) -> list[Errand]:
    """Return the newest errands of a kind, of a connection or of the whole installation."""
    found = await rows(
        on,
        f"select {_COLUMNS} from errand where kind = %(kind)s"  # noqa: S608 - constants
        " and connection is not distinct from %(connection)s order by id desc limit %(most)s",
        {"connection": connection, "kind": kind, "most": most},
    )
    return [_errand(row) for row in found]


async def under_way(
    on: Connection, connection: str | None, kind: str, arguments: Mapping[str, Any]
) -> Errand | None:
    """Return the errand that does just this already, if there is one."""
    row = await one(
        on,
        f"select {_COLUMNS} from errand where kind = %(kind)s"  # noqa: S608 - constants
        " and connection is not distinct from %(connection)s and state in ('waiting', 'running')"
        " and arguments::jsonb = %(arguments)s::jsonb order by id desc limit 1",
        {"connection": connection, "kind": kind, "arguments": Json(arguments)},
    )
    return None if row is None else _errand(row)


def _errand(row: Mapping[str, Any]) -> Errand:
    return msgspec.convert(row, Errand)
