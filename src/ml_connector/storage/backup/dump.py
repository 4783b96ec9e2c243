"""A backup of the whole database, made with PostgreSQL's own program.

``pg_dump`` reads the database as it was at one moment, however long it takes and whatever is
written meanwhile. docs/adr/0011-backup-with-pg-dump.md says why we use it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.storage.backup.programs import output_of
from ml_connector.storage.backup.sealed import BackupFile, BackupHead, Sealer
from ml_connector.storage.connection_string import environment, is_encrypted
from ml_connector.storage.postgres_binaries import client_programs

_BLOCK: Final = 1 << 20

# Of the schema that our tables are in: what an extension or somebody else has beside it is not
# ours to put back. Who holds a table for so long has to be looked at first.
_OPTIONS: Final = (
    *("--format=custom", "--no-owner", "--no-privileges", "--schema=public"),
    "--lock-wait-timeout=600s",
)


@contextlib.contextmanager
def dumped(url: str, file: Path, *, head: BackupHead, key: bytes) -> Iterator[BackupFile]:
    """Write the database into a sealed file that only its owner can read.

    The block is given the complete file, which is at its place after the block. An older file
    is then replaced; when the block fails, it stays.

    Args:
        url: of the owner of the tables.
        file: its place.
        head: what the backup says of itself.
        key: that seals it.

    Raises:
        UserError: it can't be made; it quotes PostgreSQL.
    """
    try:
        with private_files.replacing(file) as opened:
            _write(url, opened, head, key, where=str(file))
            opened.flush()
            yield BackupFile(file, opened.fileno())
    except OSError as error:
        raise UserError(
            f"The backup can't be written: {error.strerror}",
            where=str(file),
            next_step="Choose a folder that exists and can be written to.",
        ) from error


def _write(url: str, file: BinaryIO, head: BackupHead, key: bytes, *, where: str) -> None:
    sealer = Sealer(file, head, key)
    with output_of(
        [client_programs(encrypted=is_encrypted(url)) / "pg_dump", *_OPTIONS],
        what="The backup failed",
        where=where,
        environment=environment(url, name="mlc backup"),
    ) as dump:
        while block := dump.read(_BLOCK):
            sealer.write(block)
    sealer.end()
