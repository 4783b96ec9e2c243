import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from ml_connector.errors import AlreadyExists, NeedsHuman, Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import NothingLeft, RecordNotFound
from ml_connector.netsuite.client import Created, NetSuite, created
from ml_connector.netsuite.records.records import (
    ItemReceipt,
    ItemReceiptLine,
    ItemReceiptLines,
    ReadTransaction,
    Ref,
)
from ml_connector.transport import elapsed
from ml_connector.transport.call import Answer
from ml_connector.words import Cause

RECORDS = "/services/rest/record/v1"
TRANSFORM = f"{RECORDS}/purchaseOrder/2173/!transform/itemReceipt"
LOCATION = "https://1234567-sb1.suitetalk.api.netsuite.com" + RECORDS

RECEIPT = ItemReceipt(
    external_id="mlc-ir-1-1",
    tran_date=date(2026, 11, 20),
    item=ItemReceiptLines(
        items=(ItemReceiptLine(order_line=1, item_receive=True, quantity=4, location=Ref(id="6")),)
    ),
)


def refusal(text: str, code: str = "USER_ERROR") -> dict[str, Any]:
    return {"o:errorDetails": [{"detail": text, "o:errorCode": code}]}


async def test_a_create_sends_the_body_strictly(httpserver: HTTPServer, client: NetSuite) -> None:
    body = {"externalId": "mlc-ia-1", "account": {"id": "54"}}
    httpserver.expect_request(
        f"{RECORDS}/inventoryAdjustment",
        method="POST",
        headers={
            "Authorization": "Bearer token-1",
            "Content-Type": "application/json",
            "X-NetSuite-PropertyNameValidation": "Error",
        },
        json=body,
    ).respond_with_data(
        "", status=204, headers={"Location": f"{LOCATION}/inventoryAdjustment/7001"}
    )

    made = await client.create("inventoryAdjustment", body, send_by=elapsed.seconds() + 600)

    assert made == Created(id="7001", location_url=f"{LOCATION}/inventoryAdjustment/7001")
    assert "Prefer" not in httpserver.log[0][0].headers


async def test_a_taken_external_id_is_told_apart(httpserver: HTTPServer, client: NetSuite) -> None:
    httpserver.expect_request(f"{RECORDS}/inventoryAdjustment").respond_with_json(
        refusal("Error while accessing a resource. This record already exists."), status=400
    )

    with pytest.raises(AlreadyExists):
        await client.create("inventoryAdjustment", {}, send_by=None)


async def test_a_transform_posts_to_the_order_it_is_made_from(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(
        TRANSFORM,
        method="POST",
        json={
            "externalId": "mlc-ir-1-1",
            "tranDate": "2026-11-20",
            "item": {
                "items": [
                    {
                        "orderLine": 1,
                        "itemReceive": True,
                        "quantity": 4,
                        "location": {"id": "6"},
                    }
                ]
            },
        },
    ).respond_with_data("", status=204, headers={"Location": f"{RECORDS}/itemreceipt/5002"})

    made = await client.transform("purchaseOrder", "2173", "itemReceipt", RECEIPT, send_by=None)

    assert made.id == "5002"


async def test_a_transform_of_a_received_order_is_told_apart(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(TRANSFORM).respond_with_json(
        refusal("You must have at least one valid line item."), status=400
    )

    with pytest.raises(NothingLeft):
        await client.transform("purchaseOrder", "2173", "itemReceipt", RECEIPT, send_by=None)


@pytest.mark.parametrize("status", [500, 502])
async def test_a_write_is_never_sent_twice_by_itself(
    httpserver: HTTPServer, client: NetSuite, status: int
) -> None:
    httpserver.expect_request(TRANSFORM).respond_with_data("<html>", status=status)

    with pytest.raises(Retryable) as caught:
        await client.transform("purchaseOrder", "2173", "itemReceipt", RECEIPT, send_by=None)

    assert caught.value.outcome_unknown
    assert len(httpserver.log) == 1


async def test_a_write_over_the_concurrency_limit_was_not_carried_out(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(TRANSFORM).respond_with_json(
        refusal("Concurrent request limit exceeded.", "CONCURRENCY_LIMIT_EXCEEDED"), status=429
    )

    with pytest.raises(Retryable) as caught:
        await client.transform("purchaseOrder", "2173", "itemReceipt", RECEIPT, send_by=None)

    assert caught.value.cause is Cause.RATE_LIMITED
    assert not caught.value.outcome_unknown
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"location": "/services/rest/async/v1/job/123456"},
        {"location": f"{LOCATION}/vendorBill/7"},
    ],
)
def test_a_success_that_does_not_say_which_record_leaves_the_outcome_unknown(
    headers: dict[str, str],
) -> None:
    answer = Answer(status=204, headers=headers, body=b"", seconds=0.1)

    with pytest.raises(Retryable) as caught:
        created(answer, "itemReceipt")

    assert caught.value.outcome_unknown
    assert caught.value.cause is Cause.OUTCOME_UNKNOWN


def test_warnings_in_headers_are_kept() -> None:
    headers = {"location": f"{LOCATION}/itemReceipt/7", "x-netsuite-warning": "Property x ignored"}
    answer = Answer(status=204, headers=headers, body=b"", seconds=0.1)

    assert created(answer, "itemReceipt").warnings == ("Property x ignored",)


