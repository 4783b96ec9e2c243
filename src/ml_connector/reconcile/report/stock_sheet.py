"""Both systems' stock as a sheet of the workbook."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from ml_connector.reconcile.report.stock import STOCK, equation, verdict
from ml_connector.reconcile.tie_out.judge import figures
from ml_connector.reconcile.tie_out.rows import TieOut
from ml_connector.shown import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet


class Book(Protocol):
    """The workbook that the sheet is added to."""

    def sheet(
        self, name: str, columns: Sequence[str], widths: Sequence[int], *, names: int = 0
    ) -> "Worksheet":
        """Add a sheet with a heading."""
        ...

    def number(self, sheet: "Worksheet", row: int, column: int, value: Decimal, unit: str) -> None:
        """Write a number."""
        ...


def write(out: Book, tied: TieOut, most: int) -> None:
    """Add the sheet: a place a row, those that are red first.

    Args:
        out: the workbook.
        tied: the tie-out.
        most: the most rows.
    """
    headings = [column.whole or column.heading for column in STOCK]
    columns = ("SKU", "Location", *headings, "Verdict", "Made up of")
    widths = (26, 24, *([14] * len(headings)), 14, 90)
    sheet = out.sheet("Stock, tied out", columns, widths, names=2)
    sheet.autofilter(0, 0, max(1, min(len(tied.lines), most)), len(columns) - 1)
    for at, line in enumerate(tied.lines[:most], 1):
        _text(sheet, at, 0, line.place.what or "(unknown)")
        _text(sheet, at, 1, tied.location(line.place.where))
        numbers = figures(line)
        for place, column in enumerate(STOCK, 2):
            out.number(sheet, at, place, numbers[column.field], "")
        _text(sheet, at, len(columns) - 2, verdict(line))
        _text(sheet, at, len(columns) - 1, equation(line))
    end = min(len(tied.lines), most) + 1
    left = len(tied.lines) - most
    more = [f"{left:,} more places are only in the CSV file."] if left > 0 else []
    for at, note in enumerate((*more, *tied.notes), end):
        _text(sheet, at, 0, note)


def _text(sheet: "Worksheet", row: int, column: int, text: str) -> None:
    sheet.write_string(row, column, visible(text, keep="\n"))
