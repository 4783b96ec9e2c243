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
from ml_connector.reads.locations import LocationReads
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


def location(number: int, **differ: object) -> dict[str, Any]:
    return {"id": str(number), "name": f"Place {number}", "subsidiary": "1", **differ}


@pytest.mark.parametrize(
    ("odd", "stops"),
    [
        pytest.param(location(7, subsidiary={"odd": True}), {"7"}, id="a subsidiary of no form"),
        pytest.param(location(7, subsidiary="Parent"), {"7"}, id="a subsidiary without an id"),
        pytest.param(location(7, name={"odd": True}), {"7"}, id="a name of no form"),
        pytest.param(location(7, id={"odd": True}), {"7", "8"}, id="an id of no form"),
    ],
)
async def test_an_odd_location_stops_only_what_concerns_it(
    httpserver: HTTPServer, client: NetSuite, odd: dict[str, Any], stops: set[str]
) -> None:
    rows = [location(6), odd]
    httpserver.expect_request(PATH).respond_with_json({"items": rows, "totalResults": 2})
    reads = LocationReads(client, {"228": "6", "10": "7", "11": "8"}, ["9"])
    said: dict[str, str] = {}
    for one in ("6", "7", "8"):
        try:
            assert (await reads.subsidiaries([None, one])).get("6") == ("1",)
        except Unreadable as error:
            said[one] = str(error)

    assert said.keys() == stops
    assert all(f"location {one}, " in what for one, what in said.items())
    assert all("`$." in what for what in said.values())
    assert len(httpserver.log) == 1
