"""What is in a dump, as pg_restore tells it: its list, the schema's statements, the rows.

Nothing is written to a disk: the dump goes in by a pipe, statements and rows come out by another.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, Literal

import psycopg

from ml_connector.errors import UserError
from ml_connector.storage.backup.programs import OutputCutShort, output_of
from ml_connector.storage.backup.sealed import BackupFile
from ml_connector.storage.postgres_binaries import client_programs

# The schema itself is never put back: who restores has one. Nor is what an extension brings,
# which is the server's; nor are rights, which are given anew.
_LEFT_OUT: Final = re.compile(
    r"\d+; \d+ \d+ (?:SCHEMA|EXTENSION|(?:COMMENT|ACL) - (?:SCHEMA|EXTENSION)|DEFAULT ACL)\b"
)
_TABLE: Final = re.compile(r"^\d+; \d+ \d+ TABLE public (\S+)", re.MULTILINE)
_ROWS_OF: Final = re.compile(r"^\d+; \d+ \d+ TABLE DATA public (\S+)", re.MULTILINE)
_CREATED: Final = re.compile(r"^; *Archive created at ([\d-]+ [\d:]+)", re.MULTILINE)

# What psql would heed is not for us; and what a server before 17 does not know.
_NO_STATEMENT: Final = re.compile(
    rb"^(?:\\(?:un)?restrict [0-9A-Za-z]+|SET transaction_timeout = 0;)\n", re.MULTILINE
)
_STATEMENTS_OF_ROWS: Final = (b"SET ", b"SELECT pg_catalog.")
_COPY: Final = b"COPY "
_END_OF_ROWS: Final = b"\\.\n"
_BLOCK: Final = 1 << 20

Section = Literal["pre-data", "post-data"]
"""The part of the schema that is made before the rows, or after them."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A checked backup, and what is in it.

    Attributes:
        listed: the entries that are put back, in order.
        tables: the names of its tables, the months each.
        with_rows: the names of those whose rows it has; the others are made of months.
        created_at: when pg_dump began it.
    """

    file: BackupFile
    folder: Path
    listed: str
    tables: frozenset[str]
    with_rows: frozenset[str]
    created_at: datetime | None

    @classmethod
    def of(cls, file: BackupFile) -> "Archive":
        """Read the list of a backup that was checked.

        Raises:
            UserError: pg_restore can't read it; quotes it.
        """
        folder, text = _list(file)
        lines = [line for line in text.splitlines() if not _LEFT_OUT.match(line)]
        created = _CREATED.search(text)
        return cls(
            file=file,
            folder=folder,
            listed="\n".join([*lines, ""]),
            tables=frozenset(_TABLE.findall(text)),
            with_rows=frozenset(_ROWS_OF.findall(text)),
            created_at=(
                datetime.strptime(created[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
                if created
                else None
            ),
        )

    def make_schema(self, connection: psycopg.Connection, section: Section) -> None:
        """Make a part of the schema, within the connection's transaction.

        Raises:
            UserError: the backup is damaged.
            psycopg.Error: PostgreSQL refuses.
        """
        with self._restored(section) as script:
            statements = script.read()
        connection.execute(_NO_STATEMENT.sub(b"", statements))

    def put_rows_back(self, connection: psycopg.Connection) -> None:
        """Fill the tables, within the connection's transaction.

        Raises:
            UserError: the backup is damaged, or was changed meanwhile.
            psycopg.Error: PostgreSQL refuses.
        """
        with self._restored("data") as script:
            lines = _Lines(script)
            while line := lines.next():
                if line.startswith(_COPY):
                    _copy(connection, line, lines)
                elif line.startswith(_STATEMENTS_OF_ROWS) and not _NO_STATEMENT.match(line):
                    connection.execute(line)
                elif not (line.isspace() or line.startswith(b"--") or _NO_STATEMENT.match(line)):
                    raise UserError(
                        "The backup holds something else than rows where rows should be",
                        where=str(self.file.path),
                        next_step="Give the file that ml-connector backup has written.",
                    )

    @contextlib.contextmanager
    def _restored(self, section: str) -> Iterator[IO[bytes]]:
        listed = os.memfd_create("list")
        try:
            os.write(listed, self.listed.encode())
            command: list[str | Path] = [
                self.folder / "pg_restore",
                *("--no-owner", "--no-privileges", f"--section={section}"),
                *(f"--use-list=/proc/self/fd/{listed}", "--file=-"),
            ]
            with output_of(
                command,
                what="The backup is damaged",
                where=str(self.file.path),
                given=self.file.dump(),
                pass_fds=[listed],
            ) as script:
                yield script
        finally:
            os.close(listed)


def _list(file: BackupFile) -> tuple[Path, str]:
    """Return the list of what is in a dump, and where the programs are that can read it.

    Those of the wheel connect to no server for this. A dump that they are too old for was made
    by this machine's own.
    """
    folders = [client_programs(encrypted=False)]
    if own := shutil.which("pg_restore"):
        folders.append(Path(own).parent)
    for folder in folders:
        try:
            with output_of(
                [folder / "pg_restore", "--list"],
                what="The backup is damaged",
                where=str(file.path),
                given=file.dump(),
            ) as listed:
                return folder, listed.read().decode("utf-8", "replace")
        except UserError as error:
            if folder == folders[-1] or "unsupported version" not in str(error):
                raise
    raise AssertionError("the last folder returns or raises")


def _copy(connection: psycopg.Connection, statement: bytes, lines: "_Lines") -> None:
    with connection.cursor() as cursor, cursor.copy(statement.rstrip(b";\n")) as into:
        for block in lines.rows():
            into.write(block)


class _Lines:
    """The lines of a script, and the rows between them, which are as many as there are."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._read: list[bytes] = []  # the next one last

    def next(self) -> bytes:
        """Return the next line; empty at the end."""
        return self._read.pop() if self._read else self._stream.readline()

    def rows(self) -> Iterator[bytes]:
        """Yield the rows up to their end, many at a time.

        Raises:
            OutputCutShort: they have none.
        """
        while True:
            lines = self._read[::-1] or self._stream.readlines(_BLOCK)
            self._read = []
            if not lines:
                raise OutputCutShort
            if _END_OF_ROWS in lines:
                end = lines.index(_END_OF_ROWS)
                self._read = lines[:end:-1]
                yield b"".join(lines[:end])
                return
            yield b"".join(lines)
