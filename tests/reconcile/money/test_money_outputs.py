"""Money, tied out, as it is shown: page, workbook, CSV and JSON say the same."""

import csv
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec

from ml_connector.app.operations import month_json
from ml_connector.app.views.books.month_money import month_money
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.money.differences import differences
from ml_connector.reconcile.money.rows import ChargedFee, MoneyTie, NoCost
from ml_connector.reconcile.report import lines, page, workbook
from ml_connector.reconcile.report.page import MadePage
from reconcile.money.test_money_laws import World, billed, paid_twice_by_hand
from reconcile.test_files import report
from reconcile.worlds import MONTH

MADE = MadePage(
    report=17, by="Ada", at="2026-12-01 09:12", version="1.2", netsuite="https://ns.example/?id="
)


def tied() -> MoneyTie:
    world = World(Random(3))
    billed(world)
    paid_twice_by_hand(world)
    return msgspec.structs.replace(
        world.tied(),
        accounts={"601": "Shipping costs"},
        no_cost=(NoCost(type="Payment", currency="USD", invoices=1, amount=Decimal(-1000)),),
        fees=(
            ChargedFee(account="601", currency="USD", fee="Shipping", type="Charge", charges=21),
        ),
    )


def whole() -> Report:
    return msgspec.structs.replace(
        report(kinds=()), money=tied(), differences=tuple(differences(tied()))
    )


def test_the_page_says_who_made_it_links_to_bills_and_can_be_signed() -> None:
    text = page.html(whole(), MONTH, MADE)

    assert "Report 17, made by Ada on 2026-12-01 09:12 with version 1.2" in text
    assert f'<a href="https://ns.example/?id={tied().lines[0].items[0].documents[0].id}">' in text
    assert "Prepared by" in text
    assert text.index("<h2>To resolve</h2>") < text.index("<h2>Every source line")
    assert text.index("Fees by type and account") < text.index("<h2>Three ways, by part</h2>")
    assert "601 Shipping costs" in text
    assert "Left out of the fees: Payment, 1 invoice over -1,000.00 USD" in text
    assert "made by" not in page.html(whole(), MONTH)


def test_a_bill_entered_twice_is_a_difference_with_both_bills() -> None:
    found = differences(tied())

    assert {one.kind for one in found} == {Kind.FEES_BILLED_TWICE}
    assert all(len(one.documents) == 2 and one.gap < 0 for one in found)
    assert all("more than ShipBob charged" in one.says for one in found)


def test_csv_workbook_and_json_have_every_account(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(lines.COLUMNS)
    rows = [*csv.DictReader(io.StringIO(out.getvalue() + lines.money(whole()).decode()))]
    workbook.write(whole(), MONTH, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        titles = book.read("xl/workbook.xml").decode()
    shown = month_json.as_json(1, whole(), files=(), asked_shipbob=True)
    kept = month_money(shown)

    accounts = [(one.place.account, one.place.currency) for one in tied().lines]
    assert [(row["account"], row["currency"]) for row in rows] == accounts
    assert {row["record"] for row in rows} == {"fees"}
    assert 'name="Fees, tied out"' in titles
    assert 'name="Fees by type"' in titles
    assert [(one["account"], one["currency"]) for one in shown["money"]["lines"]] == accounts
    assert kept is not None
    assert [one.amounts["unexplained"] for one in kept.lines] == [
        one.unexplained for one in tied().lines
    ]
