"""Where a run keeps its books: an embedded PostgreSQL, or a database of its own on a server."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.selftest.chaos.service import wait_until
from ml_connector.storage.schema import connect

_BACK_SECONDS: Final = 60.0


@contextlib.contextmanager
def own_database(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Give settings of an installation of its own, on the configured server if there is one.

    The server may be restarted meanwhile, so no session is kept; who removes the database at the
    end waits for a server that is just away.

    Raises:
        UserError: the server can't be reached.
    """
    own = settings.of_its_own_in(folder)
    if settings.database_url is None:
        yield own
        return
    server, name = settings.database_url, f"chaos_{secrets.token_hex(6)}"
    _administer(server, sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        url = urlsplit(server)._replace(path=f"/{name}").geturl()
        yield own.model_copy(update={"database_url": url})
    finally:
        _remove(server, name)


def _remove(server: str, name: str) -> None:
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))

    def is_dropped() -> bool:
        with contextlib.suppress(psycopg.OperationalError, UserError):
            _administer(server, drop)
            return True
        return False

    if not wait_until(is_dropped, seconds=_BACK_SECONDS, every=1.0):
        _administer(server, drop)  # says why it can't be


def _administer(server: str, statement: sql.Composed) -> None:
    with connect(server) as connection:
        connection.autocommit = True
        connection.execute(statement)
