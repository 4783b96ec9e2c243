r"""The file of a backup: a line of text, what pg_dump wrote, and a seal over both.

::

    ml-connector-backup {"key_id": "50f6c2f0", "made_at": ...}\n
    PGDMP...                      the custom format of pg_dump, as it is
    32 bytes                      HMAC-SHA256 of everything before

The seal is made with a key that is derived from the master key. It says that the file comes from
somebody who has that key, and that nothing of it was changed: a restore runs what is in the file
as the owner of the database. The dump lies in it in clear, so that the books can be reached
without the master key: ``tail -n +2 FILE | head -c -32``.

Decision and alternatives: docs/adr/0025-a-backup-is-sealed-and-tried.md.
"""

import contextlib
import hmac
import os
import stat
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ml_connector.errors import UserError

_MAGIC: Final = b"ml-connector-backup "
_PLAIN_MAGIC: Final = b"PGDMP"
_MOST_HEAD: Final = 4096
_SEAL_BYTES: Final = 32
_BLOCK: Final = 1 << 20


class BackupHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself.

    Attributes:
        key_id: of the master key that its seal is made with.
        made_at: when, by the clock of the machine that made it.
        schema: the version of the database.
        generation: of the database; see ``ledger.generation``.
    """

    key_id: str
    made_at: datetime
    schema: str
    generation: int = 0


class Sealer:
    """Writes a sealed file.

    Args:
        file: open for writing, empty.
        head: comes first.
        key: that seals.
    """

    def __init__(self, file: BinaryIO, head: BackupHead, key: bytes) -> None:
        self._file = file
        self._seal = hmac.new(key, digestmod="sha256")
        self.write(_MAGIC + msgspec.json.encode(head) + b"\n")

    def write(self, block: bytes) -> None:
        """Add some of the dump."""
        self._seal.update(block)
        self._file.write(block)

    def end(self) -> None:
        """Seal what was written."""
        self._file.write(self._seal.digest())


class BackupFile:
    """An open backup, sealed or plain. Make one with ``opened``.

    Attributes:
        path: for messages.
        head: None: it is as pg_dump has written it, and nothing says who made it.
        size: in bytes.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._digests: list[bytes] | None = None
        size = os.fstat(descriptor).st_size
        start = os.pread(descriptor, _MOST_HEAD, 0)
        self.head, self._begin = _head(start, path)
        self._end = size if self.head is None else size - _SEAL_BYTES
        self.size = size
        self._head_line = start[: self._begin]

    def check(self, key: bytes | None) -> None:
        """Read all of it, and see that it is what was sealed.

        Args:
            key: that seals; None: who made it is not asked.

        Raises:
            UserError: it was changed, or is not whole.
        """
        seal = hmac.new(key or b"", self._head_line, "sha256")
        digests = []
        for block in self._read():
            seal.update(block)
            digests.append(_digest(block))
        if key is not None:
            kept = os.pread(self._descriptor, _SEAL_BYTES, self._end)
            if self._end < self._begin or not hmac.compare_digest(kept, seal.digest()):
                raise UserError(
                    "The backup is damaged or was changed: its seal does not fit",
                    where=str(self.path),
                    next_step="Take another backup. If there is none, docs/how-to/back-up.md says"
                    " how to reach the data in this one by hand.",
                )
        self._digests = digests

    def dump(self) -> Iterator[bytes]:
        """Yield what pg_dump has written: the very bytes that were checked.

        Raises:
            UserError: they are not the same any more.
        """
        if self._digests is None:
            raise RuntimeError("a backup is checked before anything of it is used")
        expected = iter(self._digests)
        for block in self._read():
            if _digest(block) != next(expected, None):
                raise UserError(
                    "The backup was changed while it was read, and nothing of the database was",
                    where=str(self.path),
                    next_step="Copy it to where nobody else writes, and run it again.",
                )
            yield block

    def _read(self) -> Iterator[bytes]:
        at = self._begin
        while at < self._end:
            block = os.pread(self._descriptor, min(_BLOCK, self._end - at), at)
            if not block:
                raise UserError(
                    "The backup has become shorter while it was read",
                    where=str(self.path),
                    next_step="Copy it to where nobody else writes, and run it again.",
                )
            yield block
            at += len(block)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """Open a backup for the length of the block.

    Raises:
        UserError: it can't be read, or is none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UserError(
            f"The backup can't be read: {error.strerror}",
            where=str(path),
            next_step="Check the path.",
        ) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_backup(path)
        yield BackupFile(path, descriptor)
    finally:
        os.close(descriptor)


def _head(start: bytes, path: Path) -> tuple[BackupHead | None, int]:
    """Return the head, and where the dump begins."""
    if start.startswith(_PLAIN_MAGIC):
        return None, 0
    line, ended, _ = start.partition(b"\n")
    if not line.startswith(_MAGIC) or not ended:
        raise _no_backup(path)
    try:
        head = msgspec.json.decode(line.removeprefix(_MAGIC), type=BackupHead)
    except msgspec.DecodeError as error:
        raise _no_backup(path) from error
    return head, len(line) + 1


def _no_backup(path: Path) -> UserError:
    return UserError(
        "This is not a backup made by ml-connector backup",
        where=str(path),
        next_step="Give the file that ml-connector backup has written.",
    )


def _digest(block: bytes) -> bytes:
    return blake2b(block, digest_size=32).digest()
