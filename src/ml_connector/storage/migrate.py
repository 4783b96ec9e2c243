"""Bringing a database to the newest schema: Alembic migrations, forward only."""

from typing import Any, Final

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from ml_connector.errors import UserError
from ml_connector.storage.schema import MIGRATIONS, connect, newest

# Any constant will do. The lock keeps two `init`s from migrating one database at once.
_MIGRATION_LOCK: Final = 7_301_945_022


def migrate(url: str) -> str:
    """Bring the database to the newest schema and return its version. Repeating is harmless.

    Raises:
        UserError: the database can't be reached.
    """
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url), poolclass=sqlalchemy.NullPool
    )
    _upgrade(engine)
    return newest()


def migrate_within(connection: psycopg.Connection[Any]) -> None:
    """Bring the database to the newest schema within the transaction of a connection.

    Args:
        connection: whose commit, rollback and close do nothing.

    Raises:
        UserError: the database is at a version that this build doesn't know.
        psycopg.Error: PostgreSQL refuses.
    """
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=sqlalchemy.StaticPool
    )
    try:
        _upgrade(engine)
    except CommandError as error:
        raise UserError(
            "The backup was made by a newer version of ml-connector",
            where="database",
            next_step="Install that version or a newer one, and run it again.",
        ) from error
    except sqlalchemy.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise error.orig from error
        raise


def _upgrade(engine: sqlalchemy.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({_MIGRATION_LOCK})")
        connection.commit()
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.exec_driver_sql(f"select pg_advisory_unlock({_MIGRATION_LOCK})")
        connection.commit()
