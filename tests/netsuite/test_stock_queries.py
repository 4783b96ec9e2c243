import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.queries import month, stock
from ml_connector.netsuite.suiteql import SuiteQL

PATH = "/services/rest/query/v1/suiteql"
ROW = {"item": "501", "itemid": "TEE", "location": "6", "quantityonhand": "12"}


def rows(*items: dict[str, Any]) -> Response:
    body = {
        "count": len(items),
        "hasMore": False,
        "items": [{"links": [], **one} for one in items],
    }
    return Response(json.dumps(body), content_type="application/json")


def unknown(table: str) -> Response:
    detail = {
        "detail": f"Invalid search query. Search error occurred: Record '{table}' was not found.",
        "o:errorQueryParam": "q",
        "o:errorCode": "INVALID_PARAMETER",
    }
    body = json.dumps({"o:errorDetails": [detail]})
    return Response(body, status=400, content_type="application/json")


def lacking(httpserver: HTTPServer, *tables: str) -> list[tuple[str, list[str]]]:
    """Answer queries as an account without these tables; return what is asked as it comes."""
    asked: list[tuple[str, list[str]]] = []

    def answer(request: Request) -> Response:
        body = json.loads(request.data)
        asked.append((" ".join(body["q"].split()), body["params"]))
        return next((unknown(one) for one in tables if one in body["q"]), rows(ROW))

    httpserver.expect_request(PATH).respond_with_handler(answer)
    return asked


async def test_what_is_on_hand_is_asked_for_all_locations_at_once(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    asked = lacking(httpserver)
    [[found]] = [page async for page in stock.on_hand(suiteql, ["7", "6"])]

    [(query, params)] = asked
    assert query == (
        "SELECT s.item, i.itemid, s.location, s.quantityonhand FROM inventoryitemlocations s"
        " JOIN item i ON i.id = s.item WHERE s.location IN (?, ?) AND s.quantityonhand <> 0"
        " AND (s.item > ? OR (s.item = ? AND s.location > ?)) ORDER BY s.item, s.location"
    )
    assert params == ["6", "7", "0", "0", "0"]
    assert (found.item, found.quantityonhand) == ("501", Decimal(12))


async def test_an_account_without_the_first_table_is_asked_for_the_second(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    asked = lacking(httpserver, "inventoryitemlocations")
    found = [page async for page in stock.on_hand(suiteql, ["6"])]

    assert len(found) == 1
    assert "FROM aggregateitemlocation s" in asked[-1][0]


async def test_an_account_with_neither_table_says_so(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    lacking(httpserver, "inventoryitemlocations", "aggregateitemlocation")

    with pytest.raises(UnknownIdentifier):
        _ = [page async for page in stock.on_hand(suiteql, ["6"])]


async def test_documents_of_others_are_asked_for_by_item_and_location(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    line = {
        "id": "9001",
        "type": "InvAdjst",
        "tranid": "IA-7",
        "trandate": "2026-11-20",
        "line": "1",
        "item": "501",
        "itemid": "TEE",
        "location": "6",
        "quantity": "-3",
    }
    asked: list[dict[str, Any]] = []

    def answer(request: Request) -> Response:
        asked.append(json.loads(request.data))
        return rows(line)

    httpserver.expect_request(PATH).respond_with_handler(answer)
    found = month.others_of_items(suiteql, ["501", "502"], "6", date(2026, 10, 21))
    [[adjusted]] = [page async for page in found]

    assert asked[0]["params"][:5] == ["501", "502", "6", "mlc-%", "2026-10-21"]
    assert (adjusted.tranid, adjusted.quantity) == ("IA-7", Decimal(-3))


async def test_what_moved_is_summed_up_by_netsuite(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    asked: list[dict[str, Any]] = []
    row = {"item": "501", "itemid": "TEE", "location": "6", "quantity": "-37", "negative": "3"}
    positive = {"item": "502", "itemid": "CAP", "location": "6", "quantity": "5", "shown": "7"}
    against = {**row, "item": "503", "shown": "37"}

    def answer(request: Request) -> Response:
        asked.append(json.loads(request.data))
        return rows(row, positive, against)

    httpserver.expect_request(PATH).respond_with_handler(answer)
    [found] = [
        page
        async for page in stock.moved(suiteql, ["7", "6"], date(2026, 11, 1), date(2026, 12, 1))
    ]

    assert [(one.item, one.location, one.quantity) for one in found] == [
        ("501", "6", Decimal(-37)),
        ("502", "6", Decimal(-2)),
        ("503", "6", Decimal(-37)),
    ]
    assert "SUM(CASE" in asked[0]["q"]
    assert "GROUP BY l.item, i.itemid, l.location" in asked[0]["q"]
    assert asked[0]["params"] == [
        *("6", "7", "Assembly", "InvtPart", "2026-11-01", "2026-12-01"),
        *("0", "0", "0"),
    ]


async def test_of_transactions_that_hold_a_kit_both_are_asked_for(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: Request) -> Response:
        asked.append(json.loads(request.data))
        return rows({"item": "12", "itemid": "SET", "location": "6", "quantity": "-2"})

    httpserver.expect_request(PATH).respond_with_handler(answer)
    days = (date(2026, 11, 1), date(2026, 12, 1))
    [[kits]] = [page async for page in stock.moved_kits(suiteql, ["6"], *days)]
    [[beside]] = [page async for page in stock.moved_beside_kits(suiteql, ["6"], *days)]

    assert (kits.quantity, beside.quantity) == (Decimal(-2), Decimal(-2))
    assert asked[0]["params"][:3] == ["6", "Kit", "Kit"]
    assert asked[1]["params"][:4] == ["6", "Assembly", "InvtPart", "Kit"]
    assert "t.id IN (SELECT k.transaction" in asked[1]["q"]


async def test_without_locations_nothing_is_summed(suiteql: SuiteQL) -> None:
    found = [page async for page in stock.moved(suiteql, [], date(2026, 11, 1), date(2026, 12, 1))]

    assert found == []
