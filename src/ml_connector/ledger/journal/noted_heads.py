"""Ends of the chain, noted where the database's owner can't quietly rewrite them.

A file of JSON lines in the data folder, only ever appended to. Each line carries the
SHA-256 of the line before it, so that the file itself shows when lines were cut out of it.
The same heads go into the log with every posting, and into every report.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.ledger.journal.journal import Head

FILE_NAME: Final = "journal-heads.jsonl"
_NOTHING_BEFORE: Final = "0" * 64


class NotedHead(msgspec.Struct, frozen=True, kw_only=True):
    """One noted end of a chain.

    Attributes:
        at: when it was noted.
        by: the process that noted it: worker, verify, reconcile.
        before: SHA-256 of the line before, in hex.
    """

    at: datetime
    by: str
    connection: str
    number: int
    hash: str
    before: str = ""


def note(path: Path, heads: Iterable[Head], *, by: str) -> int:
    """Append the heads that the file does not end with yet; return how many were new.

    The lines are on the disk when it returns. Several processes may note at once.

    Raises:
        UserError: the file can't be written.
    """
    try:
        with _locked(path) as descriptor:
            text = _read(descriptor)
            if not text.endswith(b"\n"):
                # A line that a crash cut short had not been noted.
                text = text[: text.rfind(b"\n") + 1]
                os.ftruncate(descriptor, len(text))
            latest = {one.connection: one for _, one in _lines(text) if one is not None}
            before = _digest(text.splitlines()[-1]) if text else _NOTHING_BEFORE
            added = b""
            count = 0
            for head in heads:
                last = latest.get(head.connection)
                if last is not None and (last.number, last.hash) == (head.number, head.hash):
                    continue
                line = msgspec.json.encode(
                    NotedHead(
                        at=datetime.now(UTC).replace(microsecond=0),
                        by=by,
                        connection=head.connection,
                        number=head.number,
                        hash=head.hash,
                        before=before,
                    )
                )
                before = _digest(line)
                added += line + b"\n"
                count += 1
            if count:
                os.write(descriptor, added)
                os.fsync(descriptor)
            return count
    except OSError as error:
        raise UserError(
            f"The journal's heads can't be noted: {error.strerror}",
            where=str(path),
            next_step="Make the file writable, or free some disk.",
        ) from error


def read(path: Path) -> tuple[list[NotedHead], list[str]]:
    """Return all noted heads, and what is wrong with the file itself, as sentences.

    No file is no heads. A line that was cut short by a crash is left out: it had not been
    noted yet.

    Raises:
        UserError: the file can't be read.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise UserError(
            f"The noted heads can't be read: {error.strerror}",
            where=str(path),
            next_step="Make the file readable.",
        ) from error
    found: list[NotedHead] = []
    wrong: list[str] = []
    before = _NOTHING_BEFORE
    lines = list(_lines(text))
    for number, (line, one) in enumerate(lines, 1):
        if one is None:
            if number < len(lines) or text.endswith(b"\n"):
                wrong.append(f"Line {number} of {path.name} is no noted head")
        else:
            if one.before != before:
                wrong.append(
                    f"Line {number} of {path.name} does not continue the line before it:"
                    " a line was changed or taken out"
                )
            found.append(one)
        before = _digest(line)
    return found, wrong


def parse(texts: Sequence[str], *, option: str, connection: str) -> list[NotedHead]:
    """Return heads as people copy them from a report or the log, ``NUMBER:HASH``.

    Raises:
        UserError: one is not like that.
    """
    found: list[NotedHead] = []
    for text in texts:
        number, _, digest = text.strip().partition(":")
        if not (number.isascii() and number.isdigit()) or not _is_hash(digest.strip().lower()):
            raise UserError(
                f'"{text}" is no head of the journal',
                where=option,
                next_step="Write NUMBER:HASH as reports and the log say it, such as 41:9f86d0...",
                usage=True,
            )
        found.append(
            NotedHead(
                at=datetime.now(UTC),
                by=option,
                connection=connection,
                number=int(number),
                hash=digest.strip().lower(),
            )
        )
    return found


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)  # noqa: PLR2004 - SHA-256 in hex


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = private_files.opened(path, os.O_RDWR | os.O_APPEND)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, 0)


def _lines(text: bytes) -> Iterator[tuple[bytes, NotedHead | None]]:
    for line in text.splitlines():
        try:
            yield line, msgspec.json.decode(line, type=NotedHead)
        except msgspec.DecodeError:
            yield line, None


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
