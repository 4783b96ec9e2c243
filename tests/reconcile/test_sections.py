"""A flow takes part in the month end by its own sections, and by nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from ml_connector.engine.flow import Section
from ml_connector.flows import FLOWS
from ml_connector.reconcile.compare.compare import compare
from ml_connector.reconcile.compare.sides import Fact, JournalRow
from ml_connector.reconcile.report import page, workbook
from ml_connector.reconcile.sections import OTHER, Sections
from reconcile.worlds import MONTH, SECTIONS

COUNTING = replace(
    FLOWS["inventory"],
    name="counting",
    source="count",
    sections=(Section(key="counts", title="Cycle counts", facts="Counts"),),
)


def test_the_parts_are_those_of_the_flows_and_one_for_the_rest() -> None:
    titles = ["Receipts", "Adjustments", "Fulfilments", "Returns", "Fees", "Payments and balances"]
    titles += ["Corrections of stock", "Corrections at month end", "Other movements"]

    assert [section.title for section in SECTIONS.ordered] == titles


def test_a_flow_adds_itself_to_the_report_by_naming_a_section(tmp_path: Path) -> None:
    sections = Sections.of({**FLOWS, "counting": COUNTING})
    row = JournalRow(
        number=1,
        flow="counting",
        source="count 12",
        source_line="inventory 7",
        kind="inventoryAdjustment",
        remote_id="5002",
        external_id="mlc-ia-12-1",
        fact_date=date(2026, 11, 3),
        posting_date=date(2026, 11, 3),
        sku="TEE",
        item="7",
        location="6",
        quantity=5,
    )
    fact = Fact(
        flow="counting",
        source="count 12",
        source_line="inventory 7",
        fact_date=date(2026, 11, 3),
        sku="TEE",
        quantity=5,
    )
    report = compare(MONTH, [fact], [], [row], sections=sections)
    workbook.write(report, MONTH, tmp_path / "report.xlsx")
    text = page.html(report, MONTH)

    assert {key.section for key, _ in report.rows} == {"counts"}
    assert {one.section for one in report.differences} == {"counts"}
    assert "<h2>Cycle counts</h2>" in text
    assert "<td>Counts</td><td>lines</td>" in text


def test_what_no_flow_names_a_section_for_is_among_other_movements() -> None:
    nobodys = Sections()

    assert nobodys.ordered == (OTHER,)
    assert nobodys.of_entry("receiving", "itemReceipt") == OTHER
    assert nobodys.of_facts("receiving") == OTHER
    assert nobodys.of_movement("ItemRcpt", "PurchOrd") == OTHER
