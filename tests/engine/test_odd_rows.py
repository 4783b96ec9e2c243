"""One odd row of a list that many read stops those who need it, and nobody else.

A table of the reads that flows share: each is asked for something whose row can be read, and for
something whose row can't.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.test_parcel_calls import Wire, netsuite, shipbob
from ml_connector.errors import Unreadable
from ml_connector.reads.locations import LocationReads
from ml_connector.reads.reads import Reads
from ml_connector.reads.shipments import ShipmentReads
from ml_connector.shipbob.resources.shipments import Order, OrderChannel
from ml_connector.transport.call import Call
from ml_connector.transport.spoiled import SpoiledRow, gathering

ODD: Final = {"odd": True}

Row = dict[str, Any]
Ask = Callable[[Reads, str], Awaitable[object]]


class Shared(NamedTuple):
    """A read that flows share.

    Attributes:
        rows: of the whole list, by the key that they are asked for by; "2" is the odd one.
        ask: asks for one by its key.
        where: the beginning of the path of the fault.
    """

    rows: dict[str, Row]
    ask: Ask
    where: str


def item(key: str, **differ: object) -> Row:
    return {"id": key, "itemid": key, "fullname": key, "itemtype": "InvtPart", **differ}


def month(key: str, **differ: object) -> Row:
    first = date(2026, int(key), 1)
    days = {"startdate": f"{first}", "enddate": f"{first:%Y-%m}-28"}
    return {"id": key, "periodname": f"{first:%B}", **days, **differ}


def product(key: str, **differ: object) -> Row:
    inventory = {"inventory_id": int(key)}
    variant = {"id": int(key), "sku": key, "inventory": inventory, **differ}
    return {"id": int(key), "variants": [variant]}


def channel(key: str, **differ: object) -> Row:
    scopes = ["orders_read", "orders_write"]
    return {"id": int(key), "application_name": "SMA", "scopes": scopes, **differ}


async def locations(reads: Reads, key: str) -> object:
    return await reads.locations.subsidiaries([key])


async def periods(reads: Reads, key: str) -> object:
    return await reads.periods(date(2026, int(key), 20))


async def items(reads: Reads, key: str) -> object:
    return await reads.items([key])


async def items_by_id(reads: Reads, key: str) -> object:
    return await reads.items_by_id([key])


async def units(reads: Reads, key: str) -> object:
    return await reads.units.rates([key])


async def variants(reads: Reads, key: str) -> object:
    return await reads.variants([key])


async def by_inventory(reads: Reads, key: str) -> object:
    return await reads.variants_by_inventory([int(key)])


async def channels(reads: Reads, key: str) -> object:
    order = Order(id=7, channel=OrderChannel(id=int(key)))
    return await reads.shipments.takes_marks(order)


SHARED: Final = {
    "locations": Shared(
        {
            "1": {"id": "1", "name": "One", "subsidiary": "1"},
            "2": {"id": "2", "name": "Two", "subsidiary": ODD},
            "3": {"id": "3", "name": "Three", "subsidiary": "1"},
        },
        locations,
        "subsidiary",
    ),
    "periods": Shared(
        {"1": month("1"), "2": month("2", closed=ODD), "3": month("3")}, periods, "closed"
    ),
    "items": Shared(
        {"1": item("1"), "2": item("2", itemtype=ODD), "3": item("3")}, items, "itemtype"
    ),
    "items by id": Shared(
        {"1": item("1"), "2": item("2", isinactive=ODD), "3": item("3")}, items_by_id, "isinactive"
    ),
    "units": Shared(
        {
            "1": {"internalid": "1", "conversionrate": "12"},
            "2": {"internalid": "2", "conversionrate": ODD},
            "3": {"internalid": "3", "conversionrate": "1"},
        },
        units,
        "conversionrate",
    ),
    "products by SKU": Shared(
        {"1": product("1"), "2": product("2", status=ODD), "3": product("3")}, variants, "variants"
    ),
    "products by inventory id": Shared(
        {"1": product("1"), "2": product("2", status=ODD), "3": product("3")},
        by_inventory,
        "variants",
    ),
    "channels": Shared(
        {"1": channel("1"), "2": channel("2", scopes=ODD), "3": channel("3")}, channels, "scopes"
    ),
}


def answering(rows: dict[str, Row]) -> Callable[[Call], tuple[int, Any]]:
    """Answer as both systems do: with all rows of a list, or with those that are asked for."""

    def answer(call: Call) -> tuple[int, Any]:
        if call.system == "netsuite":
            asked = [str(one) for one in json.loads(call.body or b"{}").get("params", [])]
            found = [rows[one] for one in asked if one in rows] or list(rows.values())
            return 200, {"items": found, "hasMore": False, "totalResults": len(found)}
        query = parse_qs(urlsplit(call.url).query)
        named = {
            one
            for values in query.values()
            for value in values
            for one in value.removeprefix("any:").split(",")
        }
        wanted = [key for key in rows if key in named]
        return 200, {"items": [rows[one] for one in wanted or rows], "next": None}

    return answer


def reading(rows: dict[str, Row]) -> Reads:
    wire = Wire(answering(rows))
    mapped = {"10": "1", "20": "2", "30": "3"}
    return Reads(
        shipbob(wire),
        netsuite(wire),
        locations=LocationReads(netsuite(wire), mapped),
        shipments=ShipmentReads(shipbob(wire), netsuite(wire)),
    )


@pytest.mark.parametrize("name", SHARED)
async def test_an_odd_row_stops_those_alone_who_need_it(name: str) -> None:
    shared = SHARED[name]
    reads = reading(shared.rows)
    answers = await asyncio.gather(
        *(shared.ask(reads, key) for key in ("1", "2", "3")), return_exceptions=True
    )
    without = {key: row for key, row in shared.rows.items() if key != "2"}
    again = [await shared.ask(reading(without), key) for key in ("1", "3")]

    assert [answers[0], answers[2]] == again
    assert isinstance(answers[1], Unreadable)
    assert f"`$.{shared.where}" in str(answers[1])


def to_write(rows: dict[str, Row]) -> Awaitable[int]:
    return shipbob(Wire(answering(rows)), channel_id=None).channel_id()


async def test_an_odd_channel_is_known_to_be_there_and_no_others_is_taken_for_ours() -> None:
    odd, foreign = channel("2", scopes=ODD), channel("4", application_name="Shopify")
    reads = reading({"2": odd, "4": foreign})

    assert await reads.shipments.channels.listed() == {2, 4}
    assert await to_write({"2": odd, "3": channel("3")}) == 3
    with pytest.raises(Unreadable, match=r"id 2: .* - at `\$\.scopes`"):
        await to_write({"2": odd, "4": foreign})


@pytest.mark.parametrize("odd", [channel("2", scopes=ODD), {**channel("2"), "id": ODD}])
async def test_an_odd_channel_is_kept_by_who_looks_for_channels_and_is_told(odd: Row) -> None:
    kept: list[Collection[int]] = []

    async def keep(channels: Collection[int]) -> None:
        kept.append(channels)

    wire = Wire(answering({"1": channel("1"), "2": odd, "3": channel("3")}))
    reads = ShipmentReads(shipbob(wire), netsuite(wire), channels=[1, 2], keep_channels=keep)
    spoiled: list[SpoiledRow] = []
    with gathering(spoiled):
        await reads.channels.look()

    assert kept == [{1, 2, 3}]
    assert await reads.channels.listed() == {1, 2, 3}
    assert [one.kind for one in spoiled] == ["Channel"]


async def test_subscriptions_of_others_that_cannot_be_read_are_passed_over() -> None:
    rows: dict[str, Row] = {
        "1": {"id": "1", "url": "https://a.example"},
        "2": {"id": "2", "url": ODD},
    }
    subscriptions = shipbob(Wire(answering(rows))).subscriptions

    assert [one.id for one in await subscriptions.every(needed={"1"})] == ["1"]
    with pytest.raises(Unreadable, match=r"id 2: .* - at `\$\.url`"):
        await subscriptions.every(needed={"2"})
