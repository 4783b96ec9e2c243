"""Where the database is: the one that is configured, or the embedded one."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.storage import embedded, running_role, schema
from ml_connector.storage.connection_string import weakness

_log = structlog.get_logger("database")


@dataclass(frozen=True, kw_only=True)
class DatabaseServer:
    """A PostgreSQL server that this process uses.

    Attributes:
        url: of the role that everything runs with.
        owner_url: of the role that makes, migrates and backs up the tables; the same as ``url``
            for a configured server.
        report_url: of the role of a month end, which makes temporary tables; the same as
            ``url`` for a configured server.
        owner: its share in the embedded server; None for a configured one.
    """

    url: str
    owner_url: str
    report_url: str
    owner: embedded.Owner | None = None

    def ensure_running(self) -> bool:
        """Start the embedded server again if it is gone; True when it was."""
        return self.owner.ensure_running() if self.owner else False


@contextlib.contextmanager
def database_server(settings: Settings, *, make: bool = False) -> Iterator[DatabaseServer]:
    """Use the database server for the length of the block.

    Args:
        settings: say which one.
        make: make the data folder and the embedded cluster when they are missing.

    Raises:
        UserError: it can't be used, or nothing was set up yet.
    """
    if settings.database_url is not None:
        url = settings.database_url
        if (given_up := weakness(url)) is not None:
            _log.warning("database_connection_is_weak", reason=given_up)
        yield DatabaseServer(url=url, owner_url=url, report_url=url)
        return
    if not make and not (settings.data_dir / "postgres").is_dir():
        raise UserError(
            "Nothing is set up here yet",
            where=f"data folder {settings.data_dir}",
            next_step="Run ml-connector init, or point MLC_DATA_DIR to the data folder.",
        )
    with embedded.start(settings.data_dir) as owner:
        yield DatabaseServer(
            url=owner.running_url, owner_url=owner.url, report_url=owner.report_url, owner=owner
        )


def migrated(server: DatabaseServer) -> str:
    """Bring the database to the newest schema, let the running role use it; return its version.

    Raises:
        UserError: the database can't be reached.
    """
    # Alembic takes a second to load and is needed nowhere else.
    from ml_connector.storage.migrate import migrate  # noqa: PLC0415

    version = migrate(server.owner_url)
    running_role.allow(server.owner_url)
    return version


def check_schema(url: str) -> None:
    """Check that the database has the schema that this build works with.

    Raises:
        UserError: it was never set up, or is at another version.
    """
    found, wanted = schema.current(url), schema.newest()
    if found == wanted:
        return
    what = (
        "The database is not set up yet"
        if found is None
        else f"The database's schema is at {found}, this build needs {wanted}"
    )
    raise UserError(what, where="database", next_step="Run ml-connector init; it keeps the data.")
