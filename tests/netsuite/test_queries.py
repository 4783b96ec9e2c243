import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.errors import Retryable
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries import purchase_orders, setup
from ml_connector.netsuite.queries.items import items_by_sku
from ml_connector.netsuite.queries.transactions import (
    transactions_by_external_id,
    transactions_by_memo_tag,
)
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reads.locations import LocationReads

if TYPE_CHECKING:
    from ml_connector.netsuite.client import NetSuite

PATH = "/services/rest/query/v1/suiteql"
Rows = list[dict[str, Any]]


def answering(*pages: Rows) -> Callable[[Request], Response]:
    """Answer the first query with the first page, and so on."""
    left = iter(pages)

    def answer(_: Request) -> Response:
        items = [{"links": [], **row} for row in next(left)]
        body = {"count": len(items), "hasMore": False, "totalResults": len(items), "items": items}
        return Response(json.dumps(body), content_type="application/json")

    return answer


def asked(httpserver: HTTPServer) -> list[tuple[str, list[str]]]:
    bodies = [json.loads(request.data) for request, _ in httpserver.log]
    return [(" ".join(body["q"].split()), body.get("params", [])) for body in bodies]


def unknown_table(name: str) -> dict[str, Any]:
    detail = {
        "detail": f"Invalid search query. Search error occurred: Record '{name}' was not found.",
        "o:errorQueryParam": "q",
        "o:errorCode": "INVALID_PARAMETER",
    }
    return {"o:errorDetails": [detail]}


async def test_items_are_found_by_their_exact_sku(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        answering(
            [
                {"id": "20", "itemid": "SKU-20", "fullname": "SKU-20", "itemtype": "InvtPart"},
                {
                    "id": "21",
                    "itemid": "LOT-1",
                    "itemtype": "InvtPart",
                    "islotitem": "T",
                    "isinactive": "F",
                },
            ]
        )
    )

    found = await items_by_sku(suiteql, ["SKU-20", "LOT-1", "O'Brien"])

    ((query, params),) = asked(httpserver)
    assert set(found) == {"SKU-20", "LOT-1"}
    assert found["LOT-1"][0].islotitem is Flag.T
    assert found["SKU-20"][0].stockunit is None
    assert "WHERE i.itemid IN (?, ?, ?)" in query
    assert params == ["SKU-20", "LOT-1", "O'Brien"]


