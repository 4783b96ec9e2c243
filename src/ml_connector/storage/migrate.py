"""Bringing a database to the newest schema: Alembic migrations, forward only."""

from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config

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
    return newest()
