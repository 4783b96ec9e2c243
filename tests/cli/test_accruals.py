"""``billing accruals``: what was charged in a month and is not posted in it."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from acceptance.merchant import Merchant, fresh_database, merchant
from cli.conftest import Command
from ml_connector.sim.shipbob.books.billing import Invoice


@pytest.fixture(scope="module")
def charged(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("charged"), url) as made,
    ):
        yield made


@pytest.fixture
def acme(bare: Command, charged: Merchant, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name, value in charged.environment.items():
        if name.startswith("MLC_"):
            monkeypatch.setenv(name, value)
    return bare


def invoice(charged: Merchant, amount: str) -> Invoice:
    charged.world.shipbob.charge("Shipping", Decimal(amount), reference_id="210000101")
    [made] = charged.world.shipbob.invoice()
    return made


def sync(acme: Command, made: Invoice) -> Mapping[str, str]:
    answered = acme("sync", "billing", "--id", str(made.id), "--json")
    [row] = json.loads(answered.out)["subjects"]
    return dict(row)


def accrued(acme: Command, made: Invoice, days: int = 0) -> Mapping[str, Decimal]:
    """What is accrued of an invoice, this many days after its date, by fee."""
    at = str(made.day + timedelta(days=days))
    found = json.loads(acme("billing", "accruals", "--at", at, "--json").out)["accruals"]
    return {one["fee"]: Decimal(one["amount"]) for one in found if one["invoice"] == made.id}


def test_an_invoice_that_is_posted_is_not_accrued(acme: Command, charged: Merchant) -> None:
    made = invoice(charged, "14.30")

    assert sync(acme, made)["state"] == "done"
    assert accrued(acme, made) == {}


def test_an_invoice_that_waits_is_accrued_with_what_its_lines_lack(
    acme: Command, charged: Merchant
) -> None:
    made = invoice(charged, "14.30")
    with charged.world.shipbob.books.lock:
        charged.world.shipbob.books.billing.invoices[made.id].amount += 2

    assert sync(acme, made)["state"] == "parked"
    assert accrued(acme, made) == {
        "Shipping": Decimal("14.30"),
        "lines that ShipBob has forgotten": Decimal("2.00"),
    }


def test_only_what_was_not_posted_of_an_invoice_is_accrued(
    acme: Command, charged: Merchant
) -> None:
    made = invoice(charged, "14.30")
    sync(acme, made)
    with charged.world.shipbob.books.lock:
        charged.world.shipbob.books.billing.invoices[made.id].amount += 2
    sync(acme, made)

    assert accrued(acme, made) == {"lines that ShipBob has forgotten": Decimal("2.00")}


def test_a_bill_that_a_person_took_back_is_not_accrued(acme: Command, charged: Merchant) -> None:
    made = invoice(charged, "14.30")
    sync(acme, made)
    acme("journal", "undo", f"mlc-vb-{made.id}", "--yes")

    assert accrued(acme, made) == {}


def test_an_invoice_that_is_posted_into_the_next_period_is_accrued_in_its_month(
    acme: Command, charged: Merchant
) -> None:
    made = invoice(charged, "14.30")
    netsuite = charged.world.netsuite
    netsuite.lock_period(f"{made.day:%Y-%m}", "ap")
    charged.apply(policies='closed_period = "next-open"')
    row = sync(acme, made)
    [bill] = [one for one in netsuite.documents() if one.get("tranId") == str(made.id)]

    assert row["state"] == "done"
    assert str(bill["tranDate"])[:7] != f"{made.day:%Y-%m}"
    assert accrued(acme, made) == {"Shipping": Decimal("14.30")}
    assert accrued(acme, made, days=40) == {}
