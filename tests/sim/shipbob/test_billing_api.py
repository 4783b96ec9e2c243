from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.billing import Tariff

QUERY = "/2026-07/transactions:query"


def query(api: httpx2.Client, cursor: str = "", **body: Any) -> dict[str, Any]:
    path = f"{QUERY}?Cursor={cursor}" if cursor else QUERY
    page: dict[str, Any] = api.post(path, json=body).json()
    return page


def test_a_charge_is_open_until_its_invoice(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.charge("Shipping", Decimal("6.10"), reference_id="210000001", fulfillment_center_id=10)
    before = query(checked)["items"][0]
    (invoice,) = sim.invoice()
    after = query(checked)["items"][0]

    assert (before["invoiced_status"], before["invoice_id"]) == (False, None)
    assert (after["invoiced_status"], after["invoice_id"]) == (True, invoice.id)
    assert after["transaction_id"] == before["transaction_id"]
    assert len(before["transaction_id"]) == 26
    assert before["fulfillment_center"] == "Moreno Valley (CA)"
    assert before["charge_date"] == "2026-11-02"


def test_money_keeps_all_its_digits(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.charge("Shipping", Decimal("12.10"))
    sim.charge("Shipping", Decimal("1234567890123456.78"))

    raw = checked.post(QUERY, json={"sort_order": "Ascending"}).content

    assert b'"amount":12.10,' in raw
    assert b'"amount":1234567890123456.78,' in raw


def test_a_week_makes_one_invoice_for_each_type(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.charge("Shipping", Decimal("6.00"))
    sim.charge("Shipping", Decimal("7.00"))
    sim.charge("Per Pick Fee", Decimal("0.50"))
    sim.charge("WRO Receiving Fee", Decimal("35.00"), reference_type="WRO")
    sim.charge("Something New", Decimal("1.00"))
    sim.credit(Decimal("5.00"), "Lost parcel", reference_id="T-1")
    sim.invoice()
    sim.pay(Decimal("44.50"))

    invoices = checked.get("/2026-07/invoices?SortOrder=Ascending").json()["items"]

    assert {each["invoice_type"]: each["amount"] for each in invoices} == {
        "AdditionalFee": 1.5,
        "Credits": -5.0,
        "Inbound Fee": 35.0,
        "Shipping": 13.0,
        "Payment": -44.5,
    }
    assert invoices[-1]["running_balance"] == 0
    assert sim.invoice() == []


def test_an_invoice_ties_to_its_lines(sim: ShipBobSim, checked: httpx2.Client) -> None:
    for cents in range(7):
        sim.charge("Shipping", Decimal(cents) / 100 + 6)
    (invoice,) = sim.invoice()
    raw, cursor = [], ""
    while True:
        page = checked.get(
            f"/2026-07/invoices/{invoice.id}/transactions?PageSize=3"
            + (f"&Cursor={cursor}" if cursor else "")
        )
        raw += msgspec.json.Decoder(float_hook=Decimal).decode(page.content)["items"]
        cursor = page.json()["next"]
        if not cursor:
            break

    assert sum((line["amount"] for line in raw), Decimal(0)) == invoice.amount
    assert len({line["transaction_id"] for line in raw}) == 7


def test_lines_vanish_after_seven_days_and_the_total_stays(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    sim.charge("Shipping", Decimal("6.00"))
    clock.advance(timedelta(days=3))
    (invoice,) = sim.invoice()
    path = f"/2026-07/invoices/{invoice.id}/transactions"
    early = checked.get(path).json()["items"]
    clock.advance(timedelta(days=4, seconds=1))
    late = checked.get(path)

    assert len(early) == 1
    assert (late.status_code, late.json()["items"]) == (200, [])
    assert query(checked, from_date="2026-10-01T00:00:00Z")["items"] == []
    assert checked.get("/2026-07/invoices").json()["items"][0]["amount"] == 6
    sim.books.billing.lines_vanish_after = None
    assert len(checked.get(path).json()["items"]) == 1


def test_a_fee_may_appear_hours_later(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    sim.books.billing.fees_appear_after = timedelta(hours=6)
    sim.charge("Shipping", Decimal("6.00"))
    early = query(checked)["items"]
    clock.advance(timedelta(hours=6))

    assert (early, len(query(checked)["items"])) == ([], 1)


def test_the_query_filters_and_ignores_names_it_does_not_know(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    sim.books.billing.lines_vanish_after = None
    sim.charge("Shipping", Decimal("1.00"), reference_id="1")
    clock.advance(timedelta(days=8))
    sim.charge("WRO Receiving Fee", Decimal("2.00"), reference_type="WRO", reference_id="2")
    sim.credit(Decimal("3.00"), "Sorry")
    (shipping, *_) = sim.invoice(before=clock.now() - timedelta(days=1))

    def amounts(**body: Any) -> list[float]:
        items = query(checked, sort_order="Ascending", **body)["items"]
        return [item["amount"] for item in items]

    old = "2026-11-01T00:00:00Z"
    assert amounts() == [2, -3]
    assert amounts(start_date=old, end_date=old, limit=1) == [2, -3]
    assert amounts(from_date=old) == [1, 2, -3]
    assert amounts(from_date=old, to_date="2026-11-02T00:00:00Z") == [1]
    assert amounts(from_date=old, invoiced_status=True) == [1]
    assert amounts(from_date=old, invoice_ids=[str(shipping.id)]) == [1]
    assert amounts(reference_types=["WRO"]) == [2]
    assert amounts(reference_ids=["2"]) == [2]
    assert amounts(transaction_types=["Credit"]) == [-3]
    assert amounts(transaction_fees=["Credit"]) == [-3]


def test_with_a_cursor_the_filters_of_the_body_are_ignored(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    for number in range(5):
        sim.charge("Shipping", Decimal(number + 1))
    first = query(checked, page_size=2, sort_order="Ascending")

    second = query(checked, first["next"], transaction_fees=["Nothing"], page_size=1)

    assert [item["amount"] for item in second["items"]] == [3, 4]
    assert [item["amount"] for item in query(checked, second["next"])["items"]] == [5]
    assert query(checked, second["next"])["next"] is None
    assert query(checked, second["prev"]) == first


def test_a_cursor_can_repeat_itself_as_was_reported(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    sim.apis.billing.repeats_cursor = True
    sim.charge("Shipping", Decimal(1))

    first = query(checked)

    assert query(checked, first["next"]) == first


@pytest.mark.parametrize("body", [{"page_size": 0}, {"page_size": 1001}, {"from_date": "soon"}])
def test_a_query_that_cannot_be_is_a_problem(checked: httpx2.Client, body: dict[str, Any]) -> None:
    assert query(checked, **body)["status"] == 400


def test_live_accounts_show_names_outside_the_enum(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.apis.billing.live_names = True
    sim.charge("WRO Receiving Fee", Decimal("35.00"), reference_type="WRO")
    sim.charge("Return Processed by Operations Fee", Decimal("3.50"), reference_type="Return")
    sim.invoice()

    kinds = {each["invoice_type"] for each in api.get("/2026-07/invoices").json()["items"]}

    assert kinds == {"WarehouseInboundFee", "ReturnsFee"}


def test_invoices_of_the_last_month_come_unless_dates_say_otherwise(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    sim.charge("Shipping", Decimal("1.00"))
    sim.invoice()
    clock.advance(timedelta(days=40))

    assert checked.get("/2026-07/invoices").json()["items"] == []
    assert len(checked.get("/2026-07/invoices?FromDate=2026-11-01").json()["items"]) == 1
    wrong_kind = "/2026-07/invoices?FromDate=2026-11-01&InvoiceTypes=Return"
    assert checked.get(wrong_kind).json()["items"] == []


def test_the_list_of_fees_is_open(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.charge("Something New", Decimal(1))

    fees = checked.get("/2026-07/transaction-fees").json()["fee_list"]

    assert {"Shipping", "Per Pick Fee", "Something New"} <= set(fees)


def test_billing_wants_a_scope_that_oauth_does_not_list(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    sim.add_token("old", scopes=["orders_read"])

    answer = api.get("/2026-07/invoices", headers={"authorization": "Bearer old"})

    assert answer.status_code == 403


def test_an_unknown_invoice_is_a_problem(checked: httpx2.Client) -> None:
    assert checked.get("/2026-07/invoices/5/transactions").json()["status"] == 404


def test_a_tariff_charges_by_itself(clock: Clock) -> None:
    with ShipBobSim(clock, tariff=Tariff()) as sim:
        sim.add_token("pat")
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.add_product("TEE-S")
        wro = sim.create_wro({"TEE-S": 10})
        sim.stow(wro)
        sim.complete(wro)
        order = sim.create_order("SO-1", {"TEE-S": 3})
        sim.label(order.shipments[0], parcels=2)
        sim.complete_return(sim.create_return("RMA-1", {"TEE-S": 1}))
        charged = {
            each.fee: (each.amount, each.reference_type)
            for each in sim.books.billing.transactions.values()
        }

    assert charged == {
        "WRO Receiving Fee": (Decimal("35.00"), "WRO"),
        "Shipping": (Decimal("12.50"), "Shipment"),
        "Per Pick Fee": (Decimal("0.50"), "Shipment"),
        "Return Processed by Operations Fee": (Decimal("3.50"), "Return"),
    }
