import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.errors import NeedsHuman, Retryable, Unreadable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.session import NetSuiteSession
from ml_connector.netsuite.suiteql import PAGE_ROWS, SuiteQL, query_call
from ml_connector.transport.call import Patience, Priority
from ml_connector.transport.spoiled import SpoiledRow, gathering
from ml_connector.words import Cause

PATH = "/services/rest/query/v1/suiteql"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    n: int = 0
    quantity: Decimal | None = None
    closed: Flag = Flag.F
    on: date | None = None
    units: str | None = None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    count: int


def page(
    items: list[dict[str, Any]], *, more: bool = False, total: int | None = None
) -> dict[str, Any]:
    return {
        "links": [],
        "count": len(items),
        "hasMore": more,
        "totalResults": total if total is not None else len(items),
        "items": [{"links": [], **item} for item in items],
    }


def unknown(name: str) -> dict[str, Any]:
    text = (
        "Invalid search query. Detailed unprocessed description follows. Search error occurred:"
        f" Unknown identifier '{name}'. Available identifiers are: {{t=t}}."
    )
    detail = {"detail": text, "o:errorQueryParam": "q", "o:errorCode": "INVALID_PARAMETER"}
    return {"status": 400, "o:errorDetails": [detail]}


def asked(httpserver: HTTPServer) -> list[dict[str, Any]]:
    return [json.loads(request.data) for request, _ in httpserver.log]


def test_the_request_is_the_one_of_the_reference(
    reference: Path, session: NetSuiteSession
) -> None:
    samples = json.loads((reference / "netsuite/samples/suiteql.json").read_text())
    sample = samples["bound_parameters"]["request"]
    account = Account.of("1234567_SB1")

    call = query_call(
        session,
        account,
        "SELECT id, itemid FROM item WHERE id BETWEEN ? AND ?",
        (-7, "0"),
        offset=0,
        operation="suiteql.items",
        priority=Priority.BULK,
    )

    assert call.method == "POST"
    assert call.url == f"{account.base_url}{sample['path']}?limit=1000&offset=0"
    assert json.loads(call.body or b"") == sample["body"]
    assert call.headers["Prefer"] == sample["headers"]["Prefer"]
    assert call.headers["Content-Type"] == "application/json"
    assert call.patience is Patience.QUERY
    assert call.repeatable
    assert call.priority is Priority.BULK


async def test_the_headers_and_address_that_are_sent(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(
        PATH,
        method="POST",
        query_string="limit=1000&offset=0",
        headers={"Prefer": "transient", "Authorization": "Bearer token-1"},
        json={"q": "SELECT id FROM item"},
    ).respond_with_json(page([]))

    assert await suiteql.rows("SELECT id FROM item", type=Row) == []


async def test_the_answer_of_the_reference_is_read(
    reference: Path, httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    sample = json.loads((reference / "netsuite/samples/suiteql.json").read_text())["basic"]
    httpserver.expect_request(PATH).respond_with_json(sample["response"]["body"])

    rows = await suiteql.rows(sample["request"]["body"]["q"], type=Counted)

    assert [row.count for row in rows] == [143, 144, 145]
    assert rows[0].email == "test@netsuite.com"


async def test_values_are_typed_and_missing_ones_are_null(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(
        page(
            [
                {"ID": "7", "N": "3", "quantity": "40.50", "closed": "T", "on": "2026-11-20"},
                {"id": "8", "quantity": None},
            ]
        )
    )

    rows = await suiteql.rows("SELECT x FROM item", type=Row)

    assert rows == [
        Row(id="7", n=3, quantity=Decimal("40.50"), closed=Flag.T, on=date(2026, 11, 20)),
        Row(id="8"),
    ]


async def test_a_row_of_another_shape_is_reported_not_guessed(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "7", "closed": "maybe"}]))

    with pytest.raises(NeedsHuman) as caught:
        await suiteql.rows("SELECT x FROM item", type=Row)

    assert caught.value.cause is Cause.EVENT_UNREADABLE
    assert "closed" in str(caught.value)


