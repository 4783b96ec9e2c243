"""Backup and restore of an installation.

A backup is sealed with a key that is derived from the master key, and tried before it counts. A
restore runs what is in the file, as the owner of the database: so it asks for the seal first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from ml_connector.app.installation.database_server import check_schema, database_server
from ml_connector.app.installation.setup import master_key_ring
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger import offline
from ml_connector.ledger.connections import holds
from ml_connector.ledger.generation import GivenNumbers, begin_generation, given_numbers
from ml_connector.storage import running_role, schema
from ml_connector.storage.backup import proof, restore, sealed
from ml_connector.storage.backup.archive import Archive
from ml_connector.storage.backup.dump import dumped
from ml_connector.storage.backup.proof import Proof
from ml_connector.storage.backup.sealed import BackupFile, BackupHead
from ml_connector.storage.schema import connect
from ml_connector.vault import survey
from ml_connector.vault.masterkey import MasterKey, Ring

_PURPOSE: Final = "ml-connector backup"


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What was written.

    Attributes:
        size: in bytes.
        made_at: when.
        sealed_with: id of the master key that a restore needs to trust it.
        key_ids: of the master keys without which its credentials can't be read.
        proof: how it was tried; None: it was not.
    """

    size: int
    made_at: datetime
    schema: str
    sealed_with: str
    key_ids: tuple[str, ...]
    proof: Proof | None


@dataclass(frozen=True, kw_only=True)
class ExaminedBackup:
    """What a backup says of itself, before any of it is used.

    Attributes:
        made_at: when; None: it does not say.
        untrusted: why nothing proves who made it; empty where its seal can be checked.
    """

    made_at: datetime | None
    untrusted: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was put back.

    Attributes:
        made_at: when the backup was made; None: nobody knows.
        newest: when the newest event in it came.
        lost_keys: ids of master keys that its credentials are sealed with and that are not
            available.
    """

    made_at: datetime | None
    newest: datetime | None
    connections: tuple[str, ...]
    lost_keys: tuple[str, ...]


def write_backup(settings: Settings, file: Path, *, verify: bool = True) -> BackedUp:
    """Write the database into a file while everything else goes on, and try it.

    Args:
        settings: of the installation.
        file: where; an older one is replaced when the new one has proved itself.
        verify: try it.

    Raises:
        UserError: it can't be made, or can't be restored.
    """
    key = master_key_ring(settings).current
    with database_server(settings) as server:
        check_schema(server.owner_url)
        key_ids = _key_ids(server.url)
        expected = proof.tables(server.owner_url)
        with connect(server.owner_url) as connection:
            generation = given_numbers(connection).generation
        head = BackupHead(
            key_id=key.key_id,
            generation=generation or 0,
            made_at=datetime.now(UTC).replace(microsecond=0),
            schema=schema.newest(),
        )
        with dumped(server.owner_url, file, head=head, key=key.derived(_PURPOSE)) as made:
            proved = None
            if verify:
                made.check(key.derived(_PURPOSE))
                proved = proof.prove(server.owner_url, Archive.of(made), expected=expected)
    return BackedUp(
        size=made.size,
        made_at=head.made_at,
        schema=head.schema,
        sealed_with=head.key_id,
        key_ids=key_ids,
        proof=proved,
    )


def verify_backup(settings: Settings, file: Path) -> Proof:
    """Try a backup that was made before: its seal over the whole file, then its schema.

    Raises:
        UserError: it can't be read, was changed, can't be restored, or the master key that it
            was sealed with is not here.
    """
    with sealed.opened(file) as backup:
        key, untrusted = _seal(backup, master_key_ring(settings))
        if key is None:
            raise UserError(
                f"Nothing proves who made this backup: {untrusted}",
                where=str(file),
                next_step="Put the master key back that it was sealed with.",
            )
        backup.check(key.derived(_PURPOSE))
        with database_server(settings) as server:
            # What an older version made lacks the tables that came since.
            return proof.prove(server.owner_url, Archive.of(backup), expected=())


def examine_backup(settings: Settings, file: Path) -> ExaminedBackup:
    """Say what a backup says of itself, and whether its seal can be checked here.

    Raises:
        UserError: it can't be read, or is none.
    """
    with sealed.opened(file) as backup:
        _, untrusted = _seal(backup, _ring(settings))
        return ExaminedBackup(
            made_at=backup.head.made_at if backup.head else None, untrusted=untrusted
        )


def restore_backup(
    settings: Settings, file: Path, *, person: str, trust_unsigned: bool = False
) -> Restored:
    """Replace the database by a backup's contents, at this build's schema.

    Every connection is held then.

    Args:
        settings: of the installation.
        file: what ``backup`` has written.
        person: who does it, for the record.
        trust_unsigned: the person knows where a file comes from whose seal can't be checked.

    Raises:
        UserError: it can't be restored, or must not be; then nothing was changed.
    """
    ring = _ring(settings)
    with sealed.opened(file) as backup:
        key, untrusted = _seal(backup, ring)
        if untrusted and not trust_unsigned:
            raise UserError(
                f"Nothing proves who made this backup: {untrusted}",
                where=str(file),
                next_step="What is in it would be run as the owner of the database. Put the"
                " master key back that it was sealed with; or, if you know where the file comes"
                " from, add --trust-unsigned.",
            )
        backup.check(key.derived(_PURPOSE) if key else None)
        with database_server(settings, make=True) as server:
            if key is None:
                restore.refuse_superuser(server.owner_url, where=str(file))
            archive = Archive.of(backup)
            with connect(server.owner_url) as connection:
                replaced = given_numbers(connection)

            def finish(restored: psycopg.Connection[Any]) -> Restored:
                return _finish(restored, archive, ring, replaced, person=person)

            return restore.put_back(server.owner_url, archive, finish)


def _finish(
    connection: psycopg.Connection[Any],
    archive: Archive,
    ring: Ring | None,
    replaced: GivenNumbers,
    *,
    person: str,
) -> Restored:
    """Complete what was restored, in the same transaction.

    Nobody sees it before: all other sessions wait for its tables. Every connection is held, since
    the installation that the backup is of may still run.
    """
    file = archive.file
    made_at = file.head.made_at if file.head else archive.created_at
    running_role.allow_on(connection)
    now = datetime.now(UTC)
    offline.make_months(connection, now.date())
    begin_generation(
        connection,
        replaced=replaced,
        restored=archive.file.head.generation if archive.file.head else None,
        since=made_at,
        now=now,
    )
    contents = offline.contents(connection)
    # Where it does not say when it was made: not before the newest event in it.
    holds.hold_all(connection, backup_made_at=made_at or contents.newest)
    offline.record_restore(connection, person, file.path.name)
    keys = survey.key_ids_offline(connection)
    return Restored(
        made_at=made_at,
        newest=contents.newest,
        connections=contents.connections,
        lost_keys=tuple(one for one in keys if ring is None or ring.find(one) is None),
    )


def _ring(settings: Settings) -> Ring | None:
    try:
        return master_key_ring(settings)
    except UserError:
        return None


def _seal(backup: BackupFile, ring: Ring | None) -> tuple[MasterKey | None, str]:
    """Return the key that checks a seal, or why there is none."""
    if backup.head is None:
        return None, "it is not signed"
    key = ring.find(backup.head.key_id) if ring is not None else None
    if key is None:
        return None, f"it was sealed with the master key {backup.head.key_id}, which is not here"
    return key, ""


def _key_ids(url: str) -> tuple[str, ...]:
    with connect(url) as connection:
        return tuple(survey.key_ids_offline(connection))