async def test_a_patch_replaces_only_the_named_sublist(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    body = {"package": {"items": [{"packageTrackingNumber": "1Z"}]}}
    httpserver.expect_request(
        f"{RECORDS}/itemFulfillment/5002",
        method="PATCH",
        query_string="replace=package",
        json=body,
    ).respond_with_data("", status=204)

    await client.patch("itemFulfillment", "5002", body, replace=["package"], send_by=None)

    assert len(httpserver.log) == 1


@pytest.mark.parametrize("record_type", ["purchaseOrder", "salesorder"])
async def test_the_lines_of_an_order_are_never_replaced(
    httpserver: HTTPServer, client: NetSuite, record_type: str
) -> None:
    with pytest.raises(ValueError, match="deletes"):
        await client.patch(record_type, "1", {}, replace=["item"], send_by=None)

    assert not httpserver.log


async def test_a_patch_of_a_record_that_is_gone_says_so(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/itemFulfillment/5002").respond_with_json(
        refusal("Record does not exist.", "NONEXISTENT_ID"), status=404
    )

    with pytest.raises(RecordNotFound):
        await client.patch("itemFulfillment", "5002", {}, send_by=None)


async def test_a_record_is_read_by_external_id_with_its_lines(
    reference: Path, httpserver: HTTPServer, client: NetSuite
) -> None:
    sample = json.loads((reference / "netsuite/samples/other-records.json").read_text())
    httpserver.expect_request(
        f"{RECORDS}/itemReceipt/eid:mlc-ir-wro-88123-b1",
        method="GET",
        query_string="expandSubResources=true",
        headers={"Authorization": "Bearer token-1"},
    ).respond_with_json(sample["get_item_receipt"]["response"]["body"])

    found = await client.get(
        "itemReceipt", external_id="mlc-ir-wro-88123-b1", shape=ReadTransaction
    )

    assert found is not None
    assert found.id == "5002"
    assert found.item.items[0].quantity == Decimal(40)


async def test_a_record_is_read_by_internal_id(httpserver: HTTPServer, client: NetSuite) -> None:
    httpserver.expect_request(f"{RECORDS}/inventoryAdjustment/7001").respond_with_json(
        {"id": "7001", "inventory": {"items": [{"line": 1, "adjustQtyBy": -3.0}]}}
    )

    found = await client.get("inventoryAdjustment", record_id="7001", shape=ReadTransaction)

    assert found is not None
    assert found.inventory.items[0].adjust_qty_by == Decimal(-3)


async def test_a_record_that_does_not_exist_is_none(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/itemReceipt/eid:mlc-ir-1").respond_with_json(
        refusal("Record does not exist.", "NONEXISTENT_ID"), status=404
    )

    assert await client.get("itemReceipt", external_id="mlc-ir-1", shape=ReadTransaction) is None


async def test_a_gateway_that_finds_nothing_does_not_make_a_record_absent(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/itemReceipt/eid:mlc-ir-1").respond_with_data(
        "<html>not found</html>", status=404
    )

    with pytest.raises(Retryable):
        await client.get("itemReceipt", external_id="mlc-ir-1", shape=ReadTransaction)


async def test_a_record_of_another_shape_is_reported(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/itemReceipt/7").respond_with_json({"id": {"x": 1}})

    with pytest.raises(NeedsHuman) as caught:
        await client.get("itemReceipt", record_id="7", shape=ReadTransaction)

    assert caught.value.cause is Cause.EVENT_UNREADABLE


async def test_a_record_is_asked_for_by_exactly_one_key(client: NetSuite) -> None:
    with pytest.raises(ValueError, match="either"):
        await client.get("itemReceipt", shape=ReadTransaction)
    with pytest.raises(ValueError, match="either"):
        await client.get("itemReceipt", record_id="7", external_id="m", shape=ReadTransaction)


async def test_metadata_says_which_properties_the_account_has(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(
        f"{RECORDS}/metadata-catalog",
        query_string="select=purchaseOrder,itemReceipt",
        headers={"Accept": "application/swagger+json"},
    ).respond_with_json(
        {
            "openapi": "3.0.1",
            "components": {
                "schemas": {
                    "purchaseorder": {"properties": {"tranId": {}, "custbody_x": {}}},
                    "nsLink": {"properties": {"href": {}}},
                }
            },
        }
    )

    metadata = await client.metadata(["purchaseOrder", "itemReceipt"])

    assert metadata.properties == {"purchaseOrder": frozenset({"tranId", "custbody_x"})}
    assert metadata.lacks("purchaseOrder", ["tranid", "location"]) == ("location",)
    assert metadata.lacks("itemReceipt", ["item"]) == ("item",)


async def test_metadata_that_the_role_may_not_see_is_a_missing_permission(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/metadata-catalog").respond_with_json(
        refusal("Permission Violation", "INSUFFICIENT_PERMISSION"), status=403
    )

    with pytest.raises(NeedsHuman) as caught:
        await client.metadata(["purchaseOrder"])

    assert caught.value.cause is Cause.PERMISSION_MISSING


async def test_metadata_that_is_no_json_is_tried_again(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    httpserver.expect_request(f"{RECORDS}/metadata-catalog").respond_with_data("[]")

    with pytest.raises(Retryable):
        await client.metadata(["purchaseOrder"])


async def test_the_client_asks_queries_of_the_same_account(
    httpserver: HTTPServer, client: NetSuite, account: Account
) -> None:
    httpserver.expect_request("/services/rest/query/v1/suiteql").respond_with_json({"items": []})

    assert await client.query.rows("SELECT t.id FROM transaction t", type=ReadTransaction) == []
    assert httpserver.log[0][0].url.startswith(account.base_url)
