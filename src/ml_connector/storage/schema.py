"""The schema's version: the one that this build needs, and the one that a database has.

Making the schema (``storage.migrate``) needs Alembic and SQLAlchemy. Reading its version, at every
start, needs neither.
"""

from pathlib import Path
from typing import Final

import psycopg

from ml_connector.errors import UserError
from ml_connector.storage.connection_string import conninfo, printable_url

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def newest() -> str:
    """Return the schema version that this build works with."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*.py"))


def current(url: str) -> str | None:
    """Return the schema version of the database; None when it was never set up.

    Raises:
        UserError: the database can't be reached.
    """
    with connect(url) as connection:
        try:
            row = connection.execute("select version_num from alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return str(row[0]) if row else None


def connect(url: str) -> psycopg.Connection:
    """Open a plain connection, outside the pool.

    Raises:
        UserError: the database can't be reached, or not safely; it says which and why.
    """
    told = conninfo(url, name="ml-connector schema")
    try:
        return psycopg.connect(told)
    except psycopg.Error as error:
        raise UserError(
            f"The database can't be used: {str(error).splitlines()[0]}",
            where=printable_url(url),
            next_step="Check MLC_DATABASE_URL and that PostgreSQL runs there, then try again.",
        ) from error
