# ruff: noqa: S608 - the queries under test are put together from the tests' own texts
"""Answers held against those of real accounts and of NetSuite's own pages (reference 4-16)."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim

RECORD = "/services/rest/record/v1"
Query = Callable[..., list[dict[str, str]]]
Refused = Callable[..., str]


def detail(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    found: dict[str, str] = answer.json()["o:errorDetails"][0]
    return found


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("2026-11-20", "tranDate"),
        ("8/5/2026 23:53", "lastModifiedDate"),
        ("13/40/2026", "createdDate"),
        ("yesterday", "tranDate"),
    ],
)
def test_a_wrong_date_in_a_filter_is_refused_in_the_words_of_the_account(
    client: TestClient, given: str, field: str
) -> None:
    query = {"q": f'{field} ON_OR_AFTER "{given}"'}
    refused = detail(client.get(f"{RECORD}/purchaseOrder", params=query))

    assert refused["o:errorCode"] == "INVALID_PARAMETER"
    assert refused["o:errorQueryParam"] == "q"
    assert (
        f'Parse of date/time "{given}" failed with date format "M/d/yy" in time zone'
        " America/Chicago" in refused["detail"]
    )


@pytest.mark.parametrize("text", ["nonsense", "nosuch IS 1", "tranDate LATER 1", "id EQUAL"])
def test_a_filter_that_means_nothing_is_an_invalid_search_query(
    client: TestClient, text: str
) -> None:
    refused = detail(client.get(f"{RECORD}/purchaseOrder", params={"q": text}))

    assert refused["detail"] == "Invalid search query. Provide a valid search query."
    assert refused["o:errorCode"] == "INVALID_PARAMETER"


@pytest.mark.parametrize(
    "wanted",
    [
        "TO_CHAR(SYSDATE, 'bogus')",
        "TO_DATE('tomorrow', 'YYYY-MM-DD')",
        "TO_NUMBER('a dozen')",
        "ROUND('a dozen', 2)",
        "ADD_MONTHS('a dozen', 2)",
        "TRUNC(SYSDATE, 'LIGHTYEAR')",
        "UPPER()",
        "NULLIF(1)",
        "SUM('a dozen')",
        "BUILTIN.RELATIVE_RANGES('SOMETIME', 'START')",
        "REGEXP_SUBSTR('x', '(')",
        "CHR(-1)",
        "CAST(id AS BLOB) COLLATE nosuch",
    ],
)
def test_no_refusal_of_a_query_speaks_of_the_database_beneath(
    refused_query: Refused, wanted: str
) -> None:
    sentence = refused_query(f"SELECT {wanted} AS x FROM item").lower()

    words = ("user-defined", "sqlite", "ns_", "python", "argument", "lambda", "raised", "() ")
    assert [word for word in words if word in sentence] == []


def test_a_function_that_can_not_read_its_text_says_why(refused_query: Refused) -> None:
    assert "date format not recognized" in refused_query(
        "SELECT TO_CHAR(SYSDATE, 'bogus') FROM dual"
    )
    assert "Invalid number a dozen" in refused_query("SELECT TO_NUMBER('a dozen') FROM dual")


def test_short_and_long_forms_of_dates_and_times_are_written(query: Query) -> None:
    row = query(
        "SELECT TO_CHAR(SYSDATE, 'DS') AS day, TO_CHAR(SYSDATE, 'DS TS') AS both,"
        " TO_CHAR(SYSDATE, 'DL') AS long_day FROM dual"
    )

    assert row == [
        {
            "day": "11/20/2026",
            "both": "11/20/2026 10:00:00 AM",
            "long_day": "Friday, November 20, 2026",
        }
    ]


def test_the_current_date_has_a_time(query: Query) -> None:
    row = query("SELECT TO_CHAR(CURRENT_DATE, 'YYYY-MM-DD HH24:MI') AS now FROM dual")

    assert row == [{"now": "2026-11-20 10:00"}]


def test_a_finished_task_points_to_its_result_as_related(client: TestClient) -> None:
    body = {
        "account": 254,
        "subsidiary": 2,
        "inventory": {"items": [{"item": 20, "location": 6, "adjustQtyBy": 1}]},
    }
    submitted = client.post(
        f"{RECORD}/inventoryAdjustment", json=body, headers={"Prefer": "respond-async"}
    )
    job = submitted.headers["location"]
    before = client.get(f"{job}/task/1").json()
    client.get(job)
    after = client.get(f"{job}/task/1").json()

    assert before["links"] == [{"rel": "self", "href": f"{job}/task/1"}]
    assert after["links"] == [
        {"rel": "related", "href": f"{job}/task/1/result"},
        {"rel": "self", "href": f"{job}/task/1"},
    ]
    assert sorted(after) == ["completed", "endTime", "id", "links", "progress", "startTime"]


def test_purchase_orders_and_their_bills_have_a_negative_foreign_total(
    client: TestClient, sim: NetSuiteSim, query: Query, purchase_order: int, sales_order: int
) -> None:
    sim.transform("purchaseOrder", purchase_order, "itemReceipt")
    bill = sim.transform("purchaseOrder", purchase_order, "vendorBill")
    sim.transform("vendorBill", bill, "vendorCredit")
    rows = query("SELECT type, foreigntotal, total FROM transaction WHERE foreigntotal <> 0")
    shown = client.get(f"{RECORD}/purchaseOrder/{purchase_order}").json()

    found = {row["type"]: (row["foreigntotal"], row["total"]) for row in rows}
    assert found == {
        "PurchOrd": ("-261", "-261"),
        "VendBill": ("-261", "-261"),
        "VendCred": ("261", "261"),
        "SalesOrd": ("57.95", "57.95"),
    }
    assert shown["total"] == 261
    assert sales_order


@pytest.mark.parametrize("name", ["creditMemo", "vendorPayment", "inventoryCount", "employee"])
def test_a_record_type_of_netsuites_that_holds_nothing_here_is_an_empty_one(
    client: TestClient, name: str
) -> None:
    page = client.get(f"{RECORD}/{name}")
    one = client.get(f"{RECORD}/{name}/1")
    catalog = client.get(f"{RECORD}/metadata-catalog?select={name}").json()

    assert (page.status_code, page.json()["items"], page.json()["totalResults"]) == (200, [], 0)
    assert one.status_code == 404
    assert one.json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID"
    assert [item["name"] for item in catalog["items"]] == [name]


def test_a_record_type_of_netsuites_that_is_not_played_takes_nothing(client: TestClient) -> None:
    refused = client.post(f"{RECORD}/creditMemo", json={"entity": {"id": "164"}})

    assert refused.status_code == 403
    assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "INSUFFICIENT_PERMISSION"


def test_a_record_type_that_nobody_has_does_not_exist(client: TestClient) -> None:
    refused = client.get(f"{RECORD}/shipbobOrder")

    assert refused.status_code == 404
    assert "Record type 'shipbobOrder' does not exist" in refused.text


def test_stock_without_a_status_of_its_own_is_good(sim: NetSuiteSim, query: Query) -> None:
    sim.add_to_stock("SKU-20", 6, 5)

    assert query("SELECT inventorystatus, quantityonhand FROM inventorybalance") == [
        {"inventorystatus": "1", "quantityonhand": "5"}
    ]


def test_a_bin_is_refused_where_the_location_or_the_item_has_none(
    client: TestClient, sim: NetSuiteSim
) -> None:
    sim.add_bin("A-1", location=6, internal_id=20)
    body = {
        "account": 254,
        "subsidiary": 2,
        "inventory": {
            "items": [
                {
                    "item": 20,
                    "location": 6,
                    "adjustQtyBy": 1,
                    "inventoryDetail": {
                        "inventoryAssignment": {"items": [{"binNumber": 20, "quantity": 1}]}
                    },
                }
            ]
        },
    }
    refused = detail(client.post(f"{RECORD}/inventoryAdjustment", json=body))

    assert "Invalid Field Value 20 for the following field: binNumber" in refused["detail"]


STATIC = (
    "You are either trying to access a field on a non-existent line or you are trying to add or"
    " remove lines from a static sublist"
)


def test_a_static_sublist_is_refused_in_netsuites_words(
    client: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    receipt = sim.transform("purchaseOrder", purchase_order, "itemReceipt")
    added = client.patch(
        f"{RECORD}/itemReceipt/{receipt}",
        json={"item": {"items": [{"item": {"id": "20"}, "quantity": 1}]}},
    )

    assert STATIC in detail(added)["detail"]


@pytest.mark.parametrize("named", [False, True])
def test_a_completed_line_that_a_receipt_names_refuses_all_of_it(
    client: TestClient, sim: NetSuiteSim, purchase_order: int, *, named: bool
) -> None:
    first = {"item": {"items": [{"orderLine": 4, "itemReceive": False}]}}
    sim.transform("purchaseOrder", purchase_order, "itemReceipt", first)
    lines: list[dict[str, object]] = [{"orderLine": 4, "quantity": 1}]
    if named:
        lines.append({"orderLine": 1, "itemReceive": False})
    answer = client.post(
        f"{RECORD}/purchaseOrder/{purchase_order}/!transform/itemReceipt",
        json={"item": {"items": lines}},
    )

    assert answer.status_code == (400 if named else 204)
    assert len(sim.documents("itemReceipt")) == (1 if named else 2)
    if named:
        assert STATIC in detail(answer)["detail"]


def test_a_fulfilment_over_two_locations_is_refused(
    client: TestClient, sim: NetSuiteSim, sales_order: int
) -> None:
    lines = [{"orderLine": 1, "location": 6}, {"orderLine": 4, "location": 7}]
    refused = client.post(
        f"{RECORD}/salesOrder/{sales_order}/!transform/itemFulfillment",
        json={"item": {"items": lines}},
    )

    assert "Fulfillments can be shipped from only one location" in detail(refused)["detail"]
    assert sim.documents("itemFulfillment") == []


def test_the_tables_that_public_queries_join_are_known(query: Query, purchase_order: int) -> None:
    vendors = query("SELECT item, vendor, preferredvendor FROM itemvendor")
    addresses = query(
        "SELECT t.tranid, a.city, t.void FROM transaction t"
        " LEFT JOIN transactionshippingaddress a ON a.nkey = t.shippingaddress"
    )

    assert vendors == []
    assert addresses == [{"tranid": "PO45723", "void": "F"}]
    assert purchase_order


ORDER_HEAD = {
    "balance": 0.0,
    "currencyName": "USD",
    "currencySymbol": "USD",
    "isBaseCurrency": True,
    "prevDate": "2026-11-20",
    "shipIsResidential": False,
    "shipOverride": False,
    "toBeEmailed": False,
    "toBeFaxed": False,
    "toBePrinted": False,
    "unbilledOrders": 261.0,
}
ORDER_LINE = {
    "isBillable": False,
    "isClosed": False,
    "isOpen": True,
    "itemType": {"id": "InvtPart", "refName": "InvtPart"},
    "linked": False,
    "marginal": False,
    "matchBillToReceipt": False,
    "printItems": False,
    "quantityAvailable": 0.0,
    "quantityOnHand": 0.0,
    "quantityBilled": 0.0,
    "quantityReceived": 0.0,
}


def test_a_purchase_order_is_answered_with_what_nobody_wrote(
    client: TestClient, purchase_order: int
) -> None:
    shown = client.get(f"{RECORD}/purchaseOrder/{purchase_order}?expandSubResources=true").json()
    line = shown["item"]["items"][0]

    assert {key: shown.get(key) for key in ORDER_HEAD} == ORDER_HEAD
    assert {key: line.get(key) for key in ORDER_LINE} == ORDER_LINE
