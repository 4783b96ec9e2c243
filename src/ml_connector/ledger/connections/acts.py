"""Acts: who did what, when, with the state before and after."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Json

from ml_connector.storage.database import Connection, rows


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
