"""ShipBob's invoices become vendor bills in NetSuite: real processes, real HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from ml_connector.sim.shipbob.books.billing import Invoice, Transaction
from waiting import wait_until


@dataclass(frozen=True)
class Billed:
    """Invoices of all kinds, and what came of each when they were synced together, twice."""

    invoices: dict[str, Invoice]
    first: dict[str, dict[str, Any]]
    again: dict[str, dict[str, Any]]

    def came_of(self, case: str) -> dict[str, Any]:
        return self.first[str(self.invoices[case].id)]


@pytest.fixture(scope="module")
def billed(installed: Merchant, service: Process) -> Billed:
    assert service.process.poll() is None
    shipbob = installed.world.shipbob
    shipbob.invoice()  # what other tests have left open
    made: dict[str, Invoice] = {}
    for number in range(3):
        shipbob.charge("Shipping", Decimal("6.13"), reference_id=f"21000{number}")
    shipbob.charge("Shipping", Decimal("2.00"), kind="BalanceAdjustment")
    [made["usual"]] = shipbob.invoice()
    shipbob.credit(Decimal("25.00"), "Lost package", reference_id="555123")
    [made["credit"]] = shipbob.invoice()
    made["payment"] = shipbob.pay(Decimal("1000.00"))
    shipbob.charge("Per Pick Fee", Decimal("0.75"), at=shipbob.clock.now() - timedelta(days=8))
    [made["forgotten"]] = shipbob.invoice()
    shipbob.charge("Per Pick Fee", Decimal("4.10"))
    [made["by hand"]] = shipbob.invoice()
    installed.world.netsuite.create(
        "vendorBill",
        {
            "entity": {"id": 302},
            "tranId": str(made["by hand"].id),
            "expense": {"items": [{"account": {"id": 63}, "amount": 4.10}]},
        },
    )
    first = sync(installed, list(made.values()))
    shipbob.charge("Shipping", Decimal("12.34"))
    [made["answer lost"]] = shipbob.invoice()
    installed.world.netsuite.fault("cut_after_commit", method="POST", path="vendorbill", times=1)
    again = sync(installed, list(made.values()))
    return Billed(made, first, again)


def sync(acme: Merchant, invoices: Sequence[Invoice]) -> dict[str, dict[str, Any]]:
    """Sync these invoices; return what came of each, by number."""
    ids = [argument for each in invoices for argument in ("--id", str(each.id))]
    answered = acme.command("sync", "billing", *ids, "--json")
    return {row["key"]: row for row in answered.json["subjects"]}


def bills(acme: Merchant, invoice: Invoice) -> list[dict[str, Any]]:
    """Return NetSuite's documents of an invoice."""
    return [
        document
        for document in acme.world.netsuite.documents()
        if str(document.get("tranId", "")).partition("-")[0] == str(invoice.id)
    ]


def amounts(document: dict[str, Any]) -> list[Decimal]:
    return [Decimal(str(line["amount"])) for line in document["expense"]["items"]]


def test_a_charge_is_kept_as_soon_as_its_webhook_came(acme: Merchant) -> None:
    made = acme.world.shipbob.charge("Shipping", Decimal("6.12"), reference_id="210000101")

    wait_until(
        lambda: (
            kept(acme, made)
            == [{"amount": Decimal("6.12"), "fee": "Shipping", "invoice_id": None}]
        )
    )


def test_a_charge_whose_webhook_came_right_after_a_pull_is_kept_before_the_next_sweep(
    acme: Merchant,
) -> None:
    charge = acme.world.shipbob.charge
    acme.world.shipbob.fault("latency", path="transactions:query", seconds=0.2, times=1)
    first = charge("Shipping", Decimal("6.14"), reference_id="210000102")
    wait_until(lambda: bool(kept(acme, first)))

    second = charge("Shipping", Decimal("6.15"), reference_id="210000103")

    wait_until(lambda: bool(kept(acme, second)))


def kept(acme: Merchant, made: Transaction) -> list[dict[str, Any]]:
    return acme.rows(
        "select amount, fee, invoice_id from charge where transaction_id = %(id)s", id=made.id
    )


def test_an_invoice_becomes_one_bill_that_ties_and_is_posted_once(
    installed: Merchant, billed: Billed
) -> None:
    invoice = billed.invoices["usual"]
    [bill] = bills(installed, invoice)

    assert billed.came_of("usual")["state"] == "done"
    assert billed.again[str(invoice.id)]["documents"] == []
    assert (bill["recordType"], bill["externalId"]) == ("vendorBill", f"mlc-vb-{invoice.id}")
    assert amounts(bill) == [Decimal("18.39")]
    assert bill["tranDate"] == invoice.day.isoformat()  # of the calendar, in no time zone
    assert installed.rows(
        "select sum(amount) as amount, min(account) as account from journal where source = %(s)s",
        s=f"invoice {invoice.id}",
    ) == [{"amount": Decimal("18.39"), "account": "62"}]


def test_credits_become_a_vendor_credit_and_payments_nothing(
    installed: Merchant, billed: Billed
) -> None:
    [credit] = bills(installed, billed.invoices["credit"])

    assert billed.came_of("credit")["state"] == billed.came_of("payment")["state"] == "done"
    assert credit["recordType"] == "vendorCredit"
    assert amounts(credit) == [Decimal("25.00")]
    assert bills(installed, billed.invoices["payment"]) == []


def test_an_invoice_whose_lines_are_gone_waits_with_both_sums(
    installed: Merchant, billed: Billed
) -> None:
    row = billed.came_of("forgotten")

    assert (row["state"], row["cause"]) == ("parked", "invoice_does_not_tie")
    assert "over 0.75 USD" in row["sentence"]
    assert "come to 0.00 USD" in row["sentence"]
    assert "can no longer be had" in row["sentence"]
    assert bills(installed, billed.invoices["forgotten"]) == []


def test_a_bill_that_a_person_has_entered_is_not_doubled(
    installed: Merchant, billed: Billed
) -> None:
    row = billed.came_of("by hand")

    assert (row["state"], row["documents"]) == ("done", [])
    assert len(bills(installed, billed.invoices["by hand"])) == 1


def test_a_bill_whose_answer_was_lost_is_adopted(installed: Merchant, billed: Billed) -> None:
    invoice = billed.invoices["answer lost"]
    [document] = billed.again[str(invoice.id)]["documents"]

    assert document["state"] == "adopted"
    assert len(bills(installed, invoice)) == 1
