"""The journal as CSV: for a spreadsheet, an auditor, another program."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO

from ml_connector import private_files, shown
from ml_connector.errors import UserError
from ml_connector.ledger.journal import journal
from ml_connector.ledger.journal.journal import COLUMNS, PeriodOf
from ml_connector.storage.database import Database

BY: Final[Mapping[str, PeriodOf]] = {
    "posted": "posted_at",
    "posting-date": "posting_date",
    "fact-date": "fact_date",
}
"""The columns that a period may be of: moment of posting, posting date, date of the fact."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written."""

    file: Path
    rows: int


async def export(
    database: Database,
    names: Sequence[str],
    *,
    by: str,
    start: datetime | date | None,
    end: datetime | date | None,
    out: Path,
    progress: Callable[[int], object] | None = None,
) -> Exported:
    """Write journal rows to a CSV file, all or none. They are streamed, not held in memory.

    The same rows give the same bytes: they are ordered by connection and number, times are in
    UTC, and amounts keep the digits they were posted with.

    Args:
        database: the books.
        names: of connections.
        by: the column that the period is of, a key of ``BY``.
        start: from then.
        end: before then.
        out: the file; replaced when it is there.
        progress: called with the number of rows written so far.

    Raises:
        UserError: the file can't be written.
    """
    count = 0
    with _whole_or_nothing(out) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        async for batch in journal.between(database, names, BY[by], start, end):
            writer.writerows([cell(value) for value in row] for row in batch)
            count += len(batch)
            if progress is not None:
                progress(count)
    return Exported(file=out, rows=count)


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[TextIO]:
    """Write a temporary file beside it, and rename that when everything is on the disk."""
    try:
        with private_files.replacing_text(out, newline="") as file:
            yield file
    except OSError as error:
        raise UserError(
            f"The file can't be written: {error.strerror}",
            where=str(out),
            next_step="Choose another with --out.",
        ) from error


def cell(value: object) -> str:
    """Return a value as a cell. Text that a spreadsheet would run as a formula gets a quote."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(timespec="microseconds")
        case Decimal():
            return f"{value:f}"
        case int() | date():
            return str(value)
        case _:
            return shown.cell(str(value))
