import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries import return_authorizations
from ml_connector.netsuite.queries.return_authorizations import AuthorizationLine
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.words import Cause

PATH = "/services/rest/query/v1/suiteql"
TRANSFORM = "/services/rest/record/v1/salesOrder/766/!transform/returnAuthorization"
Rows = list[dict[str, Any]]

HEADER = {"id": "901", "tranid": "RMA-20017", "status": "B", "entity": "41"}
LINE = {"transaction": "901", "item": "501", "isclosed": "F", "location": "6"}


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


async def test_an_authorization_is_found_by_its_number_with_its_lines(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    lines = [
        {**LINE, "line": "7", "quantity": "-2", "quantityshiprecv": "0"},
        {**LINE, "line": "2", "quantity": "-5", "quantityshiprecv": "3"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering([HEADER], lines))

    [found] = await return_authorizations.by_name(suiteql, ["RMA-20017", "O'Brien"])
    (headers, values), (line_query, ids) = asked(httpserver)

    assert (found.id, found.tranid, found.status) == ("901", "RMA-20017", "B")
    assert [line.line for line in found.lines] == [2, 7]
    assert "t.type = 'RtnAuth' AND (t.tranid IN (?, ?) OR t.externalid IN (?, ?)) ORDER" in headers
    assert values == ["RMA-20017", "O'Brien", "RMA-20017", "O'Brien"]
    assert "l.mainline = 'F'" in line_query
    assert ids == ["901"]


async def test_an_authorization_is_found_by_its_external_id(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    header = {**HEADER, "externalid": "mlc-ra-55012", "createdfrom": "766"}
    httpserver.expect_request(PATH).respond_with_handler(answering([header], []))

    [found] = await return_authorizations.by_name(suiteql, ["mlc-ra-55012"])

    assert (found.externalid, found.createdfrom, found.lines) == ("mlc-ra-55012", "766", ())
    assert "t.externalid IN (?)" in asked(httpserver)[0][0]


async def test_nothing_to_look_for_or_nothing_found_costs_no_further_query(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering([]))

    assert await return_authorizations.by_name(suiteql, []) == []
    assert not httpserver.log
    assert await return_authorizations.by_name(suiteql, ["RMA-NONE"]) == []
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("received_sign", [1, -1])
def test_quantities_mean_the_same_with_either_sign(sign: int, received_sign: int) -> None:
    line = AuthorizationLine(
        transaction="901",
        line=1,
        item="501",
        quantity=Decimal(5 * sign),
        quantityshiprecv=Decimal(2 * received_sign),
    )

    assert [int(n) for n in (line.authorized, line.received, line.open_quantity)] == [5, 2, 3]


@pytest.mark.parametrize(("received", "authorized"), [(0, 0), (2, 2)])
def test_a_closed_line_expects_nothing_more(received: int, authorized: int) -> None:
    line = AuthorizationLine(
        transaction="901",
        line=1,
        item="501",
        quantity=Decimal(-5),
        quantityshiprecv=Decimal(received),
        isclosed=Flag.T,
    )

    assert [int(n) for n in (line.authorized, line.open_quantity)] == [authorized, 0]


async def test_authorizations_of_an_order_say_which_line_of_it_they_stand_for(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    header = {**HEADER, "createdfrom": "766"}
    lines = [
        {**LINE, "line": "1", "quantity": "-1", "quantityshiprecv": "1"},
        {**LINE, "line": "2", "quantity": "-1"},
    ]
    links = [{"previousline": "4", "nextdoc": "901", "nextline": "1"}]
    httpserver.expect_request(PATH).respond_with_handler(answering([header], lines, links))

    [found] = await return_authorizations.from_order(suiteql, "766")
    queries = asked(httpserver)

    assert [line.order_line for line in found.lines] == [4, None]
    assert "(m.createdfrom IN (?) OR om.createdfrom IN (?))" in queries[0][0]
    assert queries[0][1] == ["766", "766"]
    assert "k.nexttype = 'RtnAuth'" in queries[2][0]
    assert queries[2][1] == ["766"]


async def test_what_was_received_is_told_by_authorization(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [
        {
            "id": "5003",
            "tranid": "IR7",
            "externalid": "mlc-ir-ret-55012-1",
            "createdfrom": "901",
            "trandate": "2026-11-24",
            "line": "1",
            "item": "501",
            "quantity": "2",
            "location": "6",
        },
        {"id": "5004", "createdfrom": "902", "line": "1", "item": "502", "quantity": "1"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows))

    found = await return_authorizations.received(suiteql, ["901", "902"])
    ((query, values),) = asked(httpserver)

    assert [(line.tranid, line.quantity, line.location) for line in found["901"]] == [
        ("IR7", Decimal(2), "6")
    ]
    assert found["902"][0].externalid is None
    assert "l.quantity > 0" in query
    assert values == ["901", "902"]


async def test_columns_that_the_account_lacks_do_not_stop_the_lines(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    def answer(request: Request) -> Response:
        query = json.loads(request.data)["q"]
        for column in ("l.units", "i.stockunit", "l.assemblycomponent"):
            if column in query:
                detail = {
                    "detail": f"Unknown identifier '{column}'.",
                    "o:errorCode": "INVALID_PARAMETER",
                    "o:errorQueryParam": "q",
                }
                return Response(
                    json.dumps({"o:errorDetails": [detail]}), 400, content_type="application/json"
                )
        rows = [{**LINE, "line": "1", "quantity": "-5"}] if "l.item" in query else [HEADER]
        return answering(rows)(request)

    httpserver.expect_request(PATH).respond_with_handler(answer)
    [found] = await return_authorizations.by_name(suiteql, ["RMA-20017"])

    assert found.lines[0].open_quantity == 5
    assert found.lines[0].units is None


async def test_a_table_that_the_role_may_not_see_is_named(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    detail = {
        "detail": "Search error occurred: Record 'transaction' was not found.",
        "o:errorCode": "INVALID_PARAMETER",
        "o:errorQueryParam": "q",
    }
    httpserver.expect_request(PATH).respond_with_json({"o:errorDetails": [detail]}, 400)

    with pytest.raises(UnknownIdentifier):
        await return_authorizations.received(suiteql, ["901"])


# The transform that makes an authorization


BODY = {
    "externalId": "mlc-ra-55012",
    "orderStatus": {"id": "B"},
    "item": {"items": [{"orderLine": 1, "quantity": 1}]},
}


async def test_an_authorization_is_made_with_the_lines_of_the_body_and_no_others(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    location = f"{httpserver.url_for('/services/rest/record/v1')}/returnAuthorization/901"
    httpserver.expect_request(TRANSFORM).respond_with_data("", 204, headers={"Location": location})
    made = await client.transform(
        "salesOrder", "766", "returnAuthorization", BODY, replace=("item",), send_by=None
    )
    [(request, _)] = httpserver.log

    assert made.id == "901"
    assert (request.method, request.query_string) == ("POST", b"replace=item")
    assert request.headers["X-NetSuite-PropertyNameValidation"] == "Error"
    assert json.loads(request.data) == BODY


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ((403, "INSUFFICIENT_PERMISSION"), (NeedsHuman, Cause.PERMISSION_MISSING)),
        ((429, "CONCURRENCY_LIMIT_EXCEEDED"), (Retryable, Cause.RATE_LIMITED)),
    ],
)
async def test_an_authorization_that_is_refused_is_classified(
    httpserver: HTTPServer,
    client: NetSuite,
    answer: tuple[int, str],
    failure: tuple[type[NeedsHuman | Retryable], Cause],
) -> None:
    status, code = answer
    kind, cause = failure
    details = {"o:errorDetails": [{"detail": "No.", "o:errorCode": code}]}
    httpserver.expect_request(TRANSFORM).respond_with_json(details, status)

    with pytest.raises(kind) as refused:
        await client.transform(
            "salesOrder", "766", "returnAuthorization", BODY, replace=("item",), send_by=None
        )
    assert refused.value.cause is cause
