"""What a person decides about differences of a month: books, month end and stock afterwards."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from acceptance.closing import close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from acceptance.test_correcting import fewer_than_booked
from acceptance.test_deciding import Receipt, drifts, run, standing
from acceptance.test_deciding_at_once import commands_at_once
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report
from ml_connector.reconcile.report.page import totals
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("months")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def received(acme: Merchant, units: int = 100) -> tuple[str, str, Wro, int]:
    """SKU, order and WRO of a delivery that we have received, and NetSuite's id of our receipt."""
    tee = acme.sku("TEE")
    number = acme.order({tee: units})
    wro = acme.deliver({tee: units}, number=number)
    run(acme, wro)
    [row] = acme.rows(
        "select remote_id from posting where external_id = %(id)s", id=f"mlc-ir-{wro.id}-1"
    )
    return tee, number, wro, int(row["remote_id"])


def reduce(acme: Merchant, receipt: int, units: int) -> None:
    """A person changes our receipt in NetSuite."""
    [there] = [
        one for one in acme.world.netsuite.documents("itemReceipt") if int(one["id"]) == receipt
    ]
    line = there["item"]["items"][0]["line"]
    body = {"item": {"items": [{"line": line, "quantity": units}]}}
    acme.world.netsuite.edit("itemReceipt", receipt, body)


def decide(acme: Merchant, one: Difference, kind: str, *options: str) -> Answered:
    return acme.command(
        *("month", "decide", one.id, "--as", kind, "--note", "Counted with the dock", *options)
    )


def settle(acme: Merchant) -> None:
    """Let what was decided be booked."""
    rows = acme.rows("select key from subject where flow = 'month-end'")
    said = acme.command(
        "sync", "month-end", *(part for row in rows for part in ("--id", row["key"]))
    )
    assert said.status == 0, said.out + said.err


def proven(acme: Merchant) -> None:
    """The chain of the journal is whole."""
    said = acme.command("audit", "verify")
    assert said.status == 0, said.err or said.out


def books_of(report: Report, section: str) -> list[tuple[int, int, int, int]]:
    """ShipBob's, decided, journal's and NetSuite's units of a part of the report."""
    return [
        (int(row.shipbob), int(row.decided), int(row.journal), int(row.netsuite))
        for key, row in totals(report)
        if key.section == section
    ]


def test_a_changed_receipt_is_taken_as_it_is_and_the_journal_says_so(acme: Merchant) -> None:
    tee, _, _, receipt = received(acme)
    reduce(acme, receipt, 90)
    [red] = close(acme).report.open
    looked = decide(acme, red, "accept", "--dry-run")
    nothing = acme.rows("select * from decision")
    decided = decide(acme, red, "accept", "--json")
    settle(acme)
    done = close(acme)
    report = done.report

    assert red.kind is Kind.DOCUMENT_CHANGED
    assert looked.status == 0, looked.err
    assert f"\u221210 {tee} at location 6" in looked.out
    assert nothing == []
    assert decided.status == 0, decided.err
    assert report.green
    [shown] = report.accepted
    assert (shown.id, shown.journal, shown.netsuite) == (red.id, Decimal(100), Decimal(90))
    assert f"accept. Counted with the dock (decision {decided.json['id']})" in shown.decided
    assert books_of(report, "receipts") == [(100, -10, 90, 90)]
    assert acme.books(tee).journal == acme.books(tee).netsuite == {(tee, 6): 90}
    page = done.files[0].read_text("utf-8")
    assert "Counted with the dock" in page.partition("<h2>Taken as it is</h2>")[2]
    [row] = acme.rows("select target, quantity from journal where external_id like 'mlc-ad-%%'")
    assert (row["target"], row["quantity"]) == (f"acceptedDifference {receipt}", -10)
    proven(acme)

    settle(acme)
    again = decide(acme, red, "accept")

    assert again.status == 1
    assert "was decided about already" in again.err
    assert len(acme.rows("select 1 from journal where external_id like 'mlc-ad-%%'")) == 1

    reduce(acme, receipt, 80)
    [other] = close(acme).report.open

    assert other.id == red.id
    assert "does not hold any more" in other.remedy

    second = decide(acme, other, "accept", "--json")
    settle(acme)
    agreed = close(acme).report

    assert agreed.green
    assert books_of(agreed, "receipts") == [(100, -20, 80, 80)]

    reduce(acme, receipt, 100)
    [put_back] = close(acme).report.open
    reduce(acme, receipt, 80)

    assert (put_back.kind, put_back.journal) == (Kind.ACCEPTED_CHANGED, Decimal(-20))

    taken = acme.command("events", "undecide", str(second.json["id"]))
    settle(acme)
    back = close(acme).report

    assert taken.status == 0, taken.err
    assert [one.id for one in back.open] == [red.id]
    assert books_of(back, "receipts") == [(100, 0, 100, 80)]
    proven(acme)


