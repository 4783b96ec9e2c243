"""The tie-out as it is shown: differences, page, workbook, CSV and JSON say the same."""

import csv
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import msgspec

from ml_connector.app.operations import month_json
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.report import lines, page, workbook
from ml_connector.reconcile.report.stock import shown_lines
from ml_connector.reconcile.tie_out.differences import differences
from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieItem, TieOut, TiePlace
from ml_connector.rules.stock_causes.kinds import CauseKind
from ml_connector.rules.stock_causes.rows import StockCause
from reconcile.test_files import report
from reconcile.worlds import MONTH

TEE, CAP, MUG = TiePlace("TEE", "6"), TiePlace("CAP", "6"), TiePlace("MUG", "7")


def moved(units: int) -> Side:
    """A place that opened with 100."""
    return Side(moved=Decimal(units), closing=Decimal(units + 100))


def tied() -> TieOut:
    """A place that agrees, one that others made differ, and one that nothing explains."""
    return tie_out(
        Balances(
            shipbob={TEE: moved(40), CAP: moved(3), MUG: moved(5)},
            netsuite={TEE: moved(80), CAP: moved(3), MUG: moved(0)},
            named={"6": "Moreno Valley"},
        ),
        [
            TieItem(
                kind=OpenKind.MOVED_BY_OTHERS,
                place=TEE,
                quantity=Decimal(-40),
                says="Item receipt IR77 moved 40 x TEE",
            )
        ],
        ["Only movements."],
    )


def whole(*, provisional: bool = False) -> Report:
    return msgspec.structs.replace(
        report(kinds=()),
        tie_out=tied(),
        differences=tuple(differences(tied(), {"TEE": "501"})),
        provisional=provisional,
    )


def test_a_place_that_does_not_tie_out_is_a_difference_with_its_numbers() -> None:
    found = {one.what: one for one in differences(tied(), {"TEE": "501"})}

    assert found["TEE"].kind is Kind.STOCK_MOVED_BY_OTHERS
    assert found["TEE"].says == (
        "TEE at location 6 Moreno Valley: NetSuite has 40 more, moved by others in NetSuite, and"
        " not at ShipBob. Item receipt IR77 moved 40 x TEE"
    )
    assert (found["TEE"].gap, found["TEE"].item) == (Decimal(-40), "501")
    assert found["MUG"].kind is Kind.STOCK_UNEXPLAINED
    assert found["MUG"].says == (
        "MUG at location 7: ShipBob moved +5, NetSuite moved 0; ShipBob has 5 more, and nothing"
        " explains it"
    )
    assert "drift decide 7 MUG --as correct" in found["MUG"].remedy


def test_stock_that_differed_before_is_shown_and_keeps_no_month_open() -> None:
    before = tie_out(
        Balances(
            shipbob={TEE: Side(moved=Decimal(5), closing=Decimal(12))},
            netsuite={TEE: Side(moved=Decimal(5), closing=Decimal(10))},
        ),
        (),
    )
    [one] = differences(before)

    assert (one.kind, one.explained, one.gap) == (Kind.STOCK_OPENING, True, Decimal(2))
    assert before.red == ()


def test_the_page_shows_places_with_names_and_what_they_are_made_of() -> None:
    text = page.html(whole(), MONTH)

    assert "Stock, tied out" in text
    assert "6 Moreno Valley" in text
    assert "-40 moved by others in NetSuite, and not at ShipBob" in text
    assert "Only movements." in text
    assert "<svg" in text
    assert "Provisional" not in text
    assert "Provisional: the month has not ended" in page.html(whole(provisional=True), MONTH)


def test_a_month_whose_stock_is_not_looked_at_says_why() -> None:
    bare = msgspec.structs.replace(report(kinds=()), not_tied="The flow inventory is off.")

    assert "The flow inventory is off." in page.html(bare, MONTH)
    assert month_json.as_json(1, bare, files=(), asked_shipbob=True)["tie_out"]["notes"] == [
        "The flow inventory is off."
    ]


def test_the_workbook_has_a_sheet_of_all_places(tmp_path: Path) -> None:
    workbook.write(whole(provisional=True), MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        titles = book.read("xl/workbook.xml").decode()
        text = b"".join(book.read(name) for name in book.namelist()).decode("utf-8", "replace")

    assert 'name="Stock, tied out"' in titles
    assert "ShipBob, opening" in text
    assert "Provisional: the month has not ended" in text


def test_the_csv_has_every_place_and_says_that_a_month_goes_on() -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(lines.COLUMNS)
    rows = list(
        csv.DictReader(io.StringIO(out.getvalue() + lines.stock(whole(provisional=True)).decode()))
    )

    assert [(row["record"], row["verdict"], row["sku"]) for row in rows] == [
        ("month", "provisional", ""),
        ("stock", "unexplained", "MUG"),
        ("stock", "to resolve", "TEE"),
        ("stock", "agrees", "CAP"),
    ]
    assert rows[2]["says"] == (
        "ShipBob: 100 + 40 moved = 140; NetSuite: 100 + 80 moved = 180; -40 moved by others in"
        " NetSuite, and not at ShipBob: Item receipt IR77 moved 40 x TEE"
    )
    assert (rows[2]["shipbob"], rows[2]["netsuite"]) == ("140", "180")


def test_json_has_every_place_with_what_it_is_made_of() -> None:
    shown = month_json.as_json(1, whole(provisional=True), files=(), asked_shipbob=True)
    place = shown["tie_out"]["lines"][1]

    assert shown["provisional"] is True
    assert shown["green"] is False
    assert shown["tie_out"]["totals"]["unexplained"] == "5"
    assert len(shown["tie_out"]["lines"]) == 3
    assert (place["sku"], place["location_name"], place["gap"]) == ("TEE", "Moreno Valley", "-40")
    assert place["items"][0]["acts"] == "whoever made the document"
    assert month_json.kept(shown)["tie_out"]["lines"] == shown["tie_out"]["lines"]


def test_places_with_a_difference_go_first_on_the_page() -> None:
    few, left = shown_lines(tied(), 2)

    assert [one.place for one in few] == [MUG, TEE]
    assert left == 1


def test_what_made_a_difference_is_named_and_it_stays_red() -> None:
    cause = StockCause(
        kinds=(CauseKind.STOWED_AGAIN,),
        units={"7": Decimal(5)},
        says="ShipBob's ReceivingStow (receiving 90311) of 2026-11-20 (+5)",
        side="shipbob",
    )
    before = tied()
    lines_ = tuple(
        msgspec.structs.replace(one, causes=(cause,) if one.place == MUG else ())
        for one in before.lines
    )
    done = msgspec.structs.replace(before, lines=lines_)
    found = {one.what: one for one in differences(done)}
    shown = month_json.as_json(
        1, msgspec.structs.replace(whole(), tie_out=done), files=(), asked_shipbob=True
    )

    assert found["MUG"].says.endswith(
        "and nothing explains it. Both histories tell what made it: ShipBob stowed units of a WRO"
        " once more, beyond what was posted: ShipBob's ReceivingStow (receiving 90311) of"
        " 2026-11-20 (+5)"
    )
    assert found["MUG"].kind is Kind.STOCK_UNEXPLAINED
    [place] = [one for one in shown["tie_out"]["lines"] if one["sku"] == "MUG"]
    assert [(one["kind"], one["units"]) for one in place["causes"]] == [("stowed_again", "5")]
