"""Holds: after a restore nothing goes out for a connection until a person releases it.

The installation that the backup is of may still run. Two that go on from one state post
everything twice, and each ends the other's rotating grant.
"""

from datetime import datetime
from typing import Any

import psycopg

from ml_connector.errors import Retryable
from ml_connector.storage.database import Connection, Database, one, rows
from ml_connector.words import Cause


def hold_all(connection: psycopg.Connection[Any], *, backup_made_at: datetime | None) -> None:
    """Hold every connection, also those that were removed.

    In the transaction that puts the tables back: between two, a worker would find connections
    that nobody holds.

    Args:
        connection: a plain one, outside the pool.
        backup_made_at: when the backup was made; None where that is not known.
    """
    # applied_at, so that no process goes on with a connection as it has it open.
    connection.execute(
        "update connection set held_at = now(), backup_made_at = %s,"
        " applied_at = clock_timestamp()",
        [backup_made_at],
    )


async def names(connection: Connection) -> list[str]:
    """Return the connections in use that are held, by name."""
    found = await rows(
        connection,
        "select name from connection where held_at is not null and removed_at is null"
        " order by name",
    )
    return [row["name"] for row in found]


async def held(database: Database) -> set[str]:
    """Return the names of the connections that are held."""
    found = await database.fetch("select name from connection where held_at is not null")
    return {row["name"] for row in found}


async def end(connection: Connection, name: str) -> bool:
    """End the hold of a connection; False when it was not held."""
    row = await one(
        connection,
        "update connection set held_at = null, backup_made_at = null,"
        " applied_at = clock_timestamp()"
        " where name = %(name)s and held_at is not null returning name",
        {"name": name},
    )
    return row is not None


def refusal(name: str) -> Retryable:
    """Return why nothing goes out for a held connection.

    Whatever meets it goes on by itself once the connection is released.
    """
    return Retryable(
        f'Connection "{name}" is held since a restore: nothing goes out for it',
        cause=Cause.CONNECTION_HELD,
        remedy="When no other installation works on these accounts, run: ml-connector connection"
        f" release {name}.",
    )