def test_a_changed_receipt_is_corrected_by_one_adjustment(acme: Merchant) -> None:
    tee, _, _, receipt = received(acme)
    reduce(acme, receipt, 90)
    [red] = close(acme).report.open
    looked = decide(acme, red, "correct", "--dry-run")
    decided = decide(acme, red, "correct", "--json")
    settle(acme)
    settle(acme)
    report = close(acme).report

    assert looked.status == 0, looked.err
    assert f"+10 {tee} at location 6" in looked.out
    assert decided.status == 0, decided.err
    assert report.green
    assert acme.books(tee) == ({(tee, 6): 100},) * 3
    assert drifts(acme) == []
    adjusted = acme.rows("select external_id from posting where kind = 'inventoryAdjustment'")
    assert adjusted == [{"external_id": f"mlc-ia-mon-{red.id}-1"}]
    proven(acme)

    said = acme.command("events", "undecide", str(decided.json["id"]))

    assert f"journal undo mlc-ia-mon-{red.id}-1" in said.out
    assert "acceptedDifference" not in said.out

    settle(acme)
    [back] = close(acme).report.open
    decide(acme, back, "correct")
    settle(acme)

    assert back.id == red.id
    assert close(acme).report.green
    assert acme.books(tee) == ({(tee, 6): 100},) * 3


def test_a_deleted_receipt_is_handled_by_what_a_person_received_instead(acme: Merchant) -> None:
    _, number, _, receipt = received(acme)
    acme.world.netsuite.delete("itemReceipt", receipt)
    by_hand = Receipt(acme, number, 60)
    [red] = close(acme).report.open
    nothing = decide(acme, red, "handled", "--document", "IR-NONE")
    decided = decide(acme, red, "handled", "--document", by_hand.number, "--json")
    settle(acme)
    [rest] = close(acme).report.open

    assert red.kind is Kind.DOCUMENT_DELETED
    assert nothing.status == 1
    assert decided.status == 0, decided.err
    assert rest.id == f"{red.id}r"
    assert f"{by_hand.number} handled 60 of it" in rest.says

    accepted = decide(acme, rest, "accept")
    settle(acme)
    report = close(acme).report

    assert accepted.status == 0, accepted.err
    assert report.green
    assert books_of(report, "receipts") == [(100, -100, 0, 0)]

    by_hand.change(50)
    changed = close(acme).report

    assert [one.id for one in changed.open] == [red.id]
    assert "was changed" in changed.open[0].remedy


def test_two_differences_can_not_take_the_same_units(acme: Merchant) -> None:
    tee = acme.sku("TEE")
    number = acme.order({tee: 100})
    wros = [acme.deliver({tee: 30}, number=number) for _ in range(2)]
    run(acme, *wros)
    for row in acme.rows("select remote_id from posting where kind = 'itemReceipt'"):
        acme.world.netsuite.delete("itemReceipt", int(row["remote_id"]))
    by_hand = Receipt(acme, number, 30)
    one, other = close(acme).report.open
    first = decide(acme, one, "handled", "--document", by_hand.number)
    settle(acme)
    second = decide(acme, other, "handled", "--document", by_hand.number)

    assert first.status == 0, first.err
    assert second.status == 1
    assert "is taken by other decisions" in second.err


def test_a_difference_of_a_fact_is_decided_with_the_fact(acme: Merchant) -> None:
    _, wro = fewer_than_booked(acme)
    [red] = close(acme).report.open
    wrong = decide(acme, red, "accept")
    decided = decide(acme, red, "correct", "--json")
    run(acme, wro)

    assert red.kind is Kind.FACT_WENT_DOWN
    assert wrong.status == 1
    assert decided.status == 0, decided.err
    assert decided.json["decision"]["subject"][1:] == ["receiving", str(wro.id)]
    assert standing(acme, wro) == ("done", None)
    assert close(acme).report.green


def test_of_two_who_correct_at_once_one_does(acme: Merchant) -> None:
    tee, _, _, receipt = received(acme)
    reduce(acme, receipt, 90)
    [red] = close(acme).report.open
    words = ("month", "decide", red.id, "--note", "Counted with the dock", "--as")
    said = commands_at_once(acme, [(*words, kind) for kind in ("correct", "accept")])
    settle(acme)

    assert sorted(one.status for one in said) == [0, 1], [one.err for one in said]
    assert len(acme.rows("select id from decision")) == 1
    assert acme.books(tee).journal == acme.books(tee).netsuite
    assert close(acme).report.green


def test_what_is_no_difference_can_not_be_decided(acme: Merchant) -> None:
    received(acme)
    words = ("--as", "accept", "--note", "x")
    month = str(close(acme).report.month)
    said = [
        acme.command("month", "decide", name, *words)
        for name in ("nonsense", f"{month}-00000000", "2199-01-00000000")
    ]

    assert [one.status for one in said] == [2, 1, 2]
    assert "is no difference" in said[0].err
    assert "has no difference" in said[1].err
    assert "has not begun yet" in said[2].err
    sync(acme, "inventory")
