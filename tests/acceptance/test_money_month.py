"""Fees at month end: ShipBob's own charges beside NetSuite's bills, whatever the flow believes."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from acceptance.closing import TODAY, close, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.sim.shipbob.books.billing import Invoice


@pytest.fixture
def acme(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, template: str
) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose month nobody else touches."""
    folder = tmp_path_factory.mktemp("fees")
    with fresh_database(server_url, template) as url, merchant(folder, url) as made:
        made.world.shipbob.announcer.tune(losses=1.0)
        yield made


def invoiced(acme: Merchant, *fees: tuple[str, str]) -> Invoice:
    for fee, amount in fees:
        acme.world.shipbob.charge(fee, Decimal(amount), reference_id="210001")
    [one] = acme.world.shipbob.invoice()
    return one


def by_hand(acme: Merchant, number: str, lines: Mapping[int, str], **more: Any) -> int:
    """A person enters a bill in NetSuite."""
    body = {
        "entity": {"id": 302},
        "tranId": number,
        "tranDate": TODAY.isoformat(),
        "expense": {
            "items": [{"account": {"id": one}, "amount": amount} for one, amount in lines.items()]
        },
        **more,
    }
    return int(acme.world.netsuite.create("vendorBill", body))


def accounts(done: Any) -> dict[str, dict[str, Any]]:
    return {one["account"]: one for one in done.shown["money"]["lines"]}


def test_fees_tie_out_and_bills_beside_them_do_not(acme: Merchant) -> None:
    usual = invoiced(acme, ("Kitting Fee", "12.30"), ("Per Pick Fee", "4.10"))
    handled = invoiced(acme, ("Shipping", "7.00"))
    by_hand(acme, str(handled.id), {62: "7.00"})
    payment = acme.world.shipbob.pay(Decimal("1000.00"))
    sync(acme, "billing", usual.id, handled.id, payment.id)
    acme.world.shipbob.charge("Shipping", Decimal("3.33"), at=acme.world.shipbob.clock.now())
    clean = close(acme)

    assert clean.report.open == ()
    paid = {one["section"]: one["refused"] for one in clean.shown["totals"] if one["currency"]}
    assert paid == {"fees": "7.00", "payments": "-1000.00"}
    assert [one.refused for one in clean.report.equations if one.section == "payments"] == [-1000]
    line = accounts(clean)["62"]
    assert (line["charged"], line["billed"], line["accrued"]) == ("22.63", "19.30", "3.33")
    assert line["account_name"] == "Fulfillment costs"
    assert [one["type"] for one in clean.shown["money"]["no_cost"]] == ["Payment"]

    # Somebody enters an invoice once more, one of nothing, and one in another currency.
    twice = by_hand(acme, "Nov ShipBob", {62: "12.30", 63: "4.10"})
    nothing = by_hand(acme, "by phone", {63: "55.00"})
    red = close(acme)
    found = {(one.kind, one.what, one.documents[-1].id) for one in red.report.open}

    assert found == {
        (Kind.FEES_NOT_CHARGED, "62", str(twice)),
        (Kind.FEES_NOT_CHARGED, "63", str(twice)),
        (Kind.FEES_NOT_CHARGED, "63", str(nothing)),
    }
    page = red.files[0].read_text("utf-8")
    assert "Fees, tied out" in page
    assert "by phone" in page

    # One is deleted, the other is taken as it is.
    acme.world.netsuite.delete("vendorBill", twice)
    [left] = close(acme).report.open
    said = acme.command("month", "decide", left.id, "--as", "accept", "--note", "Paid by phone")
    assert said.status == 0, said.err
    done = close(acme)

    assert done.report.open == ()
    assert [one.id for one in done.report.accepted] == [left.id]


def test_a_bill_of_a_later_period_is_accrued_in_its_month(acme: Merchant) -> None:
    one = invoiced(acme, ("Shipping", "12.30"))
    before = TODAY.replace(day=1) - timedelta(days=1)
    by_hand(acme, str(one.id), {62: "12.30"}, tranDate=before.isoformat())
    sync(acme, "billing", one.id)
    done = close(acme)

    assert done.report.open == ()
    assert [item["kind"] for item in accounts(done)["62"]["items"]] == ["billed_earlier"]
