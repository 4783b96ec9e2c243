"""The report as a workbook: summary, differences, a sheet for each part, and order lines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import xlsxwriter

from ml_connector.reconcile.amounts import digits, plain
from ml_connector.reconcile.compare.report import (
    Difference,
    OrderLineRow,
    Report,
    Row,
    RowKey,
    ShipmentLineRow,
)
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.report import money, stock_sheet
from ml_connector.reconcile.report.columns import ORDER_LINE, SHIPMENT_LINE, THREE_WAYS
from ml_connector.reconcile.report.lines import PROVISIONAL
from ml_connector.reconcile.report.page import totals
from ml_connector.shown import visible

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 100_000
"""The most lines of one sheet; the CSV file has all of them."""

_A4: Final = 9

_EXACT: Final = 15
"""The most digits that a spreadsheet's number has; a longer one is written as text."""

_HEADINGS: Final = tuple(column.heading for column in THREE_WAYS)
_DIFFERENCE_COLUMNS: Final = (
    *("Kind", "Part", "SKU, account", "Location", "Unit", "ShipBob", "Journal", "NetSuite"),
    *("Source", "Source line", "Fact date", "External id", "Documents"),
    *("What is the matter", "What to do", "Cause", "Id", "Decided"),
)


class _Book:
    """An open workbook and its formats."""

    def __init__(self, path: Path, month: Month) -> None:
        # Strings are written as strings: nothing from outside becomes a formula or a link.
        self.book = xlsxwriter.Workbook(
            path,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        # The clock must not be in the bytes.
        self.book.set_properties({"created": datetime(month.last.year, month.last.month, 1)})  # noqa: DTZ001 - a workbook's times have no zone
        self.bold = self.book.add_format({"bold": True})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})
        self._numbers: dict[int, Format] = {}

    def sheet(
        self, name: str, columns: Sequence[str], widths: Sequence[int], *, names: int = 0
    ) -> "Worksheet":
        """Add a sheet with a heading that stays, on paper too.

        Args:
            name: on its tab.
            columns: their headings.
            widths: of the columns.
            names: number of columns at the left that stay as well.
        """
        sheet = self.book.add_worksheet(name)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, names)
        sheet.write_row(0, 0, columns, self.bold)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&L&A&RPage &P of &N")
        return sheet

    def number(self, sheet: "Worksheet", row: int, column: int, value: Decimal, unit: str) -> None:
        """Write a number with its currency's digits; as text where it has too many for one."""
        if len(value.as_tuple().digits) > _EXACT:
            _write(sheet, row, column, plain(value, unit))
            return
        sheet.write_number(row, column, value, self.digits(digits(unit)))

    def digits(self, count: int) -> "Format":
        """Return the format of numbers with this many digits after the point."""
        if count not in self._numbers:
            text = "#,##0" + ("." + "0" * count if count else "")
            self._numbers[count] = self.book.add_format({"num_format": text})
        return self._numbers[count]


def write(report: Report, month: Month, path: Path) -> None:
    """Write the workbook. The same report gives the same bytes."""
    out = _Book(path, month)
    _summary(out, report, month)
    titles = report.sections.titles()
    _differences(out, "Differences", report.open, titles)
    if report.accepted:
        _differences(out, "Taken as it is", report.accepted, titles)
    rest = [one for one in report.explained if not one.accepted]
    _differences(out, "Shown with reason", rest, titles)
    for section in report.sections.ordered:
        rows = [(key, row) for key, row in report.rows if key.section == section.key]
        if rows:
            _part(out, section.title, rows, money=section.money)
    if report.order_lines:
        _order_lines(out, report.order_lines)
    if report.shipment_lines:
        _shipment_lines(out, report.shipment_lines)
    if report.tie_out:
        stock_sheet.write(out, report.tie_out, MOST_ROWS)
    if report.money:
        money.write(out, report.money, MOST_ROWS)
    out.book.close()