async def test_an_answer_that_is_no_json_is_tried_again(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_data("{", content_type="application/json")

    with pytest.raises(Retryable):
        await suiteql.rows("SELECT x FROM item", type=Row)


async def test_a_few_pages_are_read_by_offset(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    full = [{"id": str(number)} for number in range(1000)]
    httpserver.expect_request(PATH, query_string="limit=1000&offset=0").respond_with_json(
        page(full, more=True, total=1001)
    )
    httpserver.expect_request(PATH, query_string="limit=1000&offset=1000").respond_with_json(
        page([{"id": "1000"}], total=1001)
    )

    rows = await suiteql.rows("SELECT id FROM item ORDER BY id", type=Row)

    assert [int(row.id) for row in rows] == list(range(1001))


async def test_rows_that_change_between_two_pages_are_not_trusted(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH, query_string="limit=1000&offset=0").respond_with_json(
        page([{"id": "1"}], more=True, total=1001)
    )
    httpserver.expect_request(PATH, query_string="limit=1000&offset=1000").respond_with_json(
        page([{"id": "2"}], total=1002)
    )

    with pytest.raises(Retryable, match="changed"):
        await suiteql.rows("SELECT id FROM item ORDER BY id", type=Row)


async def test_several_pages_without_an_order_are_a_fault(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "1"}], more=True))

    with pytest.raises(ValueError, match="ORDER BY"):
        await suiteql.rows("SELECT id FROM item", type=Row)


KEYSET = "SELECT t.id FROM transaction t WHERE t.type = ? AND t.id > ? ORDER BY t.id"


async def test_pages_go_on_after_the_last_key(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    full = [{"id": str(number)} for number in range(1, 1001)]
    httpserver.expect_request(
        PATH, json={"q": KEYSET, "params": ["PurchOrd", "0"]}
    ).respond_with_json(page(full, more=True))
    httpserver.expect_request(
        PATH, json={"q": KEYSET, "params": ["PurchOrd", "1000"]}
    ).respond_with_json(page([{"id": "1005"}]))

    pages = [
        [int(row.id) for row in rows]
        async for rows in suiteql.pages(
            KEYSET, ("PurchOrd",), type=Row, start=(0,), key=lambda row: (row.id,)
        )
    ]

    assert [len(rows) for rows in pages] == [1000, 1]
    assert pages[1] == [1005]
    assert all("offset=0" in request.url for request, _ in httpserver.log)


async def test_no_rows_make_no_page(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([]))

    pages = [
        rows
        async for rows in suiteql.pages(
            KEYSET, ("PurchOrd",), type=Row, start=(0,), key=lambda row: (row.id,)
        )
    ]

    assert pages == []


async def test_pages_that_stand_still_do_not_go_on_for_ever(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "1"}], more=True))

    with pytest.raises(Retryable, match="forward"):
        async for _ in suiteql.pages(
            KEYSET, ("PurchOrd",), type=Row, start=(0,), key=lambda row: (row.id,)
        ):
            pass


async def test_an_optional_column_that_the_account_lacks_is_dropped_and_remembered(
    httpserver: HTTPServer, suiteql: SuiteQL, now: list[float]
) -> None:
    query = "SELECT t.id[, t.units] FROM item t"
    with_units = {"q": "SELECT t.id, t.units FROM item t"}
    without_units = {"q": "SELECT t.id FROM item t"}
    httpserver.expect_request(PATH, json=with_units).respond_with_json(
        unknown("units"), status=400
    )
    httpserver.expect_request(PATH, json=without_units).respond_with_json(page([{"id": "1"}]))

    first = await suiteql.rows(query, type=Row)
    second = await suiteql.rows(query, type=Row)
    now[0] += 7 * 3600
    await suiteql.rows(query, type=Row)

    assert first == second == [Row(id="1")]
    assert asked(httpserver) == [
        with_units,
        without_units,
        without_units,
        with_units,
        without_units,
    ]


async def test_a_required_column_that_the_account_lacks_is_reported(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(unknown("id"), status=400)

    with pytest.raises(UnknownIdentifier) as caught:
        await suiteql.rows("SELECT t.id[, t.units] FROM item t", type=Row)

    assert caught.value.identifier == "id"
    assert len(httpserver.log) == 1


async def test_long_lists_are_asked_for_in_parts(httpserver: HTTPServer, suiteql: SuiteQL) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "1"}]))

    rows = await suiteql.rows_in(
        "SELECT id FROM item WHERE id IN ({list})",
        [str(number) for number in range(1500)],
        type=Row,
    )

    assert len(rows) == 2
    assert [len(body["params"]) for body in asked(httpserver)] == [1000, 500]


async def test_a_list_that_stands_twice_is_the_same_in_both_places(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "1"}]))

    await suiteql.rows_in(
        "SELECT id FROM item WHERE id IN ({list}) OR externalid IN ({list})",
        ["7", "8", "7"],
        type=Row,
    )

    [body] = asked(httpserver)
    assert body["q"].endswith("id IN (?, ?) OR externalid IN (?, ?)")
    assert body["params"] == ["7", "8", "7", "8"]


