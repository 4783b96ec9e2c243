"""The schema's version: Alembic migrations, forward only."""

from pathlib import Path
from typing import Final

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ml_connector.errors import UserError
from ml_connector.storage.database import connection_options, printable_url

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

# Any constant does: it keeps two `init`s at once from migrating the same database twice.
_MIGRATION_LOCK: Final = 7_301_945_022


def migrate(url: str) -> str:
    """Bring the database to the newest schema and return its version. Runs twice harmlessly.

    Raises:
        UserError: the database can't be reached.
    """
    with _engine(url).connect() as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({_MIGRATION_LOCK})")
        connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql(f"select pg_advisory_unlock({_MIGRATION_LOCK})")
        connection.commit()
    return newest()


def newest() -> str:
    """Return the schema version that this build works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(url: str) -> str | None:
    """Return the schema version of the database; None when it was never set up.

    Raises:
        UserError: the database can't be reached.
    """
    with _engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str) -> sqlalchemy.Engine:
    def connect() -> psycopg.Connection:
        options = connection_options("ml-connector migrate")
        del options["row_factory"]
        try:
            return psycopg.connect(url, **options)
        except psycopg.Error as error:
            raise UserError(
                f"The database can't be used: {str(error).splitlines()[0]}",
                where=printable_url(url),
                next_step="Check MLC_DATABASE_URL and that PostgreSQL runs there, then try again.",
            ) from error

    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.NullPool
    )
