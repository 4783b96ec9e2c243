"""Access to PostgreSQL: a pool of psycopg connections and transactions on them."""

import asyncio
import logging
import select
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

import msgspec
import psycopg
import structlog
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


PATIENCE_SECONDS: Final = 10.0
"""Who waits so long for a connection is told that the database is away."""

# The library tells of every attempt; one word for each time that the database is away is enough.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

_log = structlog.get_logger("database")

# After a failure the server is tried again once a second; the pool's own waits double, and
# would be minutes by the time that it comes back.
_RECONNECT_SECONDS: Final = 2.0

# A connection that served a moment ago is not asked first whether the server still answers.
_ASK_AFTER_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 2.0

_LOOK_AGAIN_SECONDS: Final = 0.25

# So far apart all connections are let go of because one began read-only.
_FORGET_APART_SECONDS: Final = 5.0

# Class 08: the connection failed. The others: the server shuts down, died, or starts up
# (PostgreSQL 18, appendix A).
_GONE: Final = ("08", "57P01", "57P02", "57P03")


class DatabaseAway(UserError):
    """The database can't be reached just now."""


def is_lost(error: BaseException | None) -> bool:
    """Whether the database went away; False when it answered, or something else is wrong."""
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(_GONE)
    return isinstance(error, DatabaseAway)


class Pool(AsyncConnectionPool[Any]):
    """A pool that gives out no connection whose server has gone since it served last.

    The library would let the first query on each such connection fail, or ask the server before
    every use. Here the connection's own socket is looked at: a server that ends says so there.
    """

    def __init__(self, told: str, **options: Any) -> None:
        super().__init__(told, reconnect_timeout=_RECONNECT_SECONDS, **options)
        self._is_away = False
        self._forgot_at = float("-inf")
        self._served: WeakKeyDictionary[psycopg.AsyncConnection[Any], float] = WeakKeyDictionary()

    async def getconn(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - the library's
        """Return a connection whose server is there; it must be given back by ``putconn``.

        Raises:
            PoolTimeout: there was none in time.
        """
        ends = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            connection = await super().getconn(ends - time.monotonic())
            alive = False
            try:
                alive = await self._is_alive(connection)
            finally:
                if not alive:
                    await connection.close()
                    await self.putconn(connection)
            if alive:
                self._is_away = False
                return connection

    async def putconn(self, conn: Any) -> None:
        """Take a connection back."""
        self._served[conn] = time.monotonic()
        await super().putconn(conn)

    async def forget(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Let go of a connection that began read-only, and of the others that may have as well.

        A session stays as it began: after a failover, or a time without writes, these would go
        on refusing what the database takes again. While it takes nothing, that would be all of
        them for each write, so the others go now and then.
        """
        await connection.close()
        if time.monotonic() > self._forgot_at + _FORGET_APART_SECONDS:
            self._forgot_at = time.monotonic()
            await self.drain()

    async def reconnect_failed(self) -> None:
        """Try again while somebody waits; the library would only when the next one comes."""
        await super().reconnect_failed()
        if not self._is_away:
            _log.warning("database_does_not_answer")
        self._is_away = True
        if self.get_stats()["requests_waiting"]:
            self._maybe_grow_pool()

    async def _is_alive(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        served = self._served.get(connection)
        lately = served is not None and time.monotonic() < served + _ASK_AFTER_SECONDS
        if lately and not _has_something(connection):
            return True
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.check_connection(connection)
        except TimeoutError:
            # Its machine may be gone without a word: then so are the other connections to it.
            await self.drain()
            return False
        except psycopg.Error:
            return False
        return True


def _has_something(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the server has said something unasked: most likely that it ends."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class Database:
    """A pool of connections to one PostgreSQL database.

    Use as an async context manager. Times are UTC in every session.

    Args:
        url: of the database.
        size: most connections.
        name: what they are called in ``pg_stat_activity``.
        patience_seconds: how long who needs a connection waits for the database.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = 10,
        name: str = "ml-connector",
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.url = url
        self.name = name
        self.pool = Pool(
            conninfo(url, name=name),
            min_size=0,
            max_size=size,
            open=False,
            timeout=patience_seconds,
            max_idle=60,
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
            if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                await self.pool.forget(connection)
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
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        repeatable: bool = False,
    ) -> list[DictRow]:
        """Run one query in a transaction of its own and return its rows.

        Args:
            query: a statement.
            parameters: of the statement.
            repeatable: nobody is harmed when it is done twice: where the database goes away
                before it has answered, ask again.

        Raises:
            DatabaseAway: no connection could be had.
        """
        while True:
            try:
                async with self.single() as connection:
                    return await rows(connection, query, parameters)
            except psycopg.OperationalError as error:
                if not (repeatable and is_lost(error)):
                    raise

    async def back(self) -> None:
        """Return as soon as the database answers."""
        while True:
            try:
                await self.fetch("select 1")
            except (DatabaseAway, psycopg.OperationalError) as error:
                if not is_lost(error):
                    raise
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            else:
                return


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
