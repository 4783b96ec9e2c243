"""Room on disk: how much is left where the installation keeps something."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml_connector.config.settings import Settings

LITTLE_BYTES: Final = 1024**3
"""Less room than this is too little; on a small disk it is a tenth of the disk."""

_SMALL_DISK_SHARE: Final = 10

_EMBEDDED: Final = ("postgres/cluster", "postgres/cluster/pg_wal")


@dataclass(frozen=True, kw_only=True)
class Room:
    """The file system that something is on.

    Attributes:
        place: what is on it: a folder.
        free_bytes: what may still be written there, by others than root.
        size_bytes: of the file system.
    """

    place: str
    free_bytes: int
    size_bytes: int

    @property
    def is_little(self) -> bool:
        """Whether so little is left that a person should make room."""
        return self.free_bytes < min(LITTLE_BYTES, self.size_bytes // _SMALL_DISK_SHARE)


def rooms(settings: Settings) -> Sequence[Room]:
    """Return the file systems of the data folder and of the embedded database, each once.

    Where a configured database keeps its files is not known. What can't be looked at is left out.
    """
    found: dict[int, Room] = {}
    for folder in (settings.data_dir, *(settings.data_dir / name for name in _EMBEDDED)):
        room = _room(folder)
        if room is not None:
            found.setdefault(room[0], room[1])
    return list(found.values())


def _room(folder: Path) -> tuple[int, Room] | None:
    try:
        device, disk = folder.stat().st_dev, os.statvfs(folder)
    except OSError:
        return None
    return device, Room(
        place=str(folder),
        free_bytes=disk.f_bavail * disk.f_frsize,
        size_bytes=disk.f_blocks * disk.f_frsize,
    )
