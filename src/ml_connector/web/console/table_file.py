"""Lists as CSV files: what a page shows, for a spreadsheet that runs nothing of it."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Final

from litestar import Response

from ml_connector import shown

MOST_EXPORTED: Final = 10_000
"""So many rows a file of a page has; the commands write all."""


def table_file(
    name: str, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response[bytes]:
    """Return a CSV file to be kept.

    Args:
        name: of the file, without its ending.
        head: names of the columns.
        rows: of cells; text that a spreadsheet would run gets an apostrophe in front.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return Response(
        text.getvalue().encode("utf-8-sig"),
        status_code=HTTPStatus.OK,
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


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
