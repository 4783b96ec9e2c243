"""Backup and restore of an installation."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ml_connector.app.installation.database_server import check_schema, database_server, migrated
from ml_connector.app.installation.setup import master_key_ring
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger import offline
from ml_connector.ledger.connections import holds
from ml_connector.storage import running_role, schema
from ml_connector.storage.backup import dump as files
from ml_connector.storage.schema import connect
from ml_connector.vault import survey


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What was written.

    Attributes:
        size: in bytes.
        key_ids: ids of the master keys that its credentials are sealed with.
    """

    size: int
    schema: str
    key_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back.

    Attributes:
        newest: when the newest event in the backup was received.
        lost_keys: ids of missing master keys that credentials in it are sealed with.
    """

    newest: datetime | None
    connections: tuple[str, ...]
    lost_keys: tuple[str, ...]


def write_backup(settings: Settings, file: Path) -> BackedUp:
    """Write the database into a file while everything runs.

    Raises:
        UserError: it can't be made.
    """
    with database_server(settings) as server:
        check_schema(server.owner_url)
        keys = _key_ids(server.url)
        size = files.dump(server.owner_url, file)
    return BackedUp(size=size, schema=schema.newest(), key_ids=tuple(keys))


def restore_backup(settings: Settings, file: Path, *, person: str) -> Restored:
    """Put the database back from a file, and bring it to this build's schema.

    Every connection is held then, from the moment that the tables are there: the installation
    that the backup is of may still run.

    Args:
        settings: of the installation.
        file: what ``backup`` has written.
        person: who does it, for the record.

    Raises:
        UserError: it can't be restored; then nothing was changed.
    """
    with database_server(settings, make=True) as server:
        held = holds.statements(backup_made_at=None)
        files.load(server.owner_url, file, after=[running_role.ALLOW, *held])
        migrated(server)
        keys = _key_ids(server.url)
        with connect(server.url) as connection:
            contents = offline.contents(connection)
            # The file does not say when it was made: not before the newest event in it.
            holds.hold_all(connection, backup_made_at=contents.newest)
            offline.record_restore(connection, person, file.name)
        try:
            ring = master_key_ring(settings)
            lost = tuple(key for key in keys if ring.find(key) is None)
        except UserError:
            lost = tuple(keys)
    return Restored(newest=contents.newest, connections=contents.connections, lost_keys=lost)


def _key_ids(url: str) -> list[str]:
    with connect(url) as connection:
        return survey.key_ids_offline(connection)
