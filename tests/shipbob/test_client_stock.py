import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.client import ShipBob
from ml_connector.transport.call import Answer, Call

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
LEVEL = {
    "inventory_id": 8588331,
    "sku": "TEE-BLK-M",
    "name": "Tee",
    "locations": [
        {
            "location_id": 228,
            "name": "Moreno Valley (CA)",
            "on_hand_quantity": 12,
            "fulfillable_quantity": 10,
            "committed_quantity": 2,
            "awaiting_quantity": 0,
            "internal_transfer_quantity": 1,
        },
        {"location_id": 10, "on_hand_quantity": None},
    ],
}


async def test_levels_are_read_by_fulfillment_center_page_after_page(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    first = {"items": [LEVEL], "next": "/inventory-level/locations?cursor=abc", "prev": None}
    bare = {"items": [{"inventory_id": 9}, {"inventory_id": 10, "locations": None}], "next": None}
    client, calls = connected(answer(first), answer(bare))
    found = [level async for level in client.stock.levels()]

    for call in calls:
        conforms(call)
    assert [call.url.partition("/2026-07/")[2] for call in calls] == [
        "inventory-level/locations?PageSize=250",
        "inventory-level/locations?PageSize=250&Cursor=abc",
    ]
    places = [(one.location_id, one.on_hand_quantity) for one in found[0].locations]
    assert places == [(228, 12), (10, 0)]
    assert [level.inventory_id for level in found] == [8588331, 9, 10]


async def test_levels_that_may_not_be_read_need_a_person(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"title": "Forbidden"}, 403))

    with pytest.raises(NeedsHuman, match="inventory_read"):
        _ = [level async for level in client.stock.levels()]


async def test_movements_are_asked_for_by_center_and_item_within_what_is_allowed(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    moved = {
        "inventory_audit_event_id": 5,
        "inventory_id": 8588331,
        "event_category": "OrderPicked",
        "event_datetime": "2026-11-20T10:00:00.1234567+00:00",
        "increment": None,
        "decrement": {"quantity_change": -2, "sku": None},
        "additional_reference": None,
        "shipbob_order_id": 7001,
    }
    client, calls = connected(answer({"data": [moved], "next": None}))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    [found] = [
        one async for one in client.history.of_items(228, [8588331], since=long_ago, until=UNTIL)
    ]

    conforms(calls[-1])
    assert json.loads(calls[-1].body or b"") == {
        "facility_id": 228,
        "start_date": "2026-08-28T00:00:00Z",
        "end_date": "2026-11-25T00:00:00Z",
        "inventory_ids": [8588331],
    }
    assert (found.change, found.shipbob_order_id, found.reason) == (-2, 7001, "")


async def test_without_items_no_movement_is_asked_for(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer({"data": []}))
    found = [one async for one in client.history.of_items(228, [], since=SINCE, until=UNTIL)]

    assert (found, calls) == ([], [])


async def test_the_whole_history_of_a_center_is_asked_for_in_spans_that_are_allowed(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer({"data": [], "next": None}), answer({"data": []}))
    since = datetime(2026, 8, 1, tzinfo=UTC)
    found = [one async for one in client.history.every(228, since=since, until=UNTIL)]

    conforms(calls[-1])
    asked = [json.loads(call.body or b"") for call in calls]
    assert found == []
    assert [(one["start_date"], one["end_date"]) for one in asked] == [
        ("2026-08-01T00:00:00Z", "2026-10-29T00:00:00Z"),
        ("2026-10-29T00:00:01Z", "2026-11-25T00:00:00Z"),
    ]
    assert all("event_category" not in one and "inventory_ids" not in one for one in asked)
