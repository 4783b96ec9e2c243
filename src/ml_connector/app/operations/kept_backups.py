"""Backups that were asked for in the console: made by a worker, kept in the data folder."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ml_connector.app.installation.backup import verify_backup, write_backup
from ml_connector.app.installation.installation import Installation
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.storage.backup import sealed

_FOLDER: Final = "backups"
_ENDING: Final = ".backup"
_MOST_LISTED: Final = 50


class KeptBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup in the data folder.

    Attributes:
        sealed_with: id of the master key that a restore needs to trust it.
    """

    name: str
    bytes: int
    made_at: datetime
    schema: str
    sealed_with: str


def kept_backups(settings: Settings) -> tuple[KeptBackup, ...]:
    """Return the backups in the data folder of this machine, the newest first.

    Files that are none, or can't be read, are left out.
    """
    paths = sorted((settings.data_dir / _FOLDER).glob(f"*{_ENDING}"), reverse=True)
    return tuple(one for path in paths[:_MOST_LISTED] if (one := _kept(path)) is not None)


def backup_path(settings: Settings, name: str) -> Path | None:
    """Return where a backup of the list is; None where there is none of that name."""
    known = {one.name for one in kept_backups(settings)}
    return settings.data_dir / _FOLDER / name if name in known else None


async def make_backup(installation: Installation, *, by: str) -> dict[str, Any]:
    """Write a backup into the data folder, try it, and note it as that person's act.

    Raises:
        UserError: it can't be made, or can't be restored.
    """
    folder = installation.settings.data_dir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}{_ENDING}"
    made = await asyncio.to_thread(write_backup, installation.settings, path)
    said = {
        "file": path.name,
        "bytes": made.size,
        "schema": made.schema,
        "sealed_with": made.sealed_with,
        "proof": made.proof.how if made.proof else "none",
    }
    async with installation.database.transaction() as on:
        await acts.record(on, by, "backup", connection=None, details=said)
    return said


async def verify_kept(installation: Installation, name: str, *, by: str) -> dict[str, Any]:
    """Try a backup of the list again, and note it as that person's act.

    Raises:
        UserError: there is none of that name on this machine, or it can't be restored.
    """
    path = backup_path(installation.settings, name)
    if path is None:
        raise UserError(
            f"There is no backup {name} here",
            next_step="It is on the machine of the worker that made it, or was taken away.",
        )
    found = await asyncio.to_thread(verify_backup, installation.settings, path)
    said = {"file": name, "proof": found.how, "tables": found.tables}
    async with installation.database.transaction() as on:
        await acts.record(on, by, "backup.verify", connection=None, details=said)
    return said


def _kept(path: Path) -> KeptBackup | None:
    try:
        with sealed.opened(path) as file:
            head = file.head
        if head is None:
            return None
        return KeptBackup(
            name=path.name,
            bytes=path.stat().st_size,
            made_at=head.made_at,
            schema=head.schema,
            sealed_with=head.key_id,
        )
    except (UserError, OSError):
        return None
