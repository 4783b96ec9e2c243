"""Databases at an older version of the schema."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import sql

from conftest import administer, with_database
from databases import drop_database
from ml_connector.storage.schema import MIGRATIONS, connect


@contextmanager
def older_database(server_url: str, revision: str) -> Iterator[str]:
    """A database at a revision for the length of the block; its URL."""
    name = f"old_{uuid.uuid4().hex[:12]}"
    administer(server_url, sql.SQL("create database {}").format(sql.Identifier(name)))
    url = with_database(server_url, name)
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    yield url
    drop_database(server_url, name)