def _summary(out: _Book, report: Report, month: Month) -> None:
    sheet = out.sheet("Summary", ("Month end", report.month), (28, 26, *([16] * len(_HEADINGS))))
    end = _head(out, sheet, report, month)
    end = _totals(out, sheet, report, end + 2)
    _conservation(out, sheet, report, end + 2)


def _head(out: _Book, sheet: "Worksheet", report: Report, month: Month) -> int:
    """Write what the report is about; return the last row."""
    facts: list[tuple[str, str | int]] = [
        ("Connection", report.connection),
        ("Days", f"{month.first} to {month.last}"),
        ("Time zone", report.zone),
        ("Result", "nothing left to explain" if report.green else "differences to resolve"),
        ("Differences to resolve", len(report.open)),
        ("Shown with their reason", len(report.explained)),
        ("Documents of ours", report.documents),
        ("Journal rows", report.journal_rows),
        ("Journal chain, row", report.head.number),
        ("Journal chain, head", report.head.hash),
    ]
    if report.provisional:
        facts.append(("Provisional", PROVISIONAL))
    for at, (name, value) in enumerate(facts, 1):
        _write(sheet, at, 0, name)
        if isinstance(value, int):
            sheet.write_number(at, 1, value, out.digits(0))
        else:
            _write(sheet, at, 1, value)
    return len(facts)


def _totals(out: _Book, sheet: "Worksheet", report: Report, at: int) -> int:
    """Write the sums of each part below a heading; return the last row."""
    sheet.write_row(at, 0, ("Three ways", "Unit", *_HEADINGS), out.bold)
    titles = report.sections.titles()
    for key, row in totals(report):
        at += 1
        _write(sheet, at, 0, titles[key.section])
        _write(sheet, at, 1, key.currency or "units")
        _numbers(out, sheet, at, row, key.currency)
    return at


def _conservation(out: _Book, sheet: "Worksheet", report: Report, at: int) -> None:
    """Write line conservation below a heading: for each part its lines, then units or money."""
    names = ("Source", "Posted", "Waiting", "Refused", "Unexplained")
    sheet.write_row(at, 0, ("Line conservation", "Unit", *names), out.bold)
    for one in report.equations:
        counts = (
            *(one.lines, one.posted_lines, one.waiting_lines, one.refused_lines),
            one.unexplained_lines,
        )
        amounts = (one.source, one.posted, one.waiting, one.refused, one.unexplained)
        at += 1
        _write(sheet, at, 0, report.sections.facts_title(one.section))
        _write(sheet, at, 1, "lines")
        for column, count in enumerate(counts, 2):
            sheet.write_number(at, column, count, out.digits(0))
        at += 1
        _write(sheet, at, 1, one.currency or "units")
        for column, amount in enumerate(amounts, 2):
            out.number(sheet, at, column, amount, one.currency)


def _part(out: _Book, title: str, rows: Sequence[tuple[RowKey, Row]], *, money: bool) -> None:
    names = ("Account", "Currency") if money else ("SKU", "Location")
    sheet = out.sheet(title, (*names, *_HEADINGS), (26, 12, *([14] * len(_HEADINGS))), names=2)
    sheet.autofilter(0, 0, min(len(rows), MOST_ROWS), len(_HEADINGS) + 1)
    for at, (key, row) in enumerate(rows[:MOST_ROWS], 1):
        _write(sheet, at, 0, key.what or "(unknown)")
        _write(sheet, at, 1, key.currency if money else key.where)
        _numbers(out, sheet, at, row, key.currency)
    if len(rows) > MOST_ROWS:
        _write(
            sheet, MOST_ROWS + 1, 0, f"{len(rows) - MOST_ROWS:,} more lines are not in this sheet."
        )


