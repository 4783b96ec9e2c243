"""The key file as running processes use it: read again when it changes, always written whole.

A rotation writes the new key in front of the old one, and every process finds both afterwards.
Keys that are taken out of the file are kept in a second file beside it, so that a backup made
before the rotation can still be restored.
"""

from collections.abc import Sequence
from pathlib import Path

import structlog

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.vault.masterkey import KeyRing, MasterKey, as_text, ring_from_file

_log = structlog.get_logger("keys")

Stamp = tuple[int, int, int]


class KeyFile:
    """The master keys in a key file, always as the file is now.

    Args:
        path: of the file.

    Raises:
        UserError: it can't be read, or others can read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = _stamp(path)
        self._ring = ring_from_file(path)

    @property
    def retired_path(self) -> Path:
        """The file with the keys that were taken out of this one."""
        return self.path.with_name(f"{self.path.name}.retired")

    @property
    def keys(self) -> tuple[MasterKey, ...]:
        """The keys in the file, the current one first."""
        self._look()
        return self._ring.keys

    @property
    def current(self) -> MasterKey:
        """The key that seals."""
        self._look()
        return self._ring.current

    def find(self, key_id: str) -> MasterKey | None:
        """Return the key of this id, also from the file of retired keys; None without one."""
        self._look()
        found = self._ring.find(key_id)
        if found is None and (retired := self._retired()) is not None:
            return retired.find(key_id)
        return found

    def write(self, keys: Sequence[MasterKey]) -> None:
        """Replace the file's keys; at every moment there is a whole file.

        Raises:
            UserError: it can't be written.
        """
        _replace(self.path, keys)
        self._look()

    def retire(self, keys: Sequence[MasterKey]) -> None:
        """Add keys to the file of retired keys.

        Raises:
            UserError: they can't be written.
        """
        known = self._retired()
        before = known.keys if known else ()
        _replace(self.retired_path, tuple(dict.fromkeys((*keys, *before))))

    def _retired(self) -> KeyRing | None:
        try:
            return ring_from_file(self.retired_path) if self.retired_path.exists() else None
        except UserError as error:
            _log.warning("retired_keys_unreadable", reason=str(error))
            return None

    def _look(self) -> None:
        """Read the file again when it has changed."""
        try:
            stamp = _stamp(self.path)
            if stamp != self._stamp:
                self._ring = ring_from_file(self.path)
                self._stamp = stamp
        except UserError as error:
            # Go on with the known keys, so that a file missing for a moment stops nothing.
            _log.warning("key_file_unreadable", reason=str(error))


def _stamp(path: Path) -> Stamp:
    try:
        seen = path.stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_ino, seen.st_mtime_ns, seen.st_size)


def _replace(path: Path, keys: Sequence[MasterKey]) -> None:
    try:
        # The service must be able to read it when root has rotated.
        with private_files.replacing(path, keep_owner=True) as file:
            file.write(as_text(keys).encode())
    except OSError as error:
        raise UserError(
            f"The master key can't be written: {error.strerror}",
            where=str(path),
            next_step="Let the user that runs ml-connector write this file and its folder.",
        ) from None
