"""Several connections that see the database as it was at one moment."""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ml_connector.storage.connection_string import conninfo
from ml_connector.storage.database import Connection, one, rows

SyncConnection = psycopg.Connection[dict[str, Any]]
"""A connection for a thread, where many small reads cost far less."""


async def take(connection: Connection) -> str:
    """Begin a transaction that sees the database as it is now; return the snapshot's name.

    Other connections can use the snapshot until this transaction ends.

    Args:
        connection: in no transaction.
    """
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    found = await one(connection, "select pg_export_snapshot() as name")
    return str(found["name"]) if found else ""


async def share(connection: Connection, name: str) -> None:
    """Begin a transaction that sees the snapshot of this name.

    Args:
        connection: in no transaction.
        name: of a snapshot whose transaction has not ended.
    """
    await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
    await rows(connection, _shared(name).as_string())


def opened(url: str, snapshot: str, *, name: str) -> SyncConnection:
    """Open a connection that sees the snapshot of this name. It blocks.

    Args:
        url: of the database.
        snapshot: name of a snapshot whose transaction has not ended.
        name: of the connection in pg_stat_activity.
    """
    told = conninfo(url, name=name)
    connection: SyncConnection = psycopg.Connection.connect(told, row_factory=dict_row)
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.execute(_shared(snapshot))
    return connection


def _shared(name: str) -> sql.Composed:
    return sql.SQL("set transaction snapshot {}").format(sql.Literal(name))
