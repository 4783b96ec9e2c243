"""Fulfilments, returns, transfers, bills, inbound shipments (reference 7.2, 8.3-8.7)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim, Preferences

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]


def turn(client: TestClient, source: str, target: str, body: Any = None) -> Any:
    return client.post(f"{RECORD}/{source}/!transform/{target}", json=body or {})


def made(answer: Any) -> str:
    assert answer.status_code == 204, answer.text
    return str(answer.headers["location"].rpartition("/")[2])


def sentence(answer: Any) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["o:errorDetails"][0]["detail"])


def lines(*items: dict[str, Any]) -> dict[str, Any]:
    return {"item": {"items": list(items)}}


def order_status(client: TestClient, kind: str, number: int | str) -> str:
    return str(client.get(f"{RECORD}/{kind}/{number}").json()["orderStatus"]["id"])


@pytest.fixture
def stocked(sim: NetSuiteSim) -> None:
    sim.add_to_stock("SKU-20", 7, 50, cost="2.00")
    sim.add_to_stock("SKU-21", 7, 50, cost="1.10")


# Fulfilments


@pytest.mark.usefixtures("stocked")
def test_a_shipped_fulfilment_relieves_stock_and_posts_its_cost(
    client: TestClient, sim: NetSuiteSim, query: Query, sales_order: int
) -> None:
    made(turn(client, f"salesOrder/{sales_order}", "itemFulfillment", {"shipStatus": {"id": "C"}}))
    links = query("SELECT linktype FROM nexttransactionlink WHERE previousdoc=?", str(sales_order))

    assert sim.stock() == {("SKU-20", 7): 45, ("SKU-21", 7): 48}
    assert sim.balances()[sim.company.account("cogs")] == Decimal("12.20")
    assert order_status(client, "salesOrder", sales_order) == "F"
    assert links == [{"linktype": "ShipRcpt"}]


@pytest.mark.usefixtures("stocked")
def test_picked_and_packed_fulfilments_move_nothing_until_they_are_shipped(
    client: TestClient, sim: NetSuiteSim, query: Query, sales_order: int
) -> None:
    before = sim.stock()
    number = made(turn(client, f"salesOrder/{sales_order}", "itemFulfillment"))
    picked = client.get(f"{RECORD}/itemFulfillment/{number}").json()
    again = turn(client, f"salesOrder/{sales_order}", "itemFulfillment")
    waiting = (sim.stock(), order_status(client, "salesOrder", sales_order))
    client.patch(f"{RECORD}/itemFulfillment/{number}", json={"shipStatus": {"id": "C"}})
    back = client.patch(f"{RECORD}/itemFulfillment/{number}", json={"shipStatus": "A"})

    assert picked["shipStatus"]["id"] == picked["status"]["id"] == "A"
    assert "at least one valid line" in sentence(again)
    assert waiting == (before, "B")
    assert sim.stock() == {("SKU-20", 7): 45, ("SKU-21", 7): 48}
    assert "cannot be set back" in sentence(back)
    assert query("SELECT status FROM transaction WHERE id = ?", number) == [{"status": "C"}]


@pytest.mark.usefixtures("stocked")
def test_quantities_are_negative_on_the_sales_side(
    query: Query, client: TestClient, sales_order: int
) -> None:
    number = made(
        turn(client, f"salesOrder/{sales_order}", "itemFulfillment", {"shipStatus": {"id": "C"}})
    )
    text = (
        "SELECT quantity, iscogs FROM transactionline WHERE transaction = ? AND mainline = 'F' "
        "AND item = 20 ORDER BY id"
    )

    assert query(text, str(sales_order)) == [{"quantity": "-5", "iscogs": "F"}]
    assert query(text, number) == [
        {"quantity": "-5", "iscogs": "F"},
        {"quantity": "5", "iscogs": "T"},
    ]


@pytest.mark.usefixtures("stocked")
def test_parts_of_an_order_ship_one_after_the_other(
    client: TestClient, sim: NetSuiteSim, sales_order: int
) -> None:
    path = f"salesOrder/{sales_order}"
    part = lines({"orderLine": 1, "quantity": 2}, {"orderLine": 4, "itemReceive": False})
    made(turn(client, path, "itemFulfillment", {"shipStatus": {"id": "C"}, **part}))
    state = order_status(client, "salesOrder", sales_order)
    over = turn(client, path, "itemFulfillment", lines({"orderLine": 1, "quantity": 4}))
    made(turn(client, path, "itemFulfillment", {"shipStatus": {"id": "C"}}))

    assert state == "D"
    assert "exceeds the quantity remaining" in sentence(over)
    assert sim.stock() == {("SKU-20", 7): 45, ("SKU-21", 7): 48}
    assert order_status(client, "salesOrder", sales_order) == "F"


@pytest.mark.usefixtures("stocked")
def test_packages_append_without_replace_and_are_exchanged_with_it(
    client: TestClient, query: Query, sales_order: int
) -> None:
    first = {
        "shipStatus": {"id": "C"},
        "package": {"items": [{"packageWeight": 1.5, "packageTrackingNumber": "1Z1"}]},
    }
    number = made(turn(client, f"salesOrder/{sales_order}", "itemFulfillment", first))
    path = f"{RECORD}/itemFulfillment/{number}"
    more = {"package": {"items": [{"packageWeight": 1, "packageTrackingNumber": "1Z2"}]}}
    client.patch(path, json=more)
    appended = query(
        "SELECT BUILTIN.DF(trackingnumberlist) AS n FROM transaction WHERE id = ?", number
    )
    for _ in range(2):
        client.patch(f"{path}?replace=package", json=more)
    replaced = query(
        "SELECT t.trackingnumber FROM trackingnumber t JOIN trackingnumbermap m "
        "ON m.trackingnumber = t.id WHERE m.transaction = ?",
        number,
    )
    order = client.get(f"{RECORD}/salesOrder/{sales_order}").json()
    shown = client.get(f"{path}/package").json()["items"]

    assert appended == [{"n": "1Z1 1Z2"}]
    assert replaced == [{"trackingnumber": "1Z2"}]
    assert order["linkedTrackingNumbers"] == "1Z2"
    assert [item["packageTrackingNumber"] for item in shown] == ["1Z2"]


@pytest.mark.usefixtures("stocked")
def test_lines_of_a_fulfilment_are_static(client: TestClient, sales_order: int) -> None:
    number = made(turn(client, f"salesOrder/{sales_order}", "itemFulfillment"))
    body = lines({"item": 20, "quantity": 1})

    assert "static sublist" in sentence(
        client.patch(f"{RECORD}/itemFulfillment/{number}", json=body)
    )


def test_without_pick_and_pack_a_fulfilment_is_shipped_at_once(clock: Any, ids: Any) -> None:
    sim = NetSuiteSim(clock=clock, preferences=Preferences(pick_pack_ship=False))
    sim.add_subsidiary("Acme", internal_id=ids.subsidiary)
    sim.add_location("ShipBob", internal_id=7, subsidiary=2)
    sim.add_item("SKU-20", internal_id=20, cost=1)
    sim.add_customer("Jane", internal_id=164, subsidiary=2)
    order = sim.add_sales_order("SO1", customer=164, location=7, lines=[{"item": 20}])
    sim.transform("salesOrder", order, "itemFulfillment")

    assert sim.stock() == {("SKU-20", 7): -1}


def test_stock_below_zero_can_be_forbidden(
    client: TestClient, sim: NetSuiteSim, sales_order: int
) -> None:
    sim.preferences.negative_stock = False
    answer = turn(
        client, f"salesOrder/{sales_order}", "itemFulfillment", {"shipStatus": {"id": "C"}}
    )

    assert "not enough stock" in sentence(answer)


def test_a_kit_ships_its_members(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_to_stock("SKU-20", 7, 10, cost=2)
    sim.add_to_stock("SKU-21", 7, 10, cost=1)
    sim.add_item("SET", internal_id=80, kind="Kit", members={"SKU-20": 2, "SKU-21": 1})
    order = sim.add_sales_order(
        "SO-K", customer=164, location=7, lines=[{"item": 80, "quantity": 3, "rate": 20}]
    )
    made(turn(client, f"salesOrder/{order}", "itemFulfillment", {"shipStatus": {"id": "C"}}))

    assert sim.stock() == {("SKU-20", 7): 4, ("SKU-21", 7): 7}
    assert sim.balances()[sim.company.account("cogs")] == 15


# Returns


@pytest.fixture
def shipped(sim: NetSuiteSim, sales_order: int, stocked: None) -> int:
    del stocked
    sim.transform("salesOrder", sales_order, "itemFulfillment", {"shipStatus": {"id": "C"}})
    return sales_order


def test_a_return_is_authorised_from_its_order_and_received_into_stock(
    client: TestClient, sim: NetSuiteSim, shipped: int
) -> None:
    body = {"externalId": "mlc-rma-1", "orderStatus": {"id": "B"}}
    authorised = made(
        turn(
            client,
            f"salesOrder/{shipped}",
            "returnAuthorization",
            {**body, **lines({"orderLine": 1, "quantity": 2}, {"orderLine": 4, "quantity": 1})},
        )
    )
    states = [order_status(client, "returnAuthorization", authorised)]
    for quantity in (1, 1):
        received = lines(
            {"orderLine": 1, "quantity": quantity, "location": {"id": "6"}},
            {"orderLine": 2, "itemReceive": len(states) == 2, "location": {"id": "6"}},
        )
        made(turn(client, f"returnAuthorization/{authorised}", "itemReceipt", received))
        states.append(order_status(client, "returnAuthorization", authorised))

    assert states == ["B", "D", "F"]
    assert sim.stock()["SKU-20", 6] == 2
    assert sim.stock()["SKU-21", 6] == 1


def test_no_more_comes_back_than_was_shipped(client: TestClient, shipped: int) -> None:
    made(turn(client, f"salesOrder/{shipped}", "returnAuthorization"))

    assert "at least one valid line" in sentence(
        turn(client, f"salesOrder/{shipped}", "returnAuthorization")
    )


def test_an_unshipped_order_has_nothing_to_return(client: TestClient, sales_order: int) -> None:
    assert "at least one valid line" in sentence(
        turn(client, f"salesOrder/{sales_order}", "returnAuthorization")
    )


def test_a_return_pending_approval_cannot_be_received(client: TestClient, shipped: int) -> None:
    body = {"orderStatus": {"id": "A"}}
    number = made(turn(client, f"salesOrder/{shipped}", "returnAuthorization", body))

    assert order_status(client, "returnAuthorization", number) == "A"
    assert "at least one valid line" in sentence(
        turn(client, f"returnAuthorization/{number}", "itemReceipt")
    )


@pytest.mark.parametrize("sale", ["invoice", "cashSale"])
def test_returns_start_from_invoices_and_cash_sales_too(
    client: TestClient, sim: NetSuiteSim, shipped: int, sale: str
) -> None:
    number = made(turn(client, f"salesOrder/{shipped}", sale))
    made(turn(client, f"{sale}/{number}", "returnAuthorization"))

    assert order_status(client, "salesOrder", shipped) == "G"
    assert sim.balances()[sim.company.account("income")] == Decimal("-57.95")


# Transfers


def test_an_inventory_transfer_moves_stock_with_its_worth(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    sim.add_to_stock("SKU-20", 6, 10, cost=2)
    body = {
        "externalId": "mlc-it-1",
        "subsidiary": {"id": "2"},
        "location": {"id": "6"},
        "transferLocation": {"id": "7"},
        "inventory": {"items": [{"item": {"id": "20"}, "adjustQtyBy": 3}]},
    }
    number = made(client.post(f"{RECORD}/inventoryTransfer", json=body))

    assert sim.stock() == {("SKU-20", 6): 7, ("SKU-20", 7): 3}
    assert query(
        "SELECT SUM(debit) AS d, SUM(credit) AS c FROM transactionaccountingline "
        "WHERE transaction = ?",
        number,
    ) == [{"d": "6", "c": "6"}]


def test_a_transfer_order_goes_through_transit(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    sim.add_to_stock("SKU-20", 6, 10, cost=2)
    order = sim.add_transfer_order(
        "TO1", source=6, target=7, subsidiary=2, lines=[{"item": 20, "quantity": 4}]
    )
    path = f"transferOrder/{order}"
    early = turn(client, path, "itemReceipt")
    made(turn(client, path, "itemFulfillment", {"shipStatus": {"id": "C"}}))
    between = (sim.stock(), sim.balances()[sim.company.account("transit")])
    pending = query("SELECT status FROM transaction WHERE id = ?", str(order))
    [on_its_way] = client.get(f"{RECORD}/{path}/item").json()["items"]
    receipt = made(turn(client, path, "itemReceipt"))
    line = client.get(f"{RECORD}/itemReceipt/{receipt}/item").json()["items"][0]
    [arrived] = client.get(f"{RECORD}/{path}/item").json()["items"]

    assert "Invalid reference" in sentence(early)
    assert (on_its_way["quantityFulfilled"], on_its_way["quantityReceived"]) == (4, 0)
    assert (arrived["quantityFulfilled"], arrived["quantityReceived"]) == (4, 4)
    assert between == ({("SKU-20", 6): Decimal(6)}, Decimal(8))
    assert pending == [{"status": "F"}]
    assert sim.stock() == {("SKU-20", 6): 6, ("SKU-20", 7): 4}
    assert line["orderLine"] == 2
    assert query("SELECT status FROM transaction WHERE id = ?", str(order)) == [{"status": "G"}]
    assert sim.company.account("transit") not in sim.balances()


# Bills


def bill(**changes: Any) -> dict[str, Any]:
    return {
        "externalId": "mlc-vb-1",
        "entity": {"id": "1722"},
        "tranId": "SB-3344",
        "tranDate": "2026-11-15",
        "dueDate": "2026-12-15",
        "location": {"id": "6"},
        "expense": {
            "items": [
                {"line": 1, "account": {"id": "61"}, "amount": 120.55, "memo": "Shipping"},
                {"line": 2, "account": {"id": "62"}, "amount": 40.0},
                {"line": 3, "account": {"id": "62"}, "amount": -10.05},
            ]
        },
    } | changes


def test_a_bill_posts_its_expenses_against_payables(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    number = made(client.post(f"{RECORD}/vendorBill", json=bill()))
    found = client.get(f"{RECORD}/vendorBill/{number}?expandSubResources=true").json()
    rows = query(
        "SELECT BUILTIN.DF(account) AS account, debit, credit FROM transactionaccountingline "
        "WHERE transaction = ? ORDER BY transactionline",
        number,
    )

    assert sim.balances() == {
        61: Decimal("120.55"),
        62: Decimal("29.95"),
        sim.company.account("payable"): Decimal("-150.50"),
    }
    assert (found["total"], found["tranId"], found["dueDate"]) == (150.5, "SB-3344", "2026-12-15")
    assert found["subsidiary"]["id"] == "2"
    assert rows[0] == {"account": "2000 Accounts Payable", "credit": "150.5"}


def test_a_bill_below_zero_is_refused(client: TestClient) -> None:
    items = [{"account": 61, "amount": -1}]

    assert "cannot be negative" in sentence(
        client.post(f"{RECORD}/vendorBill", json=bill(expense={"items": items}))
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"entity": None}, "Please enter value(s) for: Vendor"),
        ({"entity": {"id": "164"}}, "Invalid Field Value 164 for the following field: entity"),
        ({"expense": {"items": []}}, "at least one line item"),
        ({"expense": {"items": [{"amount": 1}]}}, "Please enter value(s) for: Account"),
        ({"expense": {"items": [{"account": 61}]}}, "Please enter value(s) for: Amount"),
        ({"expense": {"items": [{"account": 999, "amount": 1}]}}, "Invalid Field Value 999"),
        ({"subsidiary": {"id": "3"}}, "Invalid Field Value 3"),
    ],
)
def test_wrong_bills_are_refused(
    client: TestClient, sim: NetSuiteSim, change: dict[str, Any], text: str
) -> None:
    sim.add_subsidiary("Elsewhere", internal_id=3)

    assert text in sentence(client.post(f"{RECORD}/vendorBill", json=bill(**change)))


def test_a_bill_number_can_be_forbidden_to_repeat(client: TestClient, sim: NetSuiteSim) -> None:
    made(client.post(f"{RECORD}/vendorBill", json=bill()))
    made(client.post(f"{RECORD}/vendorBill", json=bill(externalId="mlc-vb-2")))
    sim.preferences.duplicate_bill_numbers = "refuse"
    answer = client.post(f"{RECORD}/vendorBill", json=bill(externalId="mlc-vb-3"))

    assert "already exists for this vendor" in sentence(answer)


def test_an_unapproved_bill_posts_nothing(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    number = made(client.post(f"{RECORD}/vendorBill", json=bill(approvalStatus={"id": "1"})))

    assert sim.balances() == {}
    assert query("SELECT status, approvalstatus FROM transaction WHERE id = ?", number) == [
        {"status": "D", "approvalstatus": "1"}
    ]


def test_a_credit_is_the_reverse_of_a_bill(client: TestClient, sim: NetSuiteSim) -> None:
    number = made(client.post(f"{RECORD}/vendorBill", json=bill()))
    made(turn(client, f"vendorBill/{number}", "vendorCredit", {"externalId": "mlc-vc-1"}))

    assert sim.balances() == {}


def test_the_goods_bill_of_an_order_clears_what_was_received(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    made(turn(client, f"purchaseOrder/{purchase_order}", "itemReceipt"))
    made(turn(client, f"purchaseOrder/{purchase_order}", "vendorBill", {"tranId": "SUP-991"}))

    assert order_status(client, "purchaseOrder", purchase_order) == "G"
    assert sim.balances() == {
        sim.company.account("inventory"): Decimal(261),
        sim.company.account("payable"): Decimal(-261),
    }


def test_item_lines_without_an_order_receive_what_they_bill(
    client: TestClient, sim: NetSuiteSim
) -> None:
    body = bill(item={"items": [{"item": {"id": 20}, "quantity": 25, "rate": 100}]})
    del body["expense"]
    made(client.post(f"{RECORD}/vendorBill", json=body))

    assert sim.stock() == {("SKU-20", 6): 25}
    assert sim.balances()[sim.company.account("payable")] == -2500


def test_expense_only_orders_can_be_billed_but_not_received(
    client: TestClient, sim: NetSuiteSim
) -> None:
    order = sim.add_purchase_order("PO-X", vendor=1722, lines=[{"account": 61, "amount": "50"}])
    received = turn(client, f"purchaseOrder/{order}", "itemReceipt")
    made(turn(client, f"purchaseOrder/{order}", "vendorBill", {"tranId": "X"}))

    assert "at least one valid line" in sentence(received)
    assert sim.balances()[61] == 50


# Inbound shipments


def test_an_inbound_shipment_mirrors_order_lines_by_their_unique_key(
    client: TestClient, query: Query, purchase_order: int
) -> None:
    keys = query(
        "SELECT uniquekey FROM transactionline WHERE transaction = ? AND mainline = 'F' "
        "ORDER BY id",
        str(purchase_order),
    )
    items = [
        {"purchaseorder": purchase_order, "shipmentitem": row["uniquekey"], "quantityexpected": 1}
        for row in keys
    ]
    body = {
        "externalId": "mlc-is-88123",
        "shipmentstatus": "inTransit",
        "shipmentmemo": "WRO 88123",
        "items": {"items": items},
    }
    path = f"{RECORD}/inboundShipment"
    number = made(client.post(path, json=body))
    again = client.post(path, json=body)
    found = client.get(f"{path}/eid:mlc-is-88123?expandSubResources=true").json()
    client.patch(f"{path}/{number}", json={"shipmentStatus": "received"})
    changed = client.get(f"{path}/{number}?simpleEnumFormat=true").json()

    assert sentence(again).endswith("This record already exists.")
    assert found["shipmentStatus"]["id"] == "inTransit"
    assert [item["quantityExpected"] for item in found["items"]["items"]] == ["1", "1"]
    assert changed["shipmentStatus"] == "received"
    assert query("SELECT shipmentstatus FROM inboundshipment") == [{"shipmentstatus": "received"}]


def test_an_inbound_shipment_of_an_item_id_is_refused(
    client: TestClient, purchase_order: int
) -> None:
    body = {"items": {"items": [{"purchaseOrder": purchase_order, "shipmentItem": "20"}]}}

    assert "Invalid Field Value 20 for the following field: shipmentItem" in sentence(
        client.post(f"{RECORD}/inboundShipment", json=body)
    )


def test_inbound_shipments_have_external_ids_of_their_own(
    client: TestClient, sim: NetSuiteSim, query: Query, purchase_order: int
) -> None:
    sim.add_to_stock("SKU-20", 6, 1, externalId="mlc-1")
    key = query(
        "SELECT uniquekey FROM transactionline WHERE transaction = ? AND id = 1",
        str(purchase_order),
    )[0]["uniquekey"]
    body = {"externalId": "mlc-1", "items": {"items": [{"shipmentItem": key}]}}

    assert client.post(f"{RECORD}/inboundShipment", json=body).status_code == 204


def test_stock_counts_what_is_promised_and_on_order(
    sim: NetSuiteSim, query: Query, purchase_order: int, sales_order: int
) -> None:
    sim.add_to_stock("SKU-20", 7, 50, cost=1)
    place = query(
        "SELECT quantityonhand, quantityavailable, quantityonorder FROM inventoryitemlocations "
        "WHERE item = 20 AND location = 7"
    )
    item = query("SELECT quantityonhand, quantityavailable, averagecost FROM item WHERE id = 20")

    assert place == [{"quantityonhand": "50", "quantityavailable": "45", "quantityonorder": "100"}]
    assert item == [{"quantityonhand": "50", "quantityavailable": "45", "averagecost": "1"}]
    assert purchase_order < sales_order
