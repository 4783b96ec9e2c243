"""Setting up: data folder, master key, database, the first administrator."""

from dataclasses import dataclass
from pathlib import Path

from ml_connector.app.installation.database_server import database_server, migrated
from ml_connector.app.users.passwords import hashed
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger import offline
from ml_connector.secret import Secret
from ml_connector.storage.connection_string import printable_url
from ml_connector.storage.schema import connect
from ml_connector.vault import survey
from ml_connector.vault.keyfile import KeyFile
from ml_connector.vault.masterkey import (
    KEY_FILE_NAME,
    KeyRing,
    make_key_file,
    ring_from_text,
)


@dataclass(frozen=True, kw_only=True)
class SetUpResult:
    """What is set up now.

    Attributes:
        key_is_new: the master key was made just now.
        needs_administrator: nobody can sign in yet.
        lost_keys: ids of missing master keys that stored credentials are sealed with.
    """

    data_dir: Path
    database: str
    schema: str
    master_key: str
    key_is_new: bool
    needs_administrator: bool
    lost_keys: tuple[str, ...] = ()


def master_key_ring(settings: Settings) -> KeyRing | KeyFile:
    """Return the master key ring: from the setting, the configured file, the data folder.

    One in a file is read again when the file changes.

    Raises:
        UserError: there is none, or it can't be used.
    """
    if settings.master_key is not None:
        return ring_from_text(settings.master_key.reveal(), where="MLC_MASTER_KEY")
    return KeyFile(settings.master_key_file or settings.data_dir / KEY_FILE_NAME)


def check_master_key(settings: Settings, url: str) -> None:
    """See that there is a master key, and that it opens anything of what is stored.

    Args:
        settings: say where it is.
        url: of the database.

    Raises:
        UserError: there is none, it can't be used, or it is another installation's.
    """
    ring = master_key_ring(settings)
    with connect(url) as connection:
        sealed = survey.key_ids_offline(connection)
    if sealed and not any(ring.find(key_id) for key_id in sealed):
        raise UserError(
            "The master key opens nothing of what is stored, which is sealed with master key"
            f" {', '.join(sealed)}",
            where=master_key_place(settings),
            next_step="Put that key back. If it is lost, apply each connection again with all its"
            " credentials.",
        )


def master_key_place(settings: Settings) -> str:
    """Return where the master key is, or should be."""
    if settings.master_key is not None:
        return "MLC_MASTER_KEY"
    return str(settings.master_key_file or settings.data_dir / KEY_FILE_NAME)


def initialise(settings: Settings) -> SetUpResult:
    """Make the data folder, master key, database and schema, as far as they are missing.

    Raises:
        UserError: something can't be made or used; says what and where.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The data folder can't be made: {error.strerror}",
            where=str(settings.data_dir),
            next_step="Choose another with MLC_DATA_DIR, or make that path writable.",
        ) from error
    key_place, key_is_new = _master_key(settings)
    ring = master_key_ring(settings)
    with database_server(settings, make=True) as server:
        version = migrated(server)
        with connect(server.url) as connection:
            needs_administrator = offline.has_nobody(connection)
            sealed = survey.key_ids_of_secrets(connection)
        lost = sorted(set(sealed) - {key.key_id for key in ring.keys})
        embedded = settings.database_url is None
        return SetUpResult(
            data_dir=settings.data_dir,
            database="embedded PostgreSQL" if embedded else printable_url(server.url),
            schema=version,
            master_key=key_place,
            key_is_new=key_is_new,
            needs_administrator=needs_administrator,
            lost_keys=tuple(lost),
        )


def add_administrator(settings: Settings, password: Secret) -> None:
    """Add the person "admin", with the role of an administrator."""
    kept = hashed(password)
    with database_server(settings) as server, connect(server.url) as connection:
        offline.add_administrator(connection, kept)


def _master_key(settings: Settings) -> tuple[str, bool]:
    """Return where the master key is, and whether it was made just now."""
    path = settings.master_key_file or settings.data_dir / KEY_FILE_NAME
    if settings.master_key is None and not path.exists():
        make_key_file(path)
        return str(path), True
    master_key_ring(settings)
    return ("MLC_MASTER_KEY" if settings.master_key is not None else str(path)), False
