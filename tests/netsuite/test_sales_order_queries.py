import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.queries.items import KitMember, kit_members
from ml_connector.netsuite.queries.sales_orders.fulfillments import fulfillments_of
from ml_connector.netsuite.queries.sales_orders.orders import (
    headers_by,
    lots_by_number,
    sales_orders_by,
)
from ml_connector.netsuite.suiteql import SuiteQL

PATH = "/services/rest/query/v1/suiteql"
Rows = list[dict[str, Any]]

HEADER = {
    "id": "766",
    "tranid": "SO-10045",
    "status": "B",
    "matched": "SO-10045",
    "location": "6",
    "trandate": "2026-11-20",
}
LINE = {
    **HEADER,
    "item": "20",
    "itemid": "COF-LR-12",
    "itemtype": "InvtPart",
    "isclosed": "F",
}
FULFILLMENT = {
    "id": "5002",
    "createdfrom": "766",
    "tranid": "IF-1",
    "externalid": "mlc-if-210000101",
    "status": "C",
    "item": "20",
    "quantity": "-2",
    "location": "6",
}


def page(rows: Rows) -> Response:
    body = {"count": len(rows), "hasMore": False, "totalResults": len(rows), "items": rows}
    return Response(json.dumps(body), content_type="application/json")


def unknown(name: str) -> Response:
    detail = {
        "detail": f"Invalid search query. Search error occurred: Record '{name}' was not found.",
        "o:errorQueryParam": "q",
        "o:errorCode": "INVALID_PARAMETER",
    }
    return Response(json.dumps({"o:errorDetails": [detail]}), 400)


def account(
    *,
    orders: Rows = [HEADER],  # noqa: B006 - never changed
    fulfillments: Rows = [],  # noqa: B006 - never changed
    numbers: Rows | None = [],  # noqa: B006 - never changed
) -> Callable[[Request], Response]:
    """Answers each question with its rows."""

    def answer(request: Request) -> Response:
        query = json.loads(request.data)["q"]
        if "FROM trackingnumbermap" in query:
            return unknown("trackingnumbermap") if numbers is None else page(numbers)
        if "'ItemShip'" in query:
            return page(fulfillments)
        return page(orders)

    return answer


def asked(httpserver: HTTPServer) -> list[tuple[str, list[str]]]:
    bodies = [json.loads(request.data) for request, _ in httpserver.log]
    return [(" ".join(body["q"].split()), body.get("params", [])) for body in bodies]


