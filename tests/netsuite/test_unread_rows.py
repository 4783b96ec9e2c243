"""What one odd row of NetSuite's keeps from going on, and what not."""

import json
from datetime import date
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.app.chores.awaited_watch import find_appeared
from ml_connector.awaited import AwaitedKind
from ml_connector.errors import Unreadable
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads

PATH = "/services/rest/query/v1/suiteql"


def period(number: int, month: str, last: int, **differ: object) -> dict[str, Any]:
    return {
        "id": str(number),
        "periodname": month,
        "startdate": f"{month}-01",
        "enddate": f"{month}-{last}",
        **differ,
    }


def item(number: int, name: str, **differ: object) -> dict[str, Any]:
    return {"id": str(number), "itemid": name, "itemtype": "InvtPart", **differ}


async def test_an_odd_period_stops_only_what_is_dated_where_nothing_says_it_is_open(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    rows = [period(1, "2026-10", 31, closed={"odd": True}), period(2, "2026-11", 30)]
    httpserver.expect_request(PATH).respond_with_json({"items": rows, "totalResults": 2})
    reads = Reads(None, client)  # type: ignore[arg-type]  # ShipBob is not asked
    november = await reads.periods(date(2026, 11, 20))

    assert [one.periodname for one in november] == ["2026-11"]
    with pytest.raises(Unreadable, match=r"`\$\.closed`"):
        await reads.periods(date(2026, 10, 20))


async def test_an_odd_item_hides_none_that_has_appeared(
    httpserver: HTTPServer, client: NetSuite
) -> None:
    there = {
        "A": item(1, "A"),
        "ODD": item(2, "ODD", itemtype={"odd": True}),
        "B": item(3, "B"),
    }

    def answered(request: Request) -> Response:
        asked = [there[name] for name in request.get_json()["params"] if name in there]
        return Response(json.dumps({"items": asked, "totalResults": len(asked)}))

    httpserver.expect_request(PATH).respond_with_handler(answered)
    reads = Reads(None, client)  # type: ignore[arg-type]  # ShipBob is not asked
    things = [AwaitedKind.SKU.named(name) for name in ("A", "ODD", "B", "NOT-THERE")]

    assert await find_appeared(reads, things) == {
        AwaitedKind.SKU.named("A"),
        AwaitedKind.SKU.named("B"),
    }
