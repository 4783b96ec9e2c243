"""A backup tried: its schema is put into a database of its own, and its tables are counted.

A recovery that nobody has tried is a hope. The rows are not put back once more, which would take
as long as the backup; that they are whole says the seal.
"""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ml_connector.errors import UserError
from ml_connector.storage.backup.archive import Archive
from ml_connector.storage.connection_string import parameters
from ml_connector.storage.schema import connect

# One at a time for each database; another proof's database is never dropped meanwhile.
_LOCK: Final = "select pg_advisory_lock(hashtextextended('backup proof', 0))"
_WAITS: Final = "set statement_timeout = 0"
_NAME: Final = "select 'mlc_proof_' || oid from pg_database where datname = current_database()"
# The role is not allowed to, or nobody is on this server.
_MAY_NOT: Final = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)

_FOUND: Final = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
"""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How a backup was tried.

    Attributes:
        how: ``restored`` into a database of its own; or only its list was read.
        tables: so many are in it, the months each.
        why_not: why it was not restored, as PostgreSQL says it; empty when it was.
    """

    how: Literal["restored", "listed"]
    tables: int
    why_not: str = ""


def tables(url: str) -> set[str]:
    """Return the names of the tables that a backup must have."""
    with connect(url) as connection:
        return {str(row[0]) for row in connection.execute(_FOUND).fetchall()}


def prove(url: str, archive: Archive, *, expected: Collection[str]) -> Proof:
    """Try a backup.

    Args:
        url: of the owner of the tables that were backed up.
        archive: the backup, checked.
        expected: tables that were there before it was made.

    Raises:
        UserError: it can't be restored, or a table is missing.
    """
    missing = sorted(set(expected) - archive.tables)
    if missing:
        raise _failed(archive, f"{', '.join(missing[:5])} would be missing")
    try:
        with _scratch(url) as scratch:
            _restore(scratch, archive)
    except _NoDatabaseError as error:
        return Proof(how="listed", tables=len(archive.tables), why_not=str(error))
    except psycopg.Error as error:
        raise _failed(archive, f"it can't be tried: {_said(error)}") from error
    return Proof(how="restored", tables=len(archive.tables))


class _NoDatabaseError(Exception):
    """No database may be made, or nobody lets us in."""


def _restore(scratch: str, archive: Archive) -> None:
    with connect(scratch) as connection:
        try:
            archive.make_schema(connection, "pre-data")
            archive.make_schema(connection, "post-data")
        except psycopg.Error as error:
            raise _failed(archive, _said(error)) from error
        found = {str(row[0]) for row in connection.execute(_FOUND).fetchall()}
        connection.rollback()  # it goes with its database, and need not be on the disk
    if found != archive.tables:
        strange = sorted(found ^ archive.tables)
        raise _failed(archive, f"{', '.join(strange[:5])} did not come back")


@contextlib.contextmanager
def _scratch(url: str) -> Iterator[str]:
    """Make a database for the length of the block, and yield its URL.

    One that a killed proof has left is dropped first: for one database there is one name.

    Raises:
        _NoDatabaseError: it can't be made, or not be used.
    """
    with connect(url) as connection:
        connection.autocommit = True
        connection.execute(_WAITS)
        connection.execute(_LOCK)
        row = connection.execute(_NAME).fetchone()
        assert row is not None  # noqa: S101 - such a query always has a row
        name = sql.Identifier(str(row[0]))
        scratch = make_conninfo(**{**parameters(url), "dbname": str(row[0])})
        try:
            _drop(connection, name)
            connection.execute(sql.SQL("create database {} template template0").format(name))
        except _MAY_NOT as error:
            raise _NoDatabaseError(_said(error)) from error
        try:
            try:
                connect(scratch).close()
            except UserError as error:
                raise _NoDatabaseError(str(error)) from error
            yield scratch
        finally:
            with contextlib.suppress(psycopg.Error):  # else the next proof drops it
                _drop(connection, name)


def _drop(connection: psycopg.Connection[Any], name: sql.Identifier) -> None:
    """Drop a database, if it is there, even where a killed proof still has a session in it.

    Not by force at once: that would have to end the server's own processes, such as a vacuum,
    which only a superuser may; without force the server sees to them itself.
    """
    try:
        connection.execute(sql.SQL("drop database if exists {}").format(name))
    except psycopg.errors.ObjectInUse:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def _said(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _failed(archive: Archive, said: str) -> UserError:
    return UserError(
        f"The backup can't be restored: {said}",
        where=str(archive.file.path),
        next_step="Nothing was kept of it; an older backup of this name is as it was. Correct"
        " what PostgreSQL names. With --no-verify the backup is made all the same.",
    )
