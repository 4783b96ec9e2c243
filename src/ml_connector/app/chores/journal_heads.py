"""The heads of the journal, noted outside the database, and checking the journal with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import structlog

from ml_connector.app.installation.database_server import database_server
from ml_connector.app.installation.installation import Installation
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger.journal import chain, noted_heads
from ml_connector.ledger.journal.checker import JournalVerdict
from ml_connector.ledger.journal.noted_heads import NotedHead
from ml_connector.storage.database import Database

_log = structlog.get_logger("audit")

NOTE_EVERY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class JournalCheck:
    """What ``audit verify`` found.

    Attributes:
        file: where the heads are noted.
        file_wrong: what is wrong with that file itself.
    """

    verdicts: Sequence[JournalVerdict]
    file: Path
    file_wrong: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.file_wrong and not any(one.broken for one in self.verdicts)


def heads_file(settings: Settings) -> Path:
    """Return where the heads of the journal are noted, outside the database."""
    return settings.data_dir / noted_heads.FILE_NAME


async def verify_journal(
    installation: Installation,
    names: Sequence[str] | None,
    *,
    given: Sequence[NotedHead] = (),
    progress: Callable[[int, int], object] | None = None,
) -> JournalCheck:
    """Check the journals of these connections, and note their heads when nothing is wrong.

    Args:
        installation: where.
        names: of connections; None: of all that ever had a journal.
        given: heads that a person has from a report or the log.
        progress: called with the rows checked so far and their total.
    """
    return await _verify(
        installation.database, installation.settings, names, given=given, progress=progress
    )


def check_as_json(found: JournalCheck) -> dict[str, Any]:
    """Return what ``audit verify`` found, as its document."""
    return {
        "ok": found.holds,
        "first_broken": _first_broken(found),
        "connections": [_verdict(one) for one in found.verdicts],
        "heads_file": {"path": str(found.file), "wrong": list(found.file_wrong)},
    }


async def verify_without_key(settings: Settings) -> JournalCheck:
    """Check all journals of an installation whose master key may not be there."""
    with database_server(settings) as server:
        async with Database(server.url, size=1) as database:
            return await _verify(database, settings, None)


async def _verify(
    database: Database,
    settings: Settings,
    names: Sequence[str] | None,
    *,
    given: Sequence[NotedHead] = (),
    progress: Callable[[int, int], object] | None = None,
) -> JournalCheck:
    file = heads_file(settings)
    noted, wrong = noted_heads.read(file)
    if names is not None:
        noted = [one for one in noted if one.connection in names]
    verdicts = await chain.verify(database, names, noted=[*noted, *given], progress=progress)
    checked = JournalCheck(verdicts=verdicts, file=file, file_wrong=wrong)
    if checked.holds:
        noted_heads.note(file, [one.head for one in verdicts if one.head], by="audit verify")
    return checked


async def note_heads(installation: Installation, *, by: str) -> None:
    """Note where each connection's chain ends now, in the file and in the log.

    A head that stands at the end of the file already is not noted again.

    Raises:
        UserError: the file can't be written.
    """
    async with installation.database.transaction() as connection:
        heads = await chain.head(connection)
    if noted_heads.note(heads_file(installation.settings), heads.values(), by=by):
        _log.info(
            "journal_heads",
            heads={name: f"{head.number}:{head.hash}" for name, head in heads.items()},
        )


async def note_last_heads(installation: Installation) -> None:
    """Note the heads once more when a process ends, if the database is still there."""
    try:
        await note_heads(installation, by="worker")
    except (UserError, psycopg.Error) as error:
        _log.warning("journal_heads_not_noted", reason=str(error))


def _first_broken(found: JournalCheck) -> dict[str, Any] | None:
    broken = [one for verdict in found.verdicts for one in verdict.broken]
    if not broken:
        return None
    first = broken[0]
    return {
        "connection": first.connection,
        "number": first.number,
        "how": first.how,
        "sentence": first.sentence,
    }


def _verdict(one: JournalVerdict) -> dict[str, Any]:
    return {
        "connection": one.connection,
        "rows": one.rows,
        "head": {"number": one.head.number, "hash": one.head.hash} if one.head else None,
        "noted_heads_met": one.heads_met,
        "broken": [
            {"number": broken.number, "how": broken.how, "sentence": broken.sentence}
            for broken in one.broken
        ],
    }