async def test_a_value_in_the_text_of_a_query_is_never_sent(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    with pytest.raises(ValueError, match="parameter"):
        await suiteql.rows("SELECT id FROM item WHERE itemid = 'SKU-1'", type=Row)

    assert not httpserver.log


async def test_a_missing_permission_is_classified(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    detail = {"detail": "You do not have permission.", "o:errorCode": "USER_ERROR"}
    httpserver.expect_request(PATH).respond_with_json({"o:errorDetails": [detail]}, status=400)

    with pytest.raises(NeedsHuman) as caught:
        await suiteql.rows("SELECT id FROM item", type=Row)

    assert caught.value.cause is Cause.PERMISSION_MISSING


async def test_columns_named_in_upper_case_are_read_as_well(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [{"ID": "1", "N": "5", "UNITS": "7"}, {"ID": "2"}]
    httpserver.expect_request(PATH).respond_with_json(page(rows))

    assert await suiteql.rows("SELECT id, n, units FROM item", type=Row) == [
        Row(id="1", n=5, units="7"),
        Row(id="2"),
    ]


async def test_a_null_that_is_not_left_out_is_a_null(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [{"id": "1", "n": None, "closed": None, "units": None}]
    httpserver.expect_request(PATH).respond_with_json(page(rows))

    assert await suiteql.rows("SELECT id, n, closed, units FROM item", type=Row) == [Row(id="1")]


async def read_into(read: list[str], suiteql: SuiteQL) -> None:
    async for some in suiteql.pages(
        "SELECT id FROM item WHERE id > ? ORDER BY id",
        type=Row,
        start=(0,),
        key=lambda row: (int(row.id),),
    ):
        read += [row.id for row in some]


async def test_a_row_that_cannot_be_read_keeps_no_page_from_being_read(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "7"},
        {"id": "8", "n": "many"},
        {"id": "9", "quantity": {"value": 1}},
    ]
    httpserver.expect_ordered_request(PATH).respond_with_json(page(rows, more=True))
    httpserver.expect_ordered_request(PATH).respond_with_json(page([{"id": "10"}]))
    read: list[str] = []

    with pytest.raises(Unreadable, match=r"id 8: .*`\$\.n`.*id 9: .*`\$\.quantity`"):
        await read_into(read, suiteql)

    assert read == ["7", "10"]
    assert [one["params"] for one in asked(httpserver)] == [["0"], ["7"]]


def by_keyset(rows: list[dict[str, Any]]) -> Callable[[Request], Response]:
    """Answer as NetSuite does: the rows with a greater id, a page from the offset on."""

    def answer(request: Request) -> Response:
        after = int(request.get_json()["params"][0])
        offset = int(request.args["offset"])
        left = [row for row in rows if int(row["id"]) > after]
        some = left[offset : offset + PAGE_ROWS]
        body = page(some, more=len(left) > offset + PAGE_ROWS, total=len(left))
        return Response(json.dumps(body), content_type="application/json")

    return answer


ODD = {"n": "many"}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(range(1, 1001), id="the first page"),
        pytest.param(range(2001, 3001), id="a page between"),
        pytest.param(range(500, 3700), id="many pages from within one into another"),
        pytest.param(range(3001, 4001), id="the last page"),
        pytest.param(range(1, 4001), id="all there are"),
    ],
)
async def test_pages_of_nothing_but_spoiled_rows_hide_no_row_behind_them(
    httpserver: HTTPServer, suiteql: SuiteQL, odd: range
) -> None:
    rows = [{"id": str(one), **(ODD if one in odd else {})} for one in range(1, 4001)]
    httpserver.expect_request(PATH).respond_with_handler(by_keyset(rows))
    read: list[str] = []
    spoiled: list[SpoiledRow] = []
    with gathering(spoiled):
        await read_into(read, suiteql)

    assert read == [str(one) for one in range(1, 4001) if one not in odd]
    assert [one.ids["id"] for one in spoiled] == [str(one) for one in odd]
    assert len(httpserver.log) <= 4000 / PAGE_ROWS + 3


async def test_a_page_of_spoiled_rows_that_comes_again_and_again_ends_the_list(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_json(page([{"id": "8", "n": "many"}], more=True))

    with pytest.raises(Unreadable):
        await read_into([], suiteql)
    assert len(asked(httpserver)) == 2


async def test_a_row_whose_key_is_no_number_is_one_that_cannot_be_read(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows = [{"id": "7"}, {"id": "8a"}]
    httpserver.expect_ordered_request(PATH).respond_with_json(page(rows, more=True))
    httpserver.expect_ordered_request(PATH).respond_with_json(page([{"id": "9"}]))
    read: list[str] = []

    with pytest.raises(Unreadable, match=r"id 8a: its key: .*'8a'"):
        await read_into(read, suiteql)

    assert read == ["7", "9"]
