"""Access to PostgreSQL: a pool of psycopg connections and transactions on them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ml_connector.errors import UserError
from ml_connector.storage.connection_string import conninfo, printable_url

Connection = psycopg.AsyncConnection[DictRow]
"""A connection whose rows are dicts by column name."""

# Facts and requests are stored as `json`, which keeps the text as it was written, so that
# decisions can be compared byte for byte.
set_json_dumps(msgspec.json.encode)
set_json_loads(msgspec.json.decode)


class DatabaseAway(UserError):
    """The database can't be reached just now."""


class Database:
    """A pool of connections to one PostgreSQL database.

    Use as an async context manager. Times are UTC in every session.
    """

    def __init__(self, url: str, *, size: int = 10, name: str = "ml-connector") -> None:
        self.url = url
        self.name = name
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            conninfo(url, name=name),
            min_size=0,
            max_size=size,
            open=False,
            timeout=10,
            max_idle=60,
            check=None,
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row},
        )

    async def __aenter__(self) -> Self:
        await self.pool.open(wait=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close(timeout=2)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """Open a transaction: committed at the end of the block, rolled back on an exception.

        Raises:
            DatabaseAway: the database gives no connection.
        """
        try:
            context = self.pool.connection()
            connection = await context.__aenter__()
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise DatabaseAway(
                "The database can't be reached",
                where=printable_url(self.url),
                next_step="Check that PostgreSQL runs there and that MLC_DATABASE_URL is right.",
            ) from error
        try:
            yield connection
        except BaseException as error:
            await context.__aexit__(type(error), error, error.__traceback__)
            raise
        else:
            await context.__aexit__(None, None, None)

    @asynccontextmanager
    async def single(self) -> AsyncGenerator[Connection]:
        """Open a connection on which each statement is a transaction of its own.

        That takes one answer of the database, where a transaction takes three.

        Raises:
            DatabaseAway: the database gives no connection.
        """
        async with self.transaction() as connection:
            await connection.set_autocommit(True)
            try:
                yield connection
            finally:
                if not connection.closed:
                    await connection.set_autocommit(False)

    async def fetch(
        self, query: str, parameters: Mapping[str, Any] | None = None
    ) -> list[DictRow]:
        """Run one query in a transaction of its own and return its rows."""
        async with self.single() as connection:
            return await rows(connection, query, parameters)


async def rows(
    connection: Connection, query: str, parameters: Mapping[str, Any] | None = None
) -> list[DictRow]:
    """Run a query on this connection and return all its rows."""
    cursor = await connection.execute(query, parameters)
    return list(await cursor.fetchall()) if cursor.description else []


async def one(
    connection: Connection, query: str, parameters: Mapping[str, Any] | None = None
) -> DictRow | None:
    """Run a query on this connection and return its first row, or None."""
    found = await rows(connection, query, parameters)
    return found[0] if found else None


def recordset(records: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> str:
    """Return records as JSON for ``json_to_recordset``, so that one statement handles all.

    It is one parameter for all columns and rows. Decimals and dates are text in it, which
    PostgreSQL reads exactly.
    """
    return msgspec.json.encode(records).decode()
