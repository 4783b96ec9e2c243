"""Acts: who did what, when, with the state before and after."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Json

from ml_connector.awaited import Awaited
from ml_connector.storage.database import Connection, rows

ANSWER: Final = "subject.answer"
"""A person has started a stopped subject again by an event of its own: that is an answer to what
it stopped for, and to nothing else."""

RELEASE: Final = "connection.release"
"""A person has ended the hold that a restore left: until then our books may lack what was done
since the backup."""


async def record(
    on: Connection,
    person: str,
    what: str,
    *,
    connection: str | None = None,
    details: Mapping[str, Any],
) -> None:
    """Note an act, in the transaction that does it.

    Args:
        on: the transaction.
        person: who did it.
        what: such as ``connection.pause``.
        connection: name of the connection concerned.
        details: the state before and after, or whatever else says what was done; never a
            secret.
    """
    await rows(
        on,
        "insert into act (person, what, connection, details)"
        " values (%(person)s, %(what)s, %(connection)s, %(details)s)",
        {
            "person": person,
            "what": what,
            "connection": connection,
            "details": Json(details),
        },
    )


async def answers(
    on: Connection, connection: str, *, flow: str, subject: str
) -> Collection[Awaited]:
    """Return what people have answered by starting a subject's own events again.

    Without what they answered by a decision that was taken back.
    """
    found = await rows(
        on,
        "select distinct json_array_elements_text(details -> 'waiting_for') as thing from act"
        " where what = %(what)s and connection = %(connection)s"
        " and details ->> 'flow' = %(flow)s and details ->> 'subject' = %(subject)s"
        " and not exists (select 1 from decision as d where d.taken_back_at is not null"
        "  and d.id = (details ->> 'decision')::bigint) order by 1",
        {"what": ANSWER, "connection": connection, "flow": flow, "subject": subject},
    )
    return [Awaited(row["thing"]) for row in found]


async def since(
    on: Connection, what: str, person: str, *, connection: str | None, at: datetime
) -> list[dict[str, Any]]:
    """Return the details of what a person did of a kind from a moment on, the oldest first."""
    found = await rows(
        on,
        "select details from act where what = %(what)s and person = %(person)s"
        " and connection is not distinct from %(connection)s and at > %(at)s order by id",
        {"what": what, "person": person, "connection": connection, "at": at},
    )
    return [row["details"] for row in found]