def _order_lines(out: _Book, found: Sequence[OrderLineRow]) -> None:
    headings = [column.heading for column in ORDER_LINE]
    columns = ("Order", "Line", "SKU", "Location", *headings, "Left out")
    widths = (20, 8, 26, 12, *([14] * len(headings)), 60)
    sheet = out.sheet("Purchase order lines", columns, widths, names=2)
    sheet.autofilter(0, 0, min(len(found), MOST_ROWS), len(columns) - 1)
    for at, row in enumerate(found[:MOST_ROWS], 1):
        _write(sheet, at, 0, row.order)
        sheet.write_number(at, 1, row.line, out.digits(0))
        _write(sheet, at, 2, row.what)
        _write(sheet, at, 3, row.where)
        for place, column in enumerate(ORDER_LINE, 4):
            out.number(sheet, at, place, column.of(row), "")
        _write(sheet, at, len(columns) - 1, row.left_out)
    if len(found) > MOST_ROWS:
        _write(
            sheet,
            MOST_ROWS + 1,
            0,
            f"{len(found) - MOST_ROWS:,} more lines are not in this sheet.",
        )


def _shipment_lines(out: _Book, found: Sequence[ShipmentLineRow]) -> None:
    columns = ("Shipment", "Line", "SKU", *SHIPMENT_LINE.values(), "Documents", "Reason")
    sheet = out.sheet(
        "Shipment lines", columns, (20, 20, 26, *([14] * len(SHIPMENT_LINE)), 40, 60), names=3
    )
    sheet.autofilter(0, 0, min(len(found), MOST_ROWS), len(columns) - 1)
    for at, row in enumerate(found[:MOST_ROWS], 1):
        for place, text in enumerate((row.source, row.line, row.what)):
            _write(sheet, at, place, text)
        for place, field in enumerate(SHIPMENT_LINE, 3):
            out.number(sheet, at, place, getattr(row, field), "")
        documents = "; ".join(f"{ref.type} {ref.number or ref.id}" for ref in row.documents)
        _write(sheet, at, len(columns) - 2, documents)
        _write(sheet, at, len(columns) - 1, row.says)


def _numbers(out: _Book, sheet: "Worksheet", at: int, row: Row, unit: str) -> None:
    for place, column in enumerate(THREE_WAYS, 2):
        out.number(sheet, at, place, column.of(row), unit)


def _differences(
    out: _Book, title: str, found: Sequence[Difference], titles: Mapping[str, str]
) -> None:
    widths = (36, 13, 22, 10, 8, 12, 12, 12, 18, 22, 11, 24, 44, 60, 60, 24, 18, 60)
    sheet = out.sheet(title, _DIFFERENCE_COLUMNS, widths, names=1)
    sheet.autofilter(0, 0, max(1, min(len(found), MOST_ROWS)), len(_DIFFERENCE_COLUMNS) - 1)
    for at, one in enumerate(found[:MOST_ROWS], 1):
        for column, text in _texts(one, titles[one.section]):
            if text:
                _write(sheet, at, column, text, out.wrapped if column > 11 else None)  # noqa: PLR2004 - the columns of sentences
        if one.fact_date is not None:
            sheet.write_datetime(
                at, _DIFFERENCE_COLUMNS.index("Fact date"), one.fact_date, out.day
            )
        for column, value in enumerate((one.shipbob, one.journal, one.netsuite), 5):
            if value is not None:
                out.number(sheet, at, column, value, one.currency)
    if len(found) > MOST_ROWS:
        _write(
            sheet, MOST_ROWS + 1, 0, f"{len(found) - MOST_ROWS:,} more are only in the CSV file."
        )


def _texts(one: Difference, part: str) -> Iterable[tuple[int, str]]:
    documents = "; ".join(
        f"{ref.type} {ref.number or ref.id} of {ref.date}" for ref in one.documents
    )
    unit = one.currency or ("units" if one.journal is not None else "")
    yield from enumerate((one.kind.words, part, one.what, one.where, unit))
    rest = (one.source, one.source_line, "", one.external_id, documents)
    yield from enumerate((*rest, one.says, one.remedy, one.cause, one.id, one.decided), 8)


def _write(
    sheet: "Worksheet", row: int, column: int, text: str, style: "Format | None" = None
) -> None:
    """Write a text as a text, with nothing in it that acts."""
    sheet.write_string(row, column, visible(text, keep="\n"), style)
