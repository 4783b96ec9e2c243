"""purchaseOrder to itemReceipt (reference 7, 8.1)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]


def receive(client: TestClient, order: int | str, body: Any = None, **kwargs: Any) -> Any:
    path = f"{RECORD}/purchaseOrder/{order}/!transform/itemReceipt"
    return client.post(path, json=body, **kwargs)


def lines(*items: dict[str, Any]) -> dict[str, Any]:
    return {"item": {"items": list(items)}}


def sentence(answer: httpx2.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["o:errorDetails"][0]["detail"])


def status(client: TestClient, order: int) -> str:
    found = client.get(f"{RECORD}/purchaseOrder/{order}").json()
    return str(found["orderStatus"]["id"])


def test_an_empty_body_receives_every_open_line_in_full(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    answer = client.post(f"{RECORD}/purchaseOrder/{purchase_order}/!transform/itemReceipt")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].startswith(f"http://netsuite.test{RECORD}/itemReceipt/")
    assert sim.stock() == {("SKU-20", 7): 100, ("SKU-21", 7): 10}
    assert status(client, purchase_order) == "F"


def test_unnamed_lines_are_received_in_full(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    receive(client, purchase_order, lines({"orderLine": 1, "quantity": 40}))

    assert sim.stock() == {("SKU-20", 7): 40, ("SKU-21", 7): 10}


def test_a_partial_receipt_takes_only_what_is_marked(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    body = lines(
        {"orderLine": 1, "itemReceive": True, "quantity": 40, "location": {"id": "7"}},
        {"orderLine": 4, "itemReceive": False},
    )
    answer = receive(client, purchase_order, {"externalId": "mlc-ir-1", **body})

    assert answer.status_code == 204
    assert sim.stock() == {("SKU-20", 7): 40}
    assert status(client, purchase_order) == "D"


def test_lines_are_addressed_by_line_too_in_any_case_with_bare_ids(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    body = lines({"line": 4, "itemreceive": False}, {"line": 1, "location": 6, "quantity": 3})

    assert receive(client, purchase_order, body).status_code == 204
    assert sim.stock() == {("SKU-20", 6): 3}


def test_a_line_the_order_does_not_have_cannot_be_added(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    text = sentence(receive(client, purchase_order, lines({"orderLine": 2, "quantity": 1})))

    assert "static sublist" in text
    assert sim.stock() == {}


def test_the_order_follows_its_receipts(
    client: TestClient, query: Query, purchase_order: int
) -> None:
    states = [status(client, purchase_order)]
    for quantity in (30, 70):
        receive(
            client,
            purchase_order,
            lines(
                {"orderLine": 1, "quantity": quantity},
                {"orderLine": 4, "itemReceive": quantity == 70},
            ),
        )
        states.append(status(client, purchase_order))
    received = query(
        "SELECT id, quantityshiprecv FROM transactionline WHERE transaction = ? "
        "AND mainline = 'F' ORDER BY id",
        str(purchase_order),
    )

    assert states == ["B", "D", "F"]
    assert received == [
        {"id": "1", "quantityshiprecv": "100"},
        {"id": "4", "quantityshiprecv": "10"},
    ]


def test_an_order_billed_in_part_is_pending_billing(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    receive(client, purchase_order, lines({"orderLine": 1, "quantity": 40}))
    sim.transform(
        "purchaseOrder",
        purchase_order,
        "vendorBill",
        {"tranId": "S1", "item": {"items": [{"orderLine": 1, "quantity": 40}]}},
    )

    assert status(client, purchase_order) == "E"


def test_more_than_open_is_refused(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    text = sentence(receive(client, purchase_order, lines({"orderLine": 1, "quantity": 101})))

    assert "exceeds the quantity remaining" in text
    assert sim.stock() == {}


def test_over_receipts_can_be_allowed(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.preferences.over_receipts = True
    answer = receive(client, purchase_order, lines({"orderLine": 1, "quantity": 101}))

    assert answer.status_code == 204
    assert sim.stock()["SKU-20", 7] == 101


def test_a_fully_received_order_has_no_valid_line_left(
    client: TestClient, purchase_order: int
) -> None:
    receive(client, purchase_order)

    assert "at least one valid line item" in sentence(receive(client, purchase_order))


def test_nothing_marked_is_refused(client: TestClient, purchase_order: int) -> None:
    body = lines({"orderLine": 1, "itemReceive": False}, {"orderLine": 4, "itemReceive": False})

    assert "at least one valid line item" in sentence(receive(client, purchase_order, body))


def test_a_location_is_needed(client: TestClient, sim: NetSuiteSim) -> None:
    order = sim.add_purchase_order("PO9", vendor=1722, lines=[{"item": 20, "quantity": 5}])

    assert sentence(receive(client, order)).endswith("Please enter value(s) for: Location")
    assert receive(client, order, lines({"orderLine": 1, "location": 6})).status_code == 204


@pytest.mark.parametrize("place", [999, 8])
def test_a_location_that_does_not_fit_is_named(
    client: TestClient, sim: NetSuiteSim, purchase_order: int, place: int
) -> None:
    sim.add_subsidiary("Elsewhere", internal_id=3)
    sim.add_location("Elsewhere", internal_id=8, subsidiary=3)
    answer = receive(client, purchase_order, lines({"orderLine": 1, "location": place}))

    assert sentence(answer) == (
        "Error while accessing resource: You have entered an Invalid Field Value "
        f"{place} for the following field: location"
    )
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == "item.items[0].location"


def test_an_external_id_is_taken_once_and_the_books_move_once(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    body = {"externalId": "mlc-ir-1", **lines({"orderLine": 1, "quantity": 10})}
    first = receive(client, purchase_order, body)
    again = receive(client, purchase_order, body)

    assert first.status_code == 204
    assert sentence(again) == ("Error while accessing a resource. This record already exists.")
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR"
    assert sim.stock()["SKU-20", 7] == 10


def test_external_ids_are_shared_by_all_transaction_types(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.add_to_stock("SKU-20", 6, 1, externalId="mlc-1")
    answer = receive(client, purchase_order, {"externalId": "mlc-1"})

    assert sentence(answer).endswith("This record already exists.")


def test_a_deleted_receipt_frees_its_external_id_and_its_units(
    client: TestClient, sim: NetSuiteSim, query: Query, purchase_order: int
) -> None:
    answer = receive(client, purchase_order, {"externalId": "mlc-ir-1"})
    receipt = int(answer.headers["location"].rpartition("/")[2])
    sim.delete("itemReceipt", receipt)

    assert sim.stock() == {}
    assert sim.balances() == {}
    assert status(client, purchase_order) == "B"
    assert query("SELECT COUNT(*) AS n FROM nexttransactionlinelink") == [{"n": "0"}]
    assert receive(client, purchase_order, {"externalId": "mlc-ir-1"}).status_code == 204


def test_an_order_with_receipts_cannot_be_deleted(client: TestClient, purchase_order: int) -> None:
    receive(client, purchase_order)
    answer = client.delete(f"{RECORD}/purchaseOrder/{purchase_order}")

    assert "cannot be deleted" in sentence(answer)


def test_receipt_lines_are_linked_to_order_lines(
    client: TestClient, query: Query, purchase_order: int
) -> None:
    answer = receive(client, purchase_order)
    receipt = answer.headers["location"].rpartition("/")[2]
    rows = query(
        "SELECT previousdoc, previousline, nextline, nexttype, linktype "
        "FROM nexttransactionlinelink WHERE nextdoc = ? ORDER BY nextline",
        receipt,
    )
    header = query(
        "SELECT createdfrom FROM transactionline WHERE transaction = ? AND mainline = 'T'", receipt
    )

    assert rows == [
        {
            "previousdoc": str(purchase_order),
            "previousline": line,
            "nextline": own,
            "nexttype": "ItemRcpt",
            "linktype": "ShipRcpt",
        }
        for line, own in (("1", "1"), ("4", "2"))
    ]
    assert header == [{"createdfrom": str(purchase_order)}]


def test_closed_lines_expect_nothing(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.edit("purchaseOrder", purchase_order, lines({"line": 4, "isClosed": True}))
    receive(client, purchase_order)

    assert sim.stock() == {("SKU-20", 7): 100}
    assert status(client, purchase_order) == "F"


def test_an_order_whose_lines_are_all_closed_is_closed(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    closed = [{"line": 1, "isClosed": True}, {"line": 4, "isClosed": True}]
    sim.edit("purchaseOrder", purchase_order, lines(*closed))

    assert status(client, purchase_order) == "H"
    assert "at least one valid line" in sentence(receive(client, purchase_order))


def test_an_order_edited_before_the_receipt_is_received_as_edited(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.edit("purchaseOrder", purchase_order, lines({"line": 1, "quantity": 60}))

    assert "60 remaining" in sentence(
        receive(client, purchase_order, lines({"orderLine": 1, "quantity": 61}))
    )


def test_an_unapproved_order_cannot_be_received(client: TestClient, sim: NetSuiteSim) -> None:
    order = sim.add_purchase_order(
        "PO9", vendor=1722, location=6, lines=[{"item": 20}], orderStatus="A"
    )

    assert status(client, order) == "A"
    assert "at least one valid line" in sentence(receive(client, order))


def test_the_source_can_be_named_by_external_id(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_purchase_order(
        "PO9", vendor=1722, location=6, lines=[{"item": 20, "quantity": 2}], externalId="po-9"
    )

    assert receive(client, "eid:po-9").status_code == 204
    assert sim.stock() == {("SKU-20", 6): 2}


def test_the_receipt_reads_like_the_sample(client: TestClient, purchase_order: int) -> None:
    body = {
        "externalId": "mlc-ir-wro-88123-b1",
        "tranDate": "2026-11-20",
        **lines({"orderLine": 1, "quantity": 40}, {"orderLine": 4, "itemReceive": False}),
    }
    receive(client, purchase_order, body)
    path = f"{RECORD}/itemReceipt/eid:mlc-ir-wro-88123-b1?expandSubResources=true"
    found = client.get(path).json()
    line = found["item"]["items"][0]

    assert found["createdFrom"]["refName"] == "Purchase Order #PO45723"
    assert found["createdFrom"]["id"] == str(purchase_order)
    assert found["postingPeriod"]["refName"] == "Nov 2026"
    assert found["createdDate"] == "2026-11-20T16:00:00Z"
    assert found["item"]["totalResults"] == 1
    assert (line["line"], line["orderLine"], line["quantity"]) == (1, 1, 40.0)
    assert (line["itemReceive"], line["item"]["refName"]) == (True, "SKU-20")
    assert line["location"] == {
        "links": [{"rel": "self", "href": f"http://netsuite.test{RECORD}/location/7"}],
        "id": "7",
        "refName": "ShipBob",
    }


def test_a_create_form_shows_the_prefill_and_saves_nothing(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    kind = "application/vnd.oracle.resource+json; type=create-form"
    answer = receive(client, purchase_order, {}, headers={"Accept": kind})
    shown = [(line["orderLine"], line["quantity"]) for line in answer.json()["item"]["items"]]

    assert answer.status_code == 200
    assert shown == [(1, 100.0), (4, 10.0)]
    assert sim.documents("itemReceipt") == []


def test_the_ledger_balances_and_values_at_the_orders_rate(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    receive(client, purchase_order, lines({"orderLine": 1, "quantity": 40}))
    stock, accrued = sim.company.account("inventory"), sim.company.account("accrued")

    assert sim.balances() == {stock: Decimal("111.00"), accrued: Decimal("-111.00")}


def test_foreign_orders_are_valued_in_base_currency(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    euro = sim.add_currency("EUR", "1.25")
    vendor = sim.add_vendor("Euro Supply", subsidiary=2, currency=euro)
    order = sim.add_purchase_order(
        "PO-E", vendor=vendor, location=6, lines=[{"item": 20, "quantity": 4, "rate": "3.00"}]
    )
    receive(client, order)
    row = query(
        "SELECT foreigntotal, total, exchangerate FROM transaction WHERE id = ?", str(order)
    )

    assert row == [{"foreigntotal": "-12", "total": "-15", "exchangerate": "1.25"}]
    assert sim.balances()[sim.company.account("inventory")] == Decimal("15.00")


def test_purchase_units_are_received_in_base_units(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    units = sim.add_units("Each", {"Each": 1, "Case": 12})
    sim.add_item("BOXED", internal_id=50, units=units, purchase_unit="Case")
    order = sim.add_purchase_order(
        "PO-U", vendor=1722, location=6, lines=[{"item": 50, "quantity": 3, "rate": "24"}]
    )
    receive(client, order, lines({"orderLine": 1, "quantity": 2}))
    line = client.get(f"{RECORD}/purchaseOrder/{order}?expandSubResources=true").json()
    shown = line["item"]["items"][0]
    row = query(
        "SELECT quantity, quantityshiprecv, BUILTIN.DF(units) AS unit FROM transactionline "
        "WHERE transaction = ? AND id = 1",
        str(order),
    )

    assert sim.stock() == {("BOXED", 6): 24}
    assert (shown["quantity"], shown["quantityReceived"]) == (3.0, 2.0)
    assert shown["units"] == str(units["Case"])
    assert row == [{"quantity": "36", "quantityshiprecv": "24", "unit": "Case"}]


def test_a_lot_item_needs_its_lot(client: TestClient, sim: NetSuiteSim, query: Query) -> None:
    order = sim.add_purchase_order(
        "PO-L", vendor=1722, location=6, lines=[{"item": 31, "quantity": 10, "rate": 1}]
    )

    def share(quantity: int) -> dict[str, Any]:
        item = {
            "receiptInventoryNumber": "LOT-A",
            "expirationDate": "2027-06-30",
            "quantity": quantity,
        }
        detail = {"inventoryAssignment": {"items": [item]}}
        return lines({"orderLine": 1, "quantity": 5, "inventoryDetail": detail})

    bare = sentence(receive(client, order, lines({"orderLine": 1, "quantity": 5})))
    short = sentence(receive(client, order, share(4)))

    assert "configure the inventory detail" in bare
    assert "inventory detail quantity must be 5" in short
    assert receive(client, order, share(5)).status_code == 204
    assert query(
        "SELECT inventorynumber, expirationdate, quantityonhand FROM inventorynumber"
    ) == [{"inventorynumber": "LOT-A", "expirationdate": "06/30/2027", "quantityonhand": "5"}]


def test_oracles_sample_with_lot_bin_and_status_works_as_printed(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    sim.add_location("Bins", internal_id=9, subsidiary=2, bins=True)
    sim.add_bin("A-1", location=9, internal_id=20)
    sim.add_item("BINNED", internal_id=60, lot=True, bins=True)
    order = sim.add_purchase_order(
        "PO-B", vendor=1722, location=9, lines=[{"item": 60, "quantity": 4, "rate": 1}]
    )
    share = {
        "receiptInventoryNumber": "L1",
        "inventorystatus": 1,
        "binnumber": 20,
        "quantity": 4,
    }
    detail = {"inventoryassignment": {"items": [share]}}
    answer = receive(client, order, lines({"line": 1, "inventorydetail": detail}))

    assert answer.status_code == 204
    assert query("SELECT BUILTIN.DF(binnumber) AS bin, quantityonhand FROM inventorybalance") == [
        {"bin": "A-1", "quantityonhand": "4"}
    ]


def test_a_prefilled_bin_is_static(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_location("Bins", internal_id=9, subsidiary=2, bins=True)
    sim.add_bin("A-1", location=9, internal_id=20)
    sim.add_item("BINNED", internal_id=60, bins=True)
    sim.add_to_stock(60, 9, 1, bin_id=20)
    order = sim.add_purchase_order(
        "PO-B", vendor=1722, location=9, lines=[{"item": 60, "quantity": 4, "rate": 1}]
    )
    detail = {"inventoryAssignment": {"items": [{"binNumber": 20, "quantity": 4}]}}
    refused = receive(client, order, lines({"orderLine": 1, "inventoryDetail": detail}))

    assert "lines from a static sublist" in sentence(refused)
    assert refused.json()["o:errorDetails"][0]["o:errorPath"] == "inventoryAssignment"
    assert receive(client, order).status_code == 204
    assert sim.stock()["BINNED", 9] == 5


def test_drop_ship_orders_cannot_be_received(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_custom_field("isDropShipment", "bool")
    order = sim.add_purchase_order(
        "PO-D",
        vendor=1722,
        location=6,
        lines=[{"item": 20, "quantity": 1, "isDropShipment": True}],
    )

    assert "drop shipment" in sentence(receive(client, order))


def test_service_lines_are_not_received(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_item("SETUP", internal_id=70, kind="Service")
    order = sim.add_purchase_order(
        "PO-S",
        vendor=1722,
        location=6,
        lines=[{"item": 70, "quantity": 1, "rate": 5}, {"item": 20, "quantity": 1, "rate": 5}],
    )
    receive(client, order)

    assert status(client, order) == "F"
    assert len(sim.documents("itemReceipt")[0]["item"]["items"]) == 1


def test_an_unknown_property_is_ignored_with_a_warning_or_refused_on_request(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    body = lines({"orderLine": 1, "quantityy": 40}, {"orderLine": 4, "itemReceive": False})
    strict = receive(
        client,
        purchase_order,
        body,
        headers={"X-NetSuite-PropertyNameValidation": "Error"},
    )
    lax = receive(client, purchase_order, body)

    assert strict.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_CONTENT"
    assert strict.json()["o:errorDetails"][0]["o:errorPath"] == "item.items[0].quantityy"
    assert "item.items[0].quantityy" in lax.headers["x-netsuite-warning"]
    assert sim.stock() == {("SKU-20", 7): 100}


def test_a_bad_value_is_refused_by_default(client: TestClient, purchase_order: int) -> None:
    answer = receive(client, purchase_order, lines({"orderLine": 1, "quantity": "many"}))

    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_CONTENT"


def test_a_transform_between_strangers_is_refused(client: TestClient, purchase_order: int) -> None:
    path = f"{RECORD}/purchaseOrder/{purchase_order}/!transform/itemFulfillment"

    assert client.post(path, json={}).status_code == 400


def test_a_transform_of_nothing_is_not_found(client: TestClient) -> None:
    answer = receive(client, 1, {})

    assert answer.status_code == 404
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID"


def test_a_saved_receipt_can_be_corrected_by_line_or_order_line(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    path = receive(client, purchase_order).headers["location"]
    client.patch(path, json=lines({"orderLine": 4, "quantity": 7}))
    client.patch(path, json=lines({"line": 1, "quantity": 90}))

    assert sim.stock() == {("SKU-20", 7): 90, ("SKU-21", 7): 7}
    assert status(client, purchase_order) == "D"
