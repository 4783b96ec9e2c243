"""Whether the service can do what it is there for: the schema, a write, room on the disk."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from ml_connector.ledger.connections import holds
from ml_connector.ledger.inbox.rehearsal import rehearse
from ml_connector.storage.database import Database, DatabaseAway, one
from ml_connector.storage.schema import newest

# Less than the time that monitoring usually waits.
DATABASE_SECONDS: Final = 3.0

_WRITE_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The service works.

    Attributes:
        held: connections for which nothing goes out.
        warnings: what will stop it if nobody does anything.
    """

    schema: str
    held: Sequence[str]
    warnings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class NotReady:
    """It does not.

    Attributes:
        what: ``database``, ``schema`` or ``storage``.
    """

    what: str
    reason: str


class Readiness:
    """Looks whether the service can work.

    A write is tried once a second at most, however often it is asked.

    Args:
        database: where events are stored.
        warnings: says what there is to warn of.
    """

    def __init__(self, database: Database, warnings: Callable[[], Sequence[str]]) -> None:
        self._database = database
        self._warnings = warnings
        self._wanted = newest()
        self._writing = asyncio.Lock()
        self._written_at = float("-inf")
        self._write_failed = ""

    async def look(self) -> Ready | NotReady:
        """Look now."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                version, held = await self._read()
                if version == self._wanted and await self._write():
                    return NotReady(what="storage", reason=self._write_failed)
        except TimeoutError:
            return NotReady(what="database", reason="The database does not answer")
        except psycopg.errors.UndefinedTable:
            return NotReady(what="schema", reason="The schema is not set up")
        except (DatabaseAway, psycopg.Error) as error:
            return NotReady(what="database", reason=str(error))
        if version is None or version != self._wanted:
            return NotReady(
                what="schema",
                reason=f"The schema is at {version}, this build needs {self._wanted}: run init",
            )
        # Held connections take webhooks in as ever; that nothing is posted, a person should see.
        return Ready(schema=version, held=held, warnings=self._warnings())

    async def stores(self) -> bool:
        """Whether the database stores a delivery.

        Raises:
            DatabaseAway: it can't be reached.
        """
        return not await self._write()

    async def _read(self) -> tuple[str | None, list[str]]:
        async with self._database.transaction() as connection:
            found = await one(connection, "select version_num as v from alembic_version")
            version = found["v"] if found else None
            return version, await holds.names(connection) if version == self._wanted else []

    async def _write(self) -> str:
        """Try a write, unless that was done a moment ago; return why it failed, or nothing."""
        async with self._writing:
            if time.monotonic() - self._written_at > _WRITE_EVERY_SECONDS:
                self._write_failed = ""
                try:
                    await rehearse(self._database)
                except psycopg.Error as error:
                    self._write_failed = str(error).splitlines()[0]
                self._written_at = time.monotonic()
        return self._write_failed
