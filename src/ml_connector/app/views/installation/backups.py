"""Backups in the data folder: which there are, how each was tried, asking for one."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.app.errands.errands import ask
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.kept_backups import KeptBackup, backup_path, kept_backups
from ml_connector.app.views import proofs
from ml_connector.app.views.proofs import AskedFor, shown_errand
from ml_connector.config.settings import Settings
from ml_connector.ledger.connections import acts
from ml_connector.ledger.people import errands
from ml_connector.storage.database import Connection

_VERIFY: Final = "verify-backup"
_MOST: Final = 200


class ShownBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup in the data folder.

    Attributes:
        sealed_with: id of the master key that a restore needs to trust it.
        tried: how it was tried last since it was made; None: only as it was made.
    """

    name: str
    bytes: int
    made_at: datetime
    schema: str
    sealed_with: str
    tried: AskedFor | None


class BackupPage(msgspec.Struct, frozen=True, kw_only=True):
    """The backups in the data folder, the newest first.

    Attributes:
        making: the one that was asked for last; None where nobody asked.
    """

    backups: tuple[ShownBackup, ...]
    making: AskedFor | None


async def backup_page(on: Connection, settings: Settings) -> BackupPage:
    """Return the backups of this machine's data folder."""
    tried = {
        one.arguments.get("file"): shown_errand(one)
        for one in reversed(await errands.newest(on, None, _VERIFY, most=_MOST))
    }
    return BackupPage(
        backups=tuple(_shown(one, tried.get(one.name)) for one in kept_backups(settings)),
        making=await proofs.newest(on, "", "backup"),
    )


async def ask_to_make(installation: Installation, *, person: str) -> None:
    """Ask a worker for a backup; who asks while one is made gets that one."""
    await ask(installation.database, installation.lanes, "backup", None, {}, person=person)


async def ask_to_verify(installation: Installation, name: str, *, person: str) -> int | None:
    """Ask a worker to try a backup again; None where there is none of that name."""
    if backup_path(installation.settings, name) is None:
        return None
    return await ask(
        installation.database, installation.lanes, _VERIFY, None, {"file": name}, person=person
    )


async def hand_out(installation: Installation, name: str, *, person: str) -> Path | None:
    """Return where a backup is, and note who takes it; None where there is none of that name."""
    path = backup_path(installation.settings, name)
    if path is not None:
        async with installation.database.transaction() as on:
            await acts.record(
                on, person, "backup.download", connection=None, details={"file": name}
            )
    return path


def _shown(one: KeptBackup, tried: AskedFor | None) -> ShownBackup:
    return ShownBackup(
        name=one.name,
        bytes=one.bytes,
        made_at=one.made_at,
        schema=one.schema,
        sealed_with=one.sealed_with,
        tried=tried,
    )
