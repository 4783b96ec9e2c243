"""Lists as CSV files: what a page shows, for a spreadsheet that runs nothing of it.

A file is sent while its rows are read, part by part: a list of any length takes the memory of one
part, and no connection to the database waits for a slow reader.
"""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Final, TypeVar

from litestar.response import Stream

from ml_connector import shown
from ml_connector.app.views.paging import MOST_ROWS, Listed
from ml_connector.storage.database import Connection, Database

T = TypeVar("T")

_MARK: Final = "\ufeff"
"""By which spreadsheets know UTF-8."""

_ROWS_AT_ONCE: Final = 200

Part = Callable[[Connection, int, str | None], Awaitable[Listed[T]]]
"""Returns so many rows of a list after a key."""


async def table_file(
    name: str, head: Sequence[str], rows: AsyncIterable[Sequence[object]]
) -> Stream:
    """Return a CSV file to be kept, sent as it is read.

    The first part is read before anything is answered: what can't be read at all is an error.

    Args:
        name: of the file, without its ending.
        head: names of the columns.
        rows: of cells; text that a spreadsheet would run gets an apostrophe in front.
    """
    parts = _parts(head, rows)
    first = await anext(parts)
    return Stream(
        _after(first, parts),
        status_code=HTTPStatus.OK,
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


async def every_row(database: Database, part: Part[T]) -> AsyncIterator[T]:
    """Yield all rows of a list; each part is read in a transaction of its own.

    Args:
        database: where.
        part: returns so many rows after a key.
    """
    after: str | None = None
    while True:
        async with database.transaction() as on:
            found = await part(on, MOST_ROWS, after)
        for row in found.rows:
            yield row
        after = found.after
        if after is None:
            return


async def _parts(
    head: Sequence[str], rows: AsyncIterable[Sequence[object]]
) -> AsyncIterator[bytes]:
    text = io.StringIO(newline="")
    text.write(_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    held = 0
    async for row in rows:
        writer.writerow([_cell(value) for value in row])
        held += 1
        if held == _ROWS_AT_ONCE:
            yield _taken(text)
            held = 0
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    """Return what was written, and begin anew."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written


async def _after(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case Decimal():
            return f"{value:f}"
        case bool() | int() | date():
            return str(value)
        case _:
            return shown.cell(str(value))
