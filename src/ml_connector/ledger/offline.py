"""The ledger for setting up and restoring: by a plain connection, outside the pool."""

from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Json

from ml_connector.ledger import months


class Contents(NamedTuple):
    """What a database holds.

    Attributes:
        newest: when the newest event came; None: there is none.
        connections: the names of those that are in use.
    """

    newest: datetime | None
    connections: tuple[str, ...]


def contents(connection: psycopg.Connection[Any]) -> Contents:
    """Return what the database holds."""
    row = connection.execute(
        "select (select max(received_at) from event) as newest,"
        " array(select name from connection where removed_at is null order by name) as names"
    ).fetchone()
    assert row is not None  # noqa: S101 - such a query always has a row
    return Contents(row[0], tuple(row[1]))


def record_restore(connection: psycopg.Connection[Any], person: str, file: str) -> None:
    """Note that a person put the database back from a file; everybody signs in anew."""
    connection.execute("delete from sign_in")  # what was ended since would go on again
    connection.execute(
        "insert into act (person, what, details) values (%s, 'restore', %s)",
        [person, Json({"before": None, "after": {"file": file}})],
    )


def make_months(connection: psycopg.Connection[Any], today: date) -> None:
    """Make the months around a day, which an older backup does not have.

    A process that goes on meanwhile believes that they are there.
    """
    first, last = months.around(today)
    connection.execute("select make_months(%s, %s)", [first, last])


def has_nobody(connection: psycopg.Connection) -> bool:
    """Whether there is no person yet who could sign in."""
    row = connection.execute("select count(*) from person").fetchone()
    return row is not None and row[0] == 0


def add_administrator(connection: psycopg.Connection, password_hash: str) -> None:
    """Add the person "admin", with the role of an administrator; nothing when there is one."""
    connection.execute(
        "insert into person (name, role, password_hash) values ('admin', 'admin', %s)"
        " on conflict do nothing",
        [password_hash],
    )
