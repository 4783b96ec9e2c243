"""The record service on any record (reference 6, 8.2, 11)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]


def adjustment(quantity: object = -3, **changes: Any) -> dict[str, Any]:
    line = {
        "line": 1,
        "item": {"id": "20"},
        "location": {"id": "6"},
        "adjustQtyBy": quantity,
    }
    body: dict[str, Any] = {
        "externalId": "mlc-ia-1",
        "tranDate": "2026-11-20",
        "account": {"id": "254"},
        "adjLocation": {"id": "6"},
        "subsidiary": {"id": "2"},
        "memo": "recount",
        "inventory": {"items": [line]},
    }
    return body | changes


def post(client: TestClient, body: Any, kind: str = "inventoryAdjustment", **kwargs: Any) -> Any:
    return client.post(f"{RECORD}/{kind}", json=body, **kwargs)


def error(answer: Any) -> dict[str, Any]:
    assert answer.status_code >= 400, answer.text
    found: dict[str, Any] = answer.json()["o:errorDetails"][0]
    return found


def test_a_create_answers_204_with_the_id_in_location_only(client: TestClient) -> None:
    answer = post(client, adjustment())

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"].rpartition("/")[0].endswith("/record/v1/inventoryAdjustment")


def test_types_and_properties_match_without_case(client: TestClient, sim: NetSuiteSim) -> None:
    body = {key.lower(): value for key, value in adjustment(5).items()}
    body["inventory"]["items"][0] = {
        key.upper(): value for key, value in body["inventory"]["items"][0].items()
    }

    assert post(client, body, "INVENTORYADJUSTMENT").status_code == 204
    assert sim.stock() == {("SKU-20", 6): 5}


def test_a_record_is_found_by_id_and_by_external_id(client: TestClient) -> None:
    location = post(client, adjustment()).headers["location"]
    by_id = client.get(location).json()
    by_key = client.get(f"{RECORD}/inventoryadjustment/eid:mlc-ia-1").json()

    assert by_id["id"] == by_key["id"] == location.rpartition("/")[2]
    assert by_key["memo"] == "recount"
    assert by_key["account"]["refName"] == "5900 Stock Adjustments"


def test_sublists_are_links_until_they_are_expanded(client: TestClient) -> None:
    path = post(client, adjustment()).headers["location"]
    bare = client.get(path).json()["inventory"]
    full = client.get(f"{path}?expandSubResources=true").json()["inventory"]
    alone = client.get(f"{path}/inventory").json()
    line = client.get(f"{path}/inventory/1").json()

    assert list(bare) == ["links"]
    assert full["totalResults"] == alone["totalResults"] == 1
    assert full["items"][0]["adjustQtyBy"] == line["adjustQtyBy"] == -3.0


def test_fields_narrow_the_answer(client: TestClient) -> None:
    path = post(client, adjustment()).headers["location"]

    assert set(client.get(f"{path}?fields=memo,tranDate").json()) == {
        "links",
        "id",
        "memo",
        "tranDate",
    }


def test_what_is_not_there_is_404(client: TestClient) -> None:
    answers = [
        client.get(f"{RECORD}/inventoryAdjustment/999"),
        client.get(f"{RECORD}/inventoryAdjustment/eid:nothing"),
        client.get(f"{RECORD}/vendor/999"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {error(answer)["o:errorCode"] for answer in answers} == {"NONEXISTENT_ID"}


def test_the_right_id_under_the_wrong_type_is_404(client: TestClient) -> None:
    number = post(client, adjustment()).headers["location"].rpartition("/")[2]

    assert client.get(f"{RECORD}/itemReceipt/{number}").status_code == 404
    assert client.get(f"{RECORD}/itemReceipt/eid:mlc-ia-1").status_code == 404


def test_an_unknown_type_is_an_invalid_request(client: TestClient) -> None:
    answer = client.get(f"{RECORD}/nonsense/1")

    assert (answer.status_code, error(answer)["o:errorCode"]) == (404, "INVALID_REQUEST")


def test_broken_json_is_an_invalid_request(client: TestClient) -> None:
    answer = client.post(f"{RECORD}/inventoryAdjustment", content=b"{")

    assert (answer.status_code, error(answer)["o:errorCode"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("missing", "label"),
    [("account", "Adjustment Account"), ("subsidiary", "Subsidiary")],
)
def test_mandatory_values(client: TestClient, missing: str, label: str) -> None:
    body = adjustment()
    del body[missing]
    found = error(post(client, body))

    assert found["detail"].endswith(f"Please enter value(s) for: {label}")
    assert found["o:errorCode"] == "USER_ERROR"


@pytest.mark.parametrize("missing", ["item", "location", "adjustQtyBy"])
def test_mandatory_values_of_a_line(client: TestClient, missing: str) -> None:
    body = adjustment()
    del body["inventory"]["items"][0][missing]

    assert "Please enter value(s) for:" in error(post(client, body))["detail"]


def test_a_reference_to_nothing_names_field_and_path(client: TestClient) -> None:
    body = adjustment()
    body["inventory"]["items"][0]["item"] = {"id": "9999"}
    found = error(post(client, body))

    assert found == {
        "detail": "Error while accessing resource: You have entered an Invalid Field Value 9999 "
        "for the following field: item",
        "o:errorPath": "inventory.items[0].item",
        "o:errorCode": "INVALID_CONTENT",
    }


def test_references_come_as_id_number_external_id_or_name(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.add_location("Third", internal_id=8, subsidiary=2, external_id="third")
    for at, place in enumerate(
        [{"id": "8"}, {"id": 8}, 8, "8", {"externalId": "third"}, {"refName": "Third"}]
    ):
        body = adjustment(1, externalId=f"mlc-ia-{at}")
        body["inventory"]["items"][0]["location"] = place

        assert post(client, body).status_code == 204
    assert sim.stock() == {("SKU-20", 8): 6}


def test_decimal_quantities_and_costs_stay_exact(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    for at in range(3):
        body = adjustment(0.1, externalId=f"mlc-ia-{at}")
        body["inventory"]["items"][0]["unitCost"] = 3.3
        post(client, body)

    assert sim.stock() == {("SKU-20", 6): Decimal("0.3")}
    assert query("SELECT quantityonhand FROM inventoryitemlocations") == [
        {"quantityonhand": "0.3"}
    ]
    assert sim.balances()[254] == Decimal("-0.99")


def test_an_increase_is_worth_its_unit_cost_and_a_decrease_the_average(
    client: TestClient, sim: NetSuiteSim
) -> None:
    for at, (quantity, cost) in enumerate([(10, 2), (10, 4), (-5, None)]):
        body = adjustment(quantity, externalId=f"mlc-ia-{at}")
        if cost is not None:
            body["inventory"]["items"][0]["unitCost"] = cost
        post(client, body)

    assert sim.balances() == {254: Decimal(-45), sim.company.account("inventory"): Decimal(45)}


def test_a_put_creates_once_and_then_appends_lines_without_a_known_key(
    client: TestClient, sim: NetSuiteSim
) -> None:
    body = adjustment(5)
    del body["inventory"]["items"][0]["line"]
    path = f"{RECORD}/inventoryAdjustment/eid:mlc-ia-1"
    first = client.put(path, json=body)
    second = client.put(path, json=body)

    assert (first.status_code, second.status_code) == (204, 204)
    assert first.headers["location"] == second.headers["location"]
    assert sim.stock() == {("SKU-20", 6): 10}


def test_a_put_with_replace_converges(client: TestClient, sim: NetSuiteSim) -> None:
    path = f"{RECORD}/inventoryAdjustment/eid:mlc-ia-1?replace=inventory"
    for _ in range(2):
        client.put(path, json=adjustment(5))

    assert sim.stock() == {("SKU-20", 6): 5}


def test_a_put_needs_an_external_id(client: TestClient) -> None:
    assert client.put(f"{RECORD}/inventoryAdjustment/5001", json={}).status_code == 400
    assert client.put(f"{RECORD}/inventoryAdjustment/eid:a|b", json={}).status_code == 400


def test_a_patch_changes_what_is_sent_and_the_lines_it_names(
    client: TestClient, sim: NetSuiteSim
) -> None:
    path = post(client, adjustment(5)).headers["location"]
    client.patch(path, json={"inventory": {"items": [{"line": 1, "adjustQtyBy": 7}]}})
    found = client.get(path).json()

    assert found["memo"] == "recount"
    assert sim.stock() == {("SKU-20", 6): 7}


def test_null_clears_a_field(client: TestClient) -> None:
    path = post(client, adjustment(5)).headers["location"]
    client.patch(path, json={"memo": None})

    assert "memo" not in client.get(path).json()


def test_replace_selected_fields_clears_what_is_named_but_not_sent(client: TestClient) -> None:
    path = post(client, adjustment(5)).headers["location"]
    client.patch(f"{path}?replaceSelectedFields=true&replace=memo", json={})

    assert "memo" not in client.get(path).json()


def test_replace_on_a_keyed_sublist_removes_the_lines_not_named(
    client: TestClient, purchase_order: int
) -> None:
    path = f"{RECORD}/purchaseOrder/{purchase_order}"
    body = {"item": {"items": [{"line": 1, "quantity": 90}]}}
    client.patch(f"{path}?replace=item", json=body)
    items = client.get(f"{path}/item").json()["items"]

    assert [(item["line"], item["quantity"]) for item in items] == [(1, 90.0)]


def test_a_new_line_gets_an_id_above_all_that_were_there(
    client: TestClient, purchase_order: int
) -> None:
    path = f"{RECORD}/purchaseOrder/{purchase_order}"
    client.patch(path, json={"item": {"items": [{"item": 21, "quantity": 1}]}})
    items = client.get(f"{path}/item").json()["items"]

    assert [item["line"] for item in items] == [1, 4, 5]


def test_a_mandatory_sublist_cannot_be_emptied(client: TestClient, purchase_order: int) -> None:
    answer = client.patch(f"{RECORD}/purchaseOrder/{purchase_order}", json={"item": None})

    assert "at least one line item" in error(answer)["detail"]


def test_a_record_can_be_sent_back_as_it_was_read(client: TestClient, purchase_order: int) -> None:
    path = f"{RECORD}/purchaseOrder/{purchase_order}?expandSubResources=true"
    before = client.get(path).json()
    answer = client.patch(
        f"{RECORD}/purchaseOrder/{purchase_order}",
        json=before,
        headers={"X-NetSuite-PropertyNameValidation": "Error"},
    )
    after = client.get(path).json()

    assert answer.status_code == 204, answer.text
    assert after == before


def test_a_delete_takes_everything_back(client: TestClient, sim: NetSuiteSim) -> None:
    path = post(client, adjustment(5)).headers["location"]

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert sim.stock() == {}
    assert sim.balances() == {}


def test_ids_are_never_used_again(client: TestClient) -> None:
    path = post(client, adjustment(5)).headers["location"]
    client.delete(path)

    assert post(client, adjustment(5)).headers["location"] != path


def test_properties_beyond_the_schema_are_known_when_the_account_added_them(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.add_custom_field("custbody_shipbob_id")
    strict = {"X-NetSuite-PropertyNameValidation": "Error"}
    path = post(client, adjustment(5, custbody_shipbob_id="W-1"), headers=strict).headers[
        "location"
    ]
    unknown = post(client, adjustment(5, custbody_other="x"), headers=strict)

    assert client.get(path).json()["custbody_shipbob_id"] == "W-1"
    assert error(unknown)["o:errorCode"] == "INVALID_CONTENT"


@pytest.mark.parametrize(
    ("validation", "status"), [("Error", 400), ("Warning", 204), ("Ignore", 204)]
)
def test_unknown_properties_follow_the_header(
    client: TestClient, validation: str, status: int
) -> None:
    headers = {"X-NetSuite-PropertyNameValidation": validation}
    answer = post(client, adjustment(5, nonsense=1), headers=headers)

    assert answer.status_code == status
    assert ("x-netsuite-warning" in answer.headers) == (validation == "Warning")


def test_an_unknown_validation_is_refused(client: TestClient) -> None:
    headers = {"X-NetSuite-PropertyNameValidation": "Perhaps"}

    assert post(client, adjustment(), headers=headers).status_code == 400


def test_simple_enum_format(client: TestClient, purchase_order: int) -> None:
    path = f"{RECORD}/purchaseOrder/{purchase_order}"
    full = client.get(path).json()
    simple = client.get(f"{path}?simpleEnumFormat=true").json()

    assert full["status"] == {"id": "Pending Receipt", "refName": "Pending Receipt"}
    assert full["orderStatus"] == {"id": "B", "refName": "B"}
    assert (simple["status"], simple["orderStatus"]) == ("Pending Receipt", "B")


def test_collections_hold_ids_and_links_only(client: TestClient, sim: NetSuiteSim) -> None:
    for name in ("A", "B"):
        sim.add_customer(name, subsidiary=2)
    page = client.get(f"{RECORD}/customer?limit=2").json()

    assert (page["count"], page["hasMore"], page["totalResults"]) == (2, True, 3)
    assert set(page["items"][0]) == {"links", "id"}
    assert page["items"][0]["links"][0]["href"].endswith("/record/v1/customer/164")


def test_collections_filter_with_q(client: TestClient, purchase_order: int) -> None:
    post(client, adjustment())

    def found(kind: str, text: str) -> list[str]:
        answer = client.get(f"{RECORD}/{kind}", params={"q": text})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert len(found("inventoryAdjustment", 'externalId IS "mlc-ia-1"')) == 1
    assert found("purchaseOrder", 'tranId IS "PO45723"') == [str(purchase_order)]
    assert found("purchaseOrder", 'tranDate ON_OR_AFTER "11/21/2026"') == []
    assert found("purchaseOrder", 'tranDate ON "11/20/2026" AND tranId START_WITH "PO"')
    assert len(found("inventoryItem", "id EQUAL 20 OR id EQUAL 31")) == 1
    assert client.get(f"{RECORD}/vendor", params={"q": "nonsense"}).status_code == 400


def test_the_record_type_of_an_item_depends_on_its_kind(client: TestClient) -> None:
    plain = client.get(f"{RECORD}/inventoryItem/20")
    lot = client.get(f"{RECORD}/lotNumberedInventoryItem/31")
    wrong = client.get(f"{RECORD}/inventoryItem/31")

    assert (plain.json()["itemId"], lot.json()["itemId"]) == ("SKU-20", "LOT-31")
    assert wrong.status_code == 404


def test_vendors_can_be_made_once(client: TestClient) -> None:
    body = {"companyName": "New Supply", "subsidiary": {"id": "2"}, "externalId": "mlc-v-1"}
    first, again = post(client, body, "vendor"), post(client, body, "vendor")
    nameless = post(client, {"subsidiary": {"id": "2"}}, "vendor")

    assert first.status_code == 204
    assert error(again)["detail"].endswith("This entity already exists.")
    assert error(nameless)["detail"].endswith("You must enter a value for Company Name.")


def test_receipts_and_fulfilments_come_from_transforms_only(client: TestClient) -> None:
    for kind in ("itemReceipt", "itemFulfillment"):
        assert post(client, {}, kind).status_code == 400


def test_the_catalogue_lists_and_describes_record_types(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.add_custom_field("custbody_shipbob_id")
    path = f"{RECORD}/metadata-catalog"
    names = [item["name"] for item in client.get(path).json()["items"]]
    openapi = client.get(
        f"{path}?select=purchaseorder,itemreceipt",
        headers={"Accept": "application/swagger+json"},
    )
    schema = client.get(f"{path}/itemReceipt").json()

    assert {"purchaseOrder", "itemReceipt", "vendorBill", "inventoryAdjustment"} <= set(names)
    assert set(openapi.json()["components"]["schemas"]) == {"purchaseOrder", "itemReceipt"}
    assert openapi.json()["openapi"].startswith("3.")
    assert "custbody_shipbob_id" in schema["properties"]
    assert (
        "orderLine" in schema["properties"]["item"]["properties"]["items"]["items"]["properties"]
    )
    assert client.get(f"{path}?select=nonsense").status_code == 400


def test_lots_come_and_go_by_adjustment(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    def change(quantity: int, share: dict[str, Any], key: str) -> Any:
        line = {
            "item": 31,
            "location": 6,
            "adjustQtyBy": quantity,
            "inventoryDetail": {
                "inventoryAssignment": {"items": [{**share, "quantity": quantity}]}
            },
        }
        return post(client, adjustment(externalId=key, inventory={"items": [line]}))

    added = change(5, {"receiptInventoryNumber": "LOT-A", "expirationDate": "2027-06-30"}, "a")
    number = query("SELECT id FROM inventorynumber")[0]["id"]
    taken = change(-2, {"issueInventoryNumber": {"id": number}}, "b")
    too_much = change(-9, {"issueInventoryNumber": {"id": number}}, "c")
    nothing = change(-1, {"issueInventoryNumber": {"id": "999"}}, "d")

    assert (added.status_code, taken.status_code) == (204, 204)
    assert "not available" in error(too_much)["detail"]
    assert error(nothing)["o:errorCode"] == "INVALID_CONTENT"
    assert sim.stock() == {("LOT-31", 6): 3}


def test_serials_take_one_each(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_item("SER", internal_id=90, serial=True)
    items = [{"receiptInventoryNumber": "S1", "quantity": 2}]
    line = {
        "item": 90,
        "location": 6,
        "adjustQtyBy": 2,
        "inventoryDetail": {"inventoryAssignment": {"items": items}},
    }
    answer = post(client, adjustment(inventory={"items": [line]}))

    assert "quantity of 1 each" in error(answer)["detail"]


def test_inactive_items_cannot_be_adjusted(client: TestClient, sim: NetSuiteSim) -> None:
    sim.add_item("OLD", internal_id=91, inactive=True)
    body = adjustment(inventory={"items": [{"item": 91, "location": 6, "adjustQtyBy": 1}]})

    assert "Invalid Field Value 91" in error(post(client, body))["detail"]


def test_a_failed_document_leaves_no_trace(client: TestClient, sim: NetSuiteSim) -> None:
    good = {"item": 20, "location": 6, "adjustQtyBy": 5}
    bad = {"item": 20, "location": 6}
    answer = post(client, adjustment(inventory={"items": [good, bad]}))

    assert answer.status_code == 400
    assert (sim.stock(), sim.balances(), sim.documents()) == ({}, {}, [])


def test_changes_over_the_api_carry_its_user(client: TestClient, query: Query) -> None:
    post(client, adjustment())

    assert query("SELECT createdby, lastmodifiedby FROM transaction") == [
        {"createdby": "12", "lastmodifiedby": "12"}
    ]


def test_several_records_are_read_in_one_call(client: TestClient) -> None:
    numbers = [
        post(client, adjustment(1, externalId=f"mlc-ia-{at}"))
        .headers["location"]
        .rpartition("/")[2]
        for at in range(2)
    ]
    found = client.get(
        f"{RECORD}/inventoryAdjustment?expandRecords=true&ids={','.join(numbers)}"
    ).json()

    assert [item["externalId"] for item in found["items"]] == ["mlc-ia-0", "mlc-ia-1"]


def test_features_show_in_queries(sim: NetSuiteSim, query: Query) -> None:
    sim.set_feature("ADVRECEIVING", active=False)
    sim.set_feature("SUBSIDIARIES", active=False)
    rows = query("SELECT id FROM companyfeaturesetup WHERE isactive = 'F' ORDER BY id")

    assert rows == [{"id": "ADVRECEIVING"}, {"id": "SUBSIDIARIES"}]
    assert not sim.preferences.one_world


def test_a_location_may_belong_to_several_subsidiaries(
    client: TestClient, sim: NetSuiteSim, query: Query
) -> None:
    sim.add_subsidiary("Acme Europe", internal_id=3)
    sim.add_subsidiary("Acme Asia", internal_id=4)
    shared = sim.add_location("Shared", internal_id=30, subsidiary=[2, 3])
    line = {"item": {"id": "20"}, "location": {"id": "30"}, "adjustQtyBy": 5}
    bodies = {
        number: adjustment(
            externalId=f"mlc-ia-{number}",
            adjLocation={"id": "30"},
            subsidiary={"id": str(number)},
            inventory={"items": [line]},
        )
        for number in (2, 3, 4)
    }
    answers = {number: post(client, body).status_code for number, body in bodies.items()}
    [shown] = query("SELECT subsidiary FROM location WHERE id = ?", str(shared))
    record = client.get(f"{RECORD}/location/{shared}").json()

    assert answers == {2: 204, 3: 204, 4: 400}
    assert shown["subsidiary"] == "2, 3"
    assert [one["id"] for one in record["subsidiary"]["items"]] == ["2", "3"]
    assert sim.stock() == {("SKU-20", 30): 10}
    assert sim.add_to_stock("SKU-20", 30, 1)