async def test_a_sales_order_comes_with_its_lines_whatever_the_sign(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    lines = [
        {**LINE, "line": "4", "quantity": "-3", "quantityshiprecv": "3"},
        {**LINE, "line": "1", "quantity": "-10", "quantityshiprecv": "4"},
        {**LINE, "line": "2", "quantity": "-10", "quantityshiprecv": "-4"},
        {**LINE, "line": "9", "quantity": "-5", "isclosed": "T"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(account(orders=lines))

    found = await sales_orders_by(suiteql, "tranid", ["SO-10045", "SO-NONE"])

    ((order,),) = found.values()
    query, fulfillments = asked(httpserver)
    assert set(found) == {"SO-10045"}
    assert (order.id, order.status, order.location) == ("766", "B", "6")
    assert [line.line for line in order.lines] == [1, 2, 4, 9]
    assert [line.ordered_quantity for line in order.lines] == [10, 10, 3, 5]
    assert [line.open_quantity for line in order.lines] == [6, 6, 0, 0]
    assert "t.tranid IN (?, ?)" in query[0]
    assert query[1] == ["SO-10045", "SO-NONE"]
    assert fulfillments[1] == ["766"]


async def test_what_no_item_is_known_of_is_no_line(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    hidden = {**HEADER, "line": "2", "item": "21", "quantity": "-1"}
    rows = [{**LINE, "line": "1", "quantity": "-1"}, hidden, {**HEADER, "id": "767"}]
    httpserver.expect_request(PATH).respond_with_handler(account(orders=rows))

    found = await sales_orders_by(suiteql, "tranid", ["SO-10045"])

    lines = {order.id: [line.line for line in order.lines] for order in found["SO-10045"]}
    assert lines == {"766": [1], "767": []}


async def test_fulfilments_come_with_lines_and_tracking_numbers(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [
        {**FULFILLMENT, "line": "1", "orderline": "4"},
        {**FULFILLMENT, "line": "2", "item": "21", "quantity": "-1"},
        {"id": "5003", "createdfrom": "766", "memo": "by hand"},
    ]
    numbers = [
        {"transaction": "5002", "trackingnumber": "1Z1"},
        {"transaction": "5002", "trackingnumber": "1Z2"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(
        account(fulfillments=rows, numbers=numbers)
    )

    found = await sales_orders_by(suiteql, "tranid", ["SO-10045"])

    (order,) = found["SO-10045"]
    ours, theirs = order.fulfillments
    assert (ours.id, ours.externalid, ours.status) == ("5002", "mlc-if-210000101", "C")
    assert [(line.item, line.quantity, line.order_line) for line in ours.lines] == [
        ("20", Decimal(2), 4),
        ("21", Decimal(1), None),
    ]
    assert ours.tracking_numbers == ("1Z1", "1Z2")
    assert (theirs.id, theirs.memo, theirs.lines) == ("5003", "by hand", ())
    assert asked(httpserver)[-1][1] == ["5002", "5003"]


async def test_tracking_numbers_that_a_role_may_not_see_are_none(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        account(fulfillments=[{**FULFILLMENT, "line": "1"}], numbers=None)
    )

    found = await fulfillments_of(suiteql, ["766"])

    assert found["766"][0].tracking_numbers == ()


async def test_whose_an_order_is_costs_one_query(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    row = {"id": "766", "tranid": "SO-10045", "entity": "401", "matched": "10045"}
    httpserver.expect_request(PATH).respond_with_handler(account(orders=[row]))

    ((order,),) = (await headers_by(suiteql, "otherrefnum", ["10045"])).values()

    [(query, values)] = asked(httpserver)
    assert (order.id, order.tranid, order.entity) == ("766", "SO-10045", "401")
    assert "t.otherrefnum AS matched" in query
    assert values == ["10045"]


async def test_an_order_that_is_not_there_costs_one_query(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(account(orders=[]))

    assert await sales_orders_by(suiteql, "tranid", ["SO-NONE"]) == {}
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("field", ["id", "otherrefnum", "externalid", "custbody_shipbob_order"])
async def test_the_field_of_the_match_can_be_chosen(
    httpserver: HTTPServer, suiteql: SuiteQL, field: str
) -> None:
    second = {**HEADER, "id": "767", "tranid": "SO-2", "matched": "SB-1"}
    httpserver.expect_request(PATH).respond_with_handler(
        account(orders=[{**HEADER, "matched": "SB-1"}, second])
    )

    found = await sales_orders_by(suiteql, field, ["SB-1"])

    assert [order.id for order in found["SB-1"]] == ["766", "767"]  # both are told
    assert f"t.{field} IN (?)" in asked(httpserver)[0][0]


@pytest.mark.parametrize("field", ["entity", "custbody_x OR 1", "memo", "", "cust'"])
async def test_nothing_else_can_be_matched_by(suiteql: SuiteQL, field: str) -> None:
    with pytest.raises(ValueError, match="not found by"):
        await sales_orders_by(suiteql, field, ["X"])


async def test_a_custom_field_that_is_not_there_is_told(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    detail = {
        "detail": "Search error occurred: Unknown identifier 't.custbody_none'.",
        "o:errorCode": "INVALID_PARAMETER",
    }
    httpserver.expect_request(PATH).respond_with_data(
        json.dumps({"o:errorDetails": [detail]}), 400, content_type="application/json"
    )

    with pytest.raises(UnknownIdentifier):
        await sales_orders_by(suiteql, "custbody_none", ["X"])


async def test_lots_are_found_by_their_text(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        lambda _: page([{"id": "3", "item": "20", "inventorynumber": "LOT-1"}])
    )

    found = await lots_by_number(suiteql, ["LOT-1", "LOT-2"])

    assert [(lot.id, lot.item, lot.inventorynumber) for lot in found] == [("3", "20", "LOT-1")]
    assert asked(httpserver)[0][1] == ["LOT-1", "LOT-2"]


async def test_the_members_of_kits_are_read_by_kit(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [
        {"parentitem": "601", "item": "501", "quantity": "2", "itemtype": "InvtPart"},
        {"parentitem": "601", "item": "502", "quantity": "1"},
    ]
    httpserver.expect_request(PATH).respond_with_json(
        {"count": 2, "hasMore": False, "totalResults": 2, "items": rows}
    )

    found = await kit_members(suiteql, ["601", "602"])

    assert found == {
        "601": (
            KitMember(parentitem="601", item="501", quantity=Decimal(2), itemtype="InvtPart"),
            KitMember(parentitem="601", item="502", quantity=Decimal(1)),
        )
    }
