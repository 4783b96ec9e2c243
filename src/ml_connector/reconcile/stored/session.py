"""A database connection that works on a report, with temporary tables of its own."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import sql
from psycopg.rows import DictRow

from ml_connector.storage.database import Connection, rows

_SETTINGS: Final = (
    "set statement_timeout = '600s'",
    "set idle_in_transaction_session_timeout = 0",  # others work, or NetSuite is asked
    "set work_mem = '64MB'",  # of one of two connections, while they make a report
    "set temp_buffers = '64MB'",
    "set default_statistics_target = 10",
)


class StoredSession:
    """One connection, and the parameters that every statement of the report shares.

    Args:
        on: a connection that nothing else uses.
        parameters: ``name`` of the merchant's connection, ``first`` day of the month, the
            day ``after`` its last, and others that the statements name.
    """

    def __init__(self, on: Connection, parameters: Mapping[str, Any]) -> None:
        self.on = on
        self._parameters = parameters

    async def begin(self, *statements: str) -> None:
        """Set up the connection, and make the tables that are filled from outside."""
        for statement in (*_SETTINGS, *statements):
            await rows(self.on, statement)
        await self.on.commit()

    async def rows(self, statement: str, **more: object) -> list[DictRow]:
        """Return what a statement finds."""
        return await rows(self.on, statement, {**self._parameters, **more})

    async def make(self, statement: str, table: str, **more: object) -> None:
        """Make a table and analyze it: autovacuum does not see temporary tables."""
        await self.rows(statement, **more)
        await rows(self.on, f"analyze {table}")

    async def fill(
        self, table: str, columns: Sequence[str], lines: Iterable[Sequence[object]]
    ) -> None:
        """Add lines to a table."""
        copy = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        async with self.on.cursor() as cursor, cursor.copy(copy) as into:
            for line in lines:
                await into.write_row(line)


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all of it at the same time; when one fails, the others have ended before it raises."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