async def test_a_matrix_child_is_found_by_its_full_name(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    child = {
        "id": "31",
        "itemid": "TEE-M",
        "fullname": "TEE : TEE-M",
        "itemtype": "InvtPart",
    }
    httpserver.expect_request(PATH).respond_with_handler(answering([], [child]))

    found = await items_by_sku(suiteql, ["TEE : TEE-M", "SKU-1"])

    assert [item.id for item in found["TEE : TEE-M"]] == ["31"]
    assert asked(httpserver)[1][1] == ["TEE : TEE-M"]


async def test_two_items_of_one_sku_are_both_told(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        answering([{"id": n, "itemid": "X", "itemtype": "InvtPart"} for n in ("1", "2")])
    )

    found = await items_by_sku(suiteql, ["X"])

    assert [item.id for item in found["X"]] == ["1", "2"]


async def test_no_sku_is_no_query(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    assert await items_by_sku(suiteql, []) == {}
    assert not httpserver.log


HEADER = {
    "id": "2173",
    "tranid": "PO45723",
    "status": "D",
    "entity": "1722",
    "location": "6",
    "trandate": "2026-11-02",
    "lastmodified": "2026-11-19T15:23:00",
}
LINE = {
    "transaction": "2173",
    "item": "20",
    "itemid": "SKU-20",
    "itemtype": "InvtPart",
    "isclosed": "F",
    "location": "6",
}


async def test_a_purchase_order_comes_with_its_lines(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    lines = [
        {**LINE, "line": "10", "quantity": "5", "quantityshiprecv": "0", "isclosed": "T"},
        {**LINE, "line": "2", "quantity": "100", "quantityshiprecv": "40"},
        {**LINE, "line": "4", "quantity": "3", "quantityshiprecv": "3"},
        {**LINE, "line": "5", "quantity": "3", "quantityshiprecv": "4"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering([HEADER], lines))

    found = await purchase_orders.purchase_orders_by_number(suiteql, ["PO45723", "PO-NONE"])

    (order,) = found["PO45723"]
    headers_query, lines_query = asked(httpserver)
    assert set(found) == {"PO45723"}
    assert (order.id, order.status, order.entity, order.location) == ("2173", "D", "1722", "6")
    assert order.trandate == date(2026, 11, 2)
    assert [line.line for line in order.lines] == [2, 4, 5, 10]
    assert [line.open_quantity for line in order.lines] == [60, 0, 0, 0]
    assert [line.line for line in order.open_lines] == [2]
    assert headers_query[1] == ["PO45723", "PO-NONE"]
    assert lines_query[1] == ["2173"]
    assert "l.mainline = 'F'" in lines_query[0]


async def test_lines_of_items_that_are_not_seen_are_kept_apart(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    hidden = {"transaction": "2173", "item": "99", "line": "3", "quantity": "7"}
    lines = [{**LINE, "line": "2", "quantity": "5"}, hidden]
    httpserver.expect_request(PATH).respond_with_handler(answering([HEADER], lines, lines))

    found = await purchase_orders.purchase_orders_by_number(suiteql, ["PO45723"])
    by_order = await purchase_orders.order_lines(suiteql, ["2173"])

    [order] = found["PO45723"]
    assert [line.line for line in order.lines] == [2]
    assert [(line.line, line.item, line.open_quantity) for line in order.unseen] == [
        (3, "99", Decimal(7))
    ]
    assert [line.line for line in by_order["2173"]] == [2]


@pytest.mark.parametrize(
    ("says", "can"),
    [
        ({"itemtype": "InvtPart", "isfulfillable": "F"}, True),
        ({"itemtype": "NonInvtPart"}, True),
        ({"itemtype": "NonInvtPart", "isfulfillable": "F"}, False),
        ({"itemtype": "Service"}, False),
        ({"itemtype": "Service", "isfulfillable": "T"}, True),
        ({"itemtype": "Description"}, False),
        ({"itemtype": "", "itemid": ""}, True),
    ],
)
def test_a_line_can_be_received_as_its_item_says(says: dict[str, str], can: bool) -> None:  # noqa: FBT001 - drawn
    line = msgspec.convert({**LINE, "line": "1", **says}, purchase_orders.OrderLine, strict=False)

    assert line.can_be_received is can


async def test_an_order_that_is_not_there_costs_one_query(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering([]))

    assert await purchase_orders.purchase_orders_by_number(suiteql, ["PO-NONE"]) == {}
    assert len(httpserver.log) == 1


async def test_two_orders_of_one_number_are_both_told(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        answering([HEADER, {**HEADER, "id": "2174"}], [])
    )

    found = await purchase_orders.purchase_orders_by_number(suiteql, ["PO45723"])

    assert [order.id for order in found["PO45723"]] == ["2173", "2174"]


async def test_columns_that_the_account_lacks_do_not_stop_the_lines(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    def answer(request: Request) -> Response:
        query = json.loads(request.data)["q"]
        for column in ("assemblycomponent", "units"):
            if f"l.{column}" in query:
                detail = {
                    "detail": f"Search error occurred: Unknown identifier '{column}'.",
                    "o:errorCode": "INVALID_PARAMETER",
                }
                body = json.dumps({"o:errorDetails": [detail]})
                return Response(body, 400, content_type="application/json")
        return answering([{**LINE, "line": "1", "quantity": "5"}])(request)

    httpserver.expect_request(PATH).respond_with_handler(answer)

    lines = await purchase_orders.order_lines(suiteql, ["2173"])
    again = await purchase_orders.order_lines(suiteql, ["2173"])

    assert lines == again
    assert lines["2173"][0].open_quantity == Decimal(5)
    assert lines["2173"][0].units is None
    assert len(httpserver.log) == 4


async def test_transactions_are_found_by_external_id(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    row = {
        "id": "5002",
        "type": "ItemRcpt",
        "externalid": "mlc-ir-1-1",
        "createdfrom": "2173",
        "trandate": "2026-11-20",
    }
    httpserver.expect_request(PATH).respond_with_handler(answering([row]))

    found = await transactions_by_external_id(suiteql, ["mlc-ir-1-1", "mlc-ir-1-2"])

    assert set(found) == {"mlc-ir-1-1"}
    assert found["mlc-ir-1-1"].createdfrom == "2173"
    assert asked(httpserver)[0][1] == ["mlc-ir-1-1", "mlc-ir-1-2"]


async def test_a_memo_tag_is_compared_exactly(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    rows = [
        {"id": "1", "type": "ItemRcpt", "memo": "WRO 1 [mlc:ir_1]"},
        {"id": "2", "type": "ItemRcpt", "memo": "WRO 1 [mlc:irx1]"},
        {"id": "3", "type": "ItemRcpt"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows))

    found = await transactions_by_memo_tag(suiteql, "[mlc:ir_1]", "ItemRcpt")

    assert [transaction.id for transaction in found] == ["1"]
    assert asked(httpserver)[0][1] == ["ItemRcpt", "%[mlc:ir_1]%"]


async def test_receipts_of_an_order_name_the_line_they_receive(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    receipts = [
        {
            "id": "5002",
            "createdfrom": "2173",
            "line": "1",
            "item": "20",
            "quantity": "40",
            "externalid": "mlc-ir-1-1",
            "trandate": "2026-11-20",
            "createddate": "2026-11-21",
            "order_line": "4",
        },
        {"id": "5003", "createdfrom": "2174", "line": "1", "item": "21", "quantity": "2"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(receipts))

    found = await purchase_orders.received_by_receipts(suiteql, ["2173", "2174", "2175"])

    assert {
        order: [(line.id, line.order_line, line.quantity) for line in lines]
        for order, lines in found.items()
    } == {"2173": [("5002", 4, Decimal(40))], "2174": [("5003", None, Decimal(2))]}
    assert [params for _, params in asked(httpserver)] == [["2173", "2174", "2175"]]


async def test_a_line_of_a_receipt_that_several_links_name_counts_once(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    line = {"id": "5002", "createdfrom": "2173", "line": "1", "item": "20", "quantity": "40"}
    rows = [{**line, "order_line": "4"}, {**line, "order_line": "7"}, {**line, "line": "2"}]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows))

    found = await purchase_orders.received_by_receipts(suiteql, ["2173"])

    assert [(one.line, one.order_line) for one in found["2173"]] == [(1, 4), (2, None)]


async def test_an_order_without_receipts_has_none(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering([]))

    assert await purchase_orders.received_by_receipts(suiteql, ["2173"]) == {}
    assert len(httpserver.log) == 1


async def test_periods_say_what_may_still_be_posted(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    october = {
        "id": "193",
        "periodname": "Oct 2026",
        "startdate": "2026-10-01",
        "enddate": "2026-10-31",
    }
    rows = [
        {**october, "closed": "T", "alllocked": "T", "aplocked": "T"},
        {**october, "id": "194", "closed": "F", "alllocked": "F", "aplocked": "T"},
        {**october, "id": "195", "closed": "F", "alllocked": "T", "aplocked": "F"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows))

    found = await setup.periods(suiteql, date(2026, 10, 12))

    assert [period.open_for_stock for period in found] == [False, True, False]
    assert [period.open_for_bills for period in found] == [False, False, False]
    assert found[0].enddate == date(2026, 10, 31)
    assert asked(httpserver)[0][1] == ["2026-10-12"]


async def test_adjusting_periods_are_told_by_their_days_where_no_column_shows_them(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    december = {
        "id": "195",
        "periodname": "Dec 2026",
        "startdate": "2026-12-01",
        "enddate": "2026-12-31",
    }
    last_day = {**december, "id": "196", "periodname": "Adj", "startdate": "2026-12-31"}
    answer = answering([december, last_day])

    def lacking(request: Request) -> Response:
        if "isadjust" in json.loads(request.data)["q"]:
            detail = "Search error occurred: Unknown identifier 'isadjust'."
            error = {"detail": detail, "o:errorCode": "INVALID_PARAMETER"}
            body = json.dumps({"o:errorDetails": [{**error, "o:errorQueryParam": "q"}]})
            return Response(body, status=400, content_type="application/json")
        return answer(request)

    httpserver.expect_request(PATH).respond_with_handler(lacking)

    found = await setup.periods(suiteql, date(2026, 12, 12))

    assert [period.periodname for period in found] == ["Dec 2026"]


async def test_periods_hidden_from_the_role_are_reported(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(
        unknown_table("accountingperiod"), status=400
    )

    with pytest.raises(UnknownIdentifier) as caught:
        await setup.periods(suiteql, date(2026, 10, 12))

    assert caught.value.kind == "table"


async def test_locations_that_exist_are_returned(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        answering([{"id": "6", "name": "ShipBob", "isinactive": "F", "usebins": "T"}])
    )

    found = await setup.locations(suiteql, ["6", "7"])

    assert set(found) == {"6"}
    assert found["6"].usebins
    assert found["6"].subsidiary is None


async def test_the_account_tells_its_own_time(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    httpserver.expect_request(PATH).respond_with_handler(
        answering([{"now": "2026-11-20 03:00:00"}])
    )

    assert await setup.account_clock(suiteql) == "2026-11-20 03:00:00"
    assert "FROM DUAL" in asked(httpserver)[0][0]


async def test_an_account_without_a_time_is_asked_again(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering([]))

    with pytest.raises(Retryable):
        await setup.account_clock(suiteql)


async def test_locations_show_which_subsidiaries_they_belong_to(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [
        {"id": "6", "name": "One", "subsidiary": "3"},
        {"id": "7", "name": "Two", "subsidiary": "1, 3"},
        {"id": "8", "name": "None"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows))
    reads = LocationReads(
        cast("NetSuite", SimpleNamespace(query=suiteql)), {"228": "6", "10": "7"}, ["8"]
    )
    found = await reads.subsidiaries([])
    again = await reads.subsidiaries([])

    assert found == again == {"6": ("3",), "7": ("1", "3")}
    assert [params for _, params in asked(httpserver)] == [["6", "7", "8"]]
    assert (reads.of_center(228), reads.of_center(11)) == ("6", None)


async def test_a_role_that_sees_no_locations_sees_no_subsidiaries(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    body = json.dumps(unknown_table("location"))
    httpserver.expect_request(PATH).respond_with_data(body, 400, content_type="application/json")
    reads = LocationReads(cast("NetSuite", SimpleNamespace(query=suiteql)), {"228": "6"})

    assert await reads.subsidiaries([]) == {}
