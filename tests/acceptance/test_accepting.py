"""What has changed is taken as it is, as a person decided; what changes again stops anew."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from acceptance.closing import close
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.service import Answered
from acceptance.test_bills_after_posting import BILLING, Office
from acceptance.test_changed_orders import key_of, ordered, push, receive_by_hand
from acceptance.test_purchase_orders import wros_of
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.report.page import totals


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("accepting")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def accept(acme: Merchant, key: str, *options: str) -> Answered:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.key = %(key)s",
        key=key,
    )
    return acme.command(
        *("events", "decide", str(row["id"]), "--as", "accept", "--note", "Agreed", *options)
    )


def undecide(acme: Merchant, decided: Mapping[str, Any]) -> None:
    said = acme.command("events", "undecide", str(decided["id"]))
    assert said.status == 0, said.err


def test_a_bill_over_another_amount_is_taken_as_the_invoices(acme: Merchant) -> None:
    acme.apply(billing=BILLING)
    office = Office(acme)
    made = office.invoice("10.00")
    theirs = office.enter(made, "9.00")
    stopped = office.bill(made)
    looked = accept(acme, str(made.id), "--dry-run")
    nothing = acme.rows("select * from decision")
    decided = accept(acme, str(made.id), "--json")
    told = office.bill(made)
    again_told = office.bill(made)
    report = close(acme).report
    proof = acme.command("audit", "verify")

    assert (stopped.state, stopped.cause) == ("dead", "billed_by_others")
    assert looked.status == 0, looked.err
    assert f"vendor bill {theirs} over 9" in looked.out
    assert nothing == []
    assert decided.status == 0, decided.err
    assert (told.state, office.bills(made)) == ("done", {})
    assert report.green
    assert again_told.state == "done"
    assert fees(report) == (Decimal("10.00"), Decimal("-1.00"), Decimal("9.00"), Decimal("9.00"))
    assert taken_rows(acme) == [
        (f"mlc-ab-{made.id}-1", f"acceptedBill {theirs}", Decimal("10.00")),
        (f"mlc-ad-{made.id}-1", f"acceptedDifference {theirs}", Decimal("-1.00")),
    ]
    [taken] = report.accepted
    assert (taken.source, taken.journal) == (f"invoice {made.id}", Decimal("-1.00"))
    assert "is taken as it is: " in taken.says
    [shown] = [one for one in report.explained if one.kind is Kind.MOVED_BY_OTHERS]
    assert f"handles invoice {made.id}, as a person took it" in shown.says
    assert proof.status == 0, proof.err
    assert accept(acme, str(made.id)).status == 1

    office.add(made, "4.00")
    made.amount += 4
    changed = office.bill(made)

    assert (changed.state, changed.cause) == ("dead", "billed_by_others")

    again = accept(acme, str(made.id), "--json")
    twice = office.bill(made)
    undecide(acme, again.json)
    back = office.bill(made)

    assert twice.state == "done"
    assert (back.state, back.cause) == ("dead", "billed_by_others")
    assert sum(amount for _, _, amount in taken_rows(acme)) == 0
    assert acme.command("audit", "verify").status == 0


def fees(report: Report) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """ShipBob's, decided, journal's and NetSuite's money of the fees."""
    [row] = [row for key, row in totals(report) if key.section == "fees" and key.currency]
    return row.shipbob, row.decided, row.journal, row.netsuite


def taken_rows(acme: Merchant) -> list[tuple[str, str, Decimal]]:
    """What the journal has by decision: external id, target, amount."""
    return [
        (row["external_id"], row["target"], row["amount"])
        for row in acme.rows(
            "select external_id, target, sum(amount) as amount from journal"
            " where external_id like 'mlc-a%%' group by 1, 2, posting_id order by posting_id"
        )
    ]


def test_a_bill_beside_ours_is_not_taken_as_the_invoices(acme: Merchant) -> None:
    acme.apply(billing=BILLING)
    office = Office(acme)
    made = office.invoice("10.00")
    office.bill(made)
    office.enter(made, "10.00")
    office.add(made, "4.00")
    made.amount += 4
    stopped = office.bill(made)
    refused = accept(acme, str(made.id))

    assert (stopped.state, stopped.cause) == ("dead", "billed_by_others")
    assert refused.status == 1
    assert "Keep one of the two" in refused.err
    assert acme.rows("select * from decision") == []


def test_an_order_that_was_received_by_hand_is_taken_as_it_is(acme: Merchant) -> None:
    number = ordered(acme, (acme.sku(), 100, 6))
    push(acme, number)
    [wro] = wros_of(acme, number)
    receive_by_hand(acme, number)
    stopped = push(acme, number)
    looked = accept(acme, key_of(acme, number), "--dry-run")
    decided = accept(acme, key_of(acme, number), "--json")
    taken = push(acme, number)
    undecide(acme, decided.json)
    back = push(acme, number)

    assert (stopped["state"], stopped["cause"]) == ("dead", "purchase_order_changed")
    assert looked.status == 0, looked.err
    assert "Taken as it is, as a person decided" in looked.out
    assert decided.status == 0, decided.err
    assert (taken["state"], wro.status) == ("done", "Awaiting")
    assert len(wros_of(acme, number)) == 1
    assert (back["state"], back["cause"]) == ("dead", "purchase_order_changed")
