"""The files of a report: the same bytes each time, safe to open, complete."""

import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ml_connector.reconcile.amounts import plain, shown
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import (
    Difference,
    OrderLineRow,
    Report,
    ReportedHead,
    Row,
    RowKey,
    SectionEquation,
    ordered,
)
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.reconcile.report import lines, page, workbook
from ml_connector.shown import cell
from reconcile.worlds import MONTH, SECTIONS

NASTY = '=HYPERLINK("http://evil","x")<script>alert(1)</script>'


def report(*, kinds: tuple[Kind, ...] = tuple(Kind), rows: int = 3) -> Report:
    """Return a report with a difference of each kind, and amounts of many currencies."""
    money = {"USD": Decimal("1234.50"), "JPY": Decimal(1200), "KWD": Decimal("0.125")}
    return Report(
        sections=SECTIONS,
        connection="acme",
        month=str(MONTH),
        zone="America/Chicago",
        head=ReportedHead(number=1234, hash="ab" * 32),
        rows=tuple(
            [
                (
                    RowKey("receipts", f"SKU-{number:05}", "6"),
                    Row(shipbob=Decimal(5), journal=Decimal(5), netsuite=Decimal(5)),
                )
                for number in range(rows)
            ]
            + [
                (
                    RowKey("fees", "62", "", currency),
                    Row(shipbob=amount, journal=amount, netsuite=amount),
                )
                for currency, amount in money.items()
            ]
        ),
        equations=(SectionEquation(section="receipts", lines=3, source=Decimal(15)),),
        differences=ordered(
            Difference(
                kind=kind,
                section="receipts",
                what=NASTY,
                where="6",
                shipbob=Decimal(5),
                journal=Decimal(3),
                source="wro 90311",
                fact_date=date(2026, 11, 20),
                external_id="mlc-ir-90311-1",
                documents=(DocumentRef(type="Item receipt", id="5002", number="IR1"),),
                says=f"what is the matter with {NASTY}",
                remedy="do something",
            )
            for kind in kinds
        ),
        journal_rows=4,
        documents=2,
    )


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        workbook.write(report(), MONTH, tmp_path / f"{name}.xlsx")

    assert page.html(report(), MONTH) == page.html(report(), MONTH)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_the_page_is_one_file_with_everything_in_it() -> None:
    text = page.html(report(), MONTH)

    assert "November 2026" in text
    assert "ab" * 32 in text
    for kind in Kind:
        assert kind.words.replace("'", "&#39;") in text
    assert not re.findall(r"<(?:script|link|img|iframe)|url\(|https?://(?!evil)", text)
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "amount", ["1,234.50</td>", "1,200</td>", "0.125</td>"], ids=["USD", "JPY", "KWD"]
)
def test_amounts_have_the_digits_of_their_currency(amount: str) -> None:
    assert amount in page.html(report(), MONTH)


def test_a_page_shows_what_differs_first_and_counts_the_rest() -> None:
    many = report(rows=page.MOST_ROWS + 50)
    off = (
        RowKey("receipts", "ZZZ-LAST", "6"),
        Row(journal=Decimal(5), netsuite=Decimal(4)),
    )
    text = page.html(msgspec.structs.replace(many, rows=(*many.rows, off)), MONTH)

    assert "ZZZ-LAST" in text
    assert "51 more lines, all of which agree, are in the workbook." in text


def test_a_month_without_differences_says_that_it_can_be_closed() -> None:
    text = page.html(report(kinds=()), MONTH)

    assert "Nothing is left to explain" in text
    assert "the month can be closed" in text


def test_the_workbook_holds_texts_as_texts(tmp_path: Path) -> None:
    workbook.write(report(), MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        names = book.namelist()
        sheets = b"".join(book.read(name) for name in names if "worksheets/sheet" in name)
        titles = book.read("xl/workbook.xml").decode()
        dates = {info.date_time[0] for info in book.infolist()}

    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets.lower().replace(b"=hyperlink", b"")
    for title in ("Summary", "Differences", "Shown with reason", "Receipts", "Fees"):
        assert f'name="{title}"' in titles
    assert dates == {1980}


def test_the_workbook_holds_days_as_days_and_prints_its_headings(tmp_path: Path) -> None:
    workbook.write(report(), MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        differences = book.read("xl/worksheets/sheet2.xml").decode()
        names = book.read("xl/workbook.xml").decode()

    day = (date(2026, 11, 20) - date(1899, 12, 30)).days
    assert f"<v>{day}</v>" in differences
    assert "<autoFilter" in differences
    assert 'topLeftCell="B2"' in differences
    assert names.count("_xlnm.Print_Titles") == names.count("<sheet ")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    one = msgspec.structs.replace(
        report().differences[0], what=f"{start}1+1", says=f"{start}cmd", remedy=""
    )
    text = lines.differences(msgspec.structs.replace(report(), differences=(one,))).decode()

    assert f"'{start}1+1" in text
    assert f"'{start}cmd" in text
    assert cell("TEE-BLK") == "TEE-BLK"


def test_numbers_keep_every_digit() -> None:
    assert plain(Decimal("-1234567890123456.789"), "USD") == "-1234567890123456.789"
    assert plain(Decimal("0.5"), "USD") == "0.50"
    assert plain(Decimal("1E+3"), "JPY") == "1000"
    assert plain(Decimal("-0.00"), "KWD") == "0.000"
    assert shown(Decimal("-0.5"), "USD") == "-0.50"
    assert shown(Decimal(1234567)) == "1,234,567"
    assert shown(None) == "–"  # noqa: RUF001 - an en dash stands for nothing


def with_order_lines() -> Report:
    rows = [
        OrderLineRow(
            order=order,
            order_id="2173",
            line=number,
            what="SKU-1",
            item="20",
            where=where,
            ordered=Decimal(40),
            surplus=Decimal(0),
            ours=Decimal(30),
            others=Decimal(2),
            month_ours=Decimal(30),
            month_others=Decimal(0),
            to_come=Decimal(8),
            closed_short=Decimal(0),
            left_out=left_out,
        )
        for number, (order, where, left_out) in enumerate(
            [(NASTY, "6", ""), ("PO2", "9", "it is at another location")], 1
        )
    ]
    return msgspec.structs.replace(report(kinds=()), order_lines=tuple(rows))


def test_order_lines_are_in_all_three_files_and_those_left_out_by_name(tmp_path: Path) -> None:
    made = with_order_lines()
    text = page.html(made, MONTH)
    workbook.write(made, MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        titles = book.read("xl/workbook.xml").decode()
        last = max(name for name in book.namelist() if "worksheets/sheet" in name)
        sheet = book.read(last)
    ours, left_out = lines.order_lines(made).decode().splitlines()

    assert "Purchase order lines" in text
    assert "Left out: PO2 line 2, SKU-1: it is at another location." in text
    assert "<script>" not in text
    assert 'name="Purchase order lines"' in titles
    assert b"<f>" not in sheet
    assert ours.startswith("order_line,receipts,")
    says = "40 ordered + 0 surplus = 30 received by us + 2 by others + 0 on its way + 8 to come"
    assert says in ours
    assert ",left out: it is at another location," in left_out


def test_a_month_without_received_order_lines_has_no_part_of_them(tmp_path: Path) -> None:
    workbook.write(report(), MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        titles = book.read("xl/workbook.xml").decode()

    assert "Purchase order lines" not in page.html(report(), MONTH) + titles
    assert lines.order_lines(report()) == b""
