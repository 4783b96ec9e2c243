import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_core.exceptions import OpenAPIError

from ml_connector.errors import NeedsData, NeedsHuman, Retryable, Unreadable
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.new_payloads import (
    Freight,
    FulfillmentCenterChoice,
    NewBox,
    NewBoxItem,
    NewWro,
)
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.session import UnexpectedAnswer
from ml_connector.transport.call import Answer, Call, Patience, Priority
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]
Sample = Callable[[str], Any]

NEW_WRO = NewWro(
    fulfillment_center=FulfillmentCenterChoice(id=228),
    package_type="Package",
    box_packaging_type="MultipleSkuPerBox",
    expected_arrival_date=datetime(2026, 12, 1, 6, tzinfo=UTC),
    purchase_order_number="PO4711",
    boxes=(
        NewBox(
            tracking_number="PO4711-1",
            box_items=(
                NewBoxItem(inventory_id=8588331, quantity=3),
                NewBoxItem(sku="TEE", quantity=2),
            ),
        ),
    ),
    freight=Freight(carrier="Maersk"),
)


def wro(
    number: int, purchase_order: str | None = None, status: str = "Awaiting"
) -> dict[str, Any]:
    return {
        "id": number,
        "status": status,
        "purchase_order_number": purchase_order,
        "fulfillment_center": {"id": 10},
        "inventory_quantities": None,
    }


def query(call: Call) -> dict[str, str]:
    """The query as it stands in the address, not unquoted."""
    pairs = urlsplit(call.url).query.split("&")
    return dict(pair.split("=", 1) for pair in pairs if pair)


async def test_a_wro_is_asked_for_by_its_id(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("api/wro_completed")))
    found = await client.wro(443001, priority=Priority.BULK)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/receiving/443001"
    assert (calls[0].method, calls[0].operation) == ("GET", "receiving.get")
    assert (calls[0].limit, calls[0].priority) == ("shipbob:acme", Priority.BULK)
    assert calls[0].repeatable
    assert calls[0].headers["Authorization"] == "Bearer token-1"
    assert calls[0].headers["Content-Type"] == "application/json"
    assert (found.id, found.status) == (443001, "Completed")


async def test_a_wro_that_does_not_exist_is_waited_for(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"title": "Not Found", "status": 404}, 404))

    with pytest.raises(NeedsData) as missing:
        await client.wro("90311")
    assert missing.value.cause is Cause.RECORD_NOT_FOUND
    assert missing.value.waiting_for == ("wro:90311",)


async def test_an_id_can_not_lead_to_another_address(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer(wro(1)))
    await client.wro("../order?x=1")

    assert calls[0].url.endswith("/receiving/..%2Forder%3Fx%3D1")


async def test_an_answer_of_another_form_is_a_bug_that_names_the_path(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({**wro(1), "id": "one"}))

    with pytest.raises(UnexpectedAnswer, match=r"reading WRO 1.*\$\.id"):
        await client.wro(1)


@pytest.mark.parametrize("body", [b"", b'{"id": 1'])
async def test_an_answer_that_broke_off_is_asked_for_again(
    connected: Connect, answer: MakeAnswer, body: bytes
) -> None:
    client, _ = connected(answer(body))

    with pytest.raises(Retryable) as broken:
        await client.wro(1)
    assert broken.value.outcome_unknown


async def test_boxes_are_asked_for_by_the_wro_s_id(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("api/wro_boxes_completed")))
    boxes = await client.wro_boxes(443001)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/receiving/443001/boxes"
    assert [box.box_number for box in boxes] == [1, 2]


async def test_boxes_without_permission_name_the_scope(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer(None, 403))

    with pytest.raises(NeedsHuman, match="receiving_read") as refused:
        await client.wro_boxes(1)
    assert refused.value.cause is Cause.PERMISSION_MISSING


async def test_wros_are_searched_with_bare_commas_and_colons(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer([wro(1, "PO 1"), wro(2, "PO-2")], 200, total_pages="1"))
    found = client.wros(
        ids=[1, "2"],
        purchase_order_numbers=["PO 1", "PO-2"],
        statuses=["Processing", "Completed"],
        inserted_since=datetime(2026, 11, 1, 1, tzinfo=timezone(timedelta(hours=2))),
        completed_since=datetime(2026, 11, 2, 3, 4, 5, 999, tzinfo=UTC),
        external_sync=False,
    )

    assert [one.id async for one in found] == [1, 2]
    conforms(calls[0])
    assert query(calls[0]) == {
        "Limit": "50",
        "IDs": "1,2",
        "PurchaseOrderNumbers": "PO%201,PO-2",
        "Statuses": "Processing,Completed",
        "InsertStartDate": "2026-10-31T23:00:00Z",
        "CompletedStartDate": "2026-11-02T03:04:05Z",
        "ExternalSync": "false",
        "Page": "1",
    }


async def test_wros_come_page_after_page(connected: Connect, answer: MakeAnswer) -> None:
    client, calls = connected(
        answer([wro(1), wro(2)], 200, total_pages="2"), answer([wro(3)], 200, total_pages="2")
    )

    assert [one.id async for one in client.wros()] == [1, 2, 3]
    assert [query(call)["Page"] for call in calls] == ["1", "2"]


async def test_one_page_of_wros_is_asked_for_by_its_number(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer([wro(7)], 200, total_pages="9"))
    page = await client.wro_page(
        9,
        inserted_since=datetime(2026, 11, 1, tzinfo=UTC),
        inserted_until=datetime(2026, 11, 30, tzinfo=UTC),
        external_sync=False,
        priority=Priority.BULK,
    )

    assert [one.id for one in page.rows] == [7]
    conforms(calls[0])
    assert calls[0].priority is Priority.BULK
    assert query(calls[0]) == {
        "Limit": "50",
        "InsertStartDate": "2026-11-01T00:00:00Z",
        "InsertEndDate": "2026-11-30T00:00:00Z",
        "ExternalSync": "false",
        "Page": "9",
    }


@pytest.mark.parametrize(
    ("rows", "headers", "pages"),
    [
        (50, {"total_pages": "9"}, 9),
        (3, {"total_pages": "1"}, 1),
        (0, {"total_pages": "0"}, 0),
        (25, {"total_pages": "9"}, None),  # smaller pages than those that are counted
        (50, {}, None),
        (50, {"total_pages": "many"}, None),
    ],
)
async def test_pages_count_where_they_are_as_large_as_asked_for(
    connected: Connect, answer: MakeAnswer, rows: int, headers: dict[str, str], pages: int | None
) -> None:
    client, _ = connected(answer([wro(number) for number in range(1, rows + 1)], 200, **headers))
    page = await client.wro_page(1, inserted_since=datetime(2026, 11, 1, tzinfo=UTC))

    assert (len(page.rows), page.pages) == (rows, pages)


async def test_a_page_of_wros_that_is_none_is_told(connected: Connect, answer: MakeAnswer) -> None:
    client, _ = connected(answer([{"id": "x"}], 200, total_pages="1"))

    with pytest.raises(Unreadable):
        await client.wro_page(1, inserted_since=datetime(2026, 11, 1, tzinfo=UTC))


async def test_a_purchase_order_number_is_compared_exactly(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(
        answer([wro(1, "PO4711"), wro(2, "PO4711-2"), wro(3, "po4711"), wro(4)], total_pages="1")
    )
    found = client.wros(purchase_order_numbers=["PO4711"])

    assert [one.id async for one in found] == [1]


async def test_a_search_for_no_wro_asks_nothing(connected: Connect) -> None:
    client, calls = connected()

    assert [one async for one in client.wros(ids=[])] == []
    assert [one async for one in client.wros(purchase_order_numbers=[])] == []
    assert calls == []


async def test_a_long_list_is_asked_for_in_pieces(connected: Connect, answer: MakeAnswer) -> None:
    empty = answer([], total_pages="0")
    client, calls = connected(*[empty] * 4)
    ids = list(range(10_000_000, 10_000_400))

    assert [one async for one in client.wros(ids=ids)] == []
    assert [int(one) for call in calls for one in query(call)["IDs"].split(",")] == ids
    assert all(len(call.url) < 2000 for call in calls)


async def test_a_number_with_a_comma_can_not_be_looked_for(connected: Connect) -> None:
    client, calls = connected()

    with pytest.raises(NeedsHuman, match='"A,B"'):
        [one async for one in client.wros(purchase_order_numbers=["A,B"])]
    assert calls == []


async def test_a_filter_needs_a_zone(connected: Connect) -> None:
    client, _ = connected()
    naive = datetime(2026, 11, 1)  # noqa: DTZ001 - what is refused

    with pytest.raises(ValueError, match="zone"):
        [one async for one in client.wros(inserted_since=naive)]


async def test_a_wro_is_created_once_and_on_our_channel(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer(wro(756713, "PO4711"), 201))
    created = await client.create_wro(NEW_WRO, send_by=12.5)
    (call,) = calls

    conforms(call)
    assert (call.method, call.url) == ("POST", "https://api.shipbob.com/2026-07/receiving")
    assert call.headers["shipbob_channel_id"] == "100102"
    assert (call.repeatable, call.patience, call.send_by) == (False, Patience.WRITE, 12.5)
    assert call.body is not None
    assert json.loads(call.body)["boxes"][0]["box_items"][1] == {"sku": "TEE", "quantity": 2}
    assert (created.id, created.purchase_order_number) == (756713, "PO4711")


async def test_a_refused_wro_says_why(connected: Connect, answer: MakeAnswer) -> None:
    body = {"ExpectedArrivalDate": ["Arrival date must be in the future"]}
    client, _ = connected(answer(body, 422))

    with pytest.raises(NeedsHuman, match=r"PO4711.*must be in the future") as refused:
        await client.create_wro(NEW_WRO)
    assert refused.value.cause is Cause.REFUSED_BY_SHIPBOB


async def test_a_write_with_an_unclear_end_says_so(connected: Connect, answer: MakeAnswer) -> None:
    client, calls = connected(answer("<html>", 502))

    with pytest.raises(Retryable) as unclear:
        await client.create_wro(NEW_WRO)
    assert unclear.value.outcome_unknown
    assert len(calls) == 1


async def test_a_wro_is_cancelled(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer(wro(5, status="Cancelled")))
    cancelled = await client.cancel_wro(5)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/receiving/5:cancel"
    assert calls[0].headers["shipbob_channel_id"] == "100102"
    assert cancelled.status == "Cancelled"


async def test_a_wro_that_is_cancelled_already_is_cancelled(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"": ["no"]}, 422), answer(wro(5, status="Cancelled")))

    assert (await client.cancel_wro(5)).status == "Cancelled"


async def test_a_wro_that_is_under_way_can_not_be_cancelled(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(
        answer({"": ["Cannot cancel in this status"]}, 422), answer(wro(5, status="Processing"))
    )

    with pytest.raises(NeedsHuman, match="cancelling WRO 5: Cannot cancel"):
        await client.cancel_wro(5)


async def test_wros_are_marked_as_booked(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("api/set_external_sync_response")))
    results = await client.set_external_sync([918363, 7], synced=True)
    (call,) = calls

    conforms(call)
    assert call.url == "https://api.shipbob.com/2026-07/receiving:setExternalSync"
    assert call.headers["shipbob_channel_id"] == "100102"
    assert call.body == b'{"ids":[918363,7],"is_external_sync":true}'
    assert [(one.id, one.is_success) for one in results] == [(918363, True), (7, False)]


@pytest.mark.parametrize("documented", [wro(5), [wro(5)], None])
async def test_the_documented_answer_to_a_mark_is_a_success_too(
    connected: Connect, answer: MakeAnswer, documented: object
) -> None:
    client, _ = connected(answer(documented))

    assert [one.is_success for one in await client.set_external_sync([5], synced=False)] == [True]


@pytest.mark.parametrize(
    ("documented", "marked"),
    [(wro(5), [True, False]), ([wro(5), wro(6)], [True, True]), (None, [True, True])],
)
async def test_the_documented_answer_tells_of_the_wros_that_it_shows(
    connected: Connect, answer: MakeAnswer, documented: object, marked: list[bool]
) -> None:
    client, _ = connected(answer(documented))
    results = await client.set_external_sync([5, 6], synced=True)

    assert [(one.id, one.is_success) for one in results] == [(5, marked[0]), (6, marked[1])]


async def test_a_mark_that_fails_is_told(connected: Connect, answer: MakeAnswer) -> None:
    results = [{"id": 5, "action": "ExternalSync", "is_success": False, "reason": "not yours"}]
    client, _ = connected(answer({"results": results}))
    (result,) = await client.set_external_sync([5], synced=True)

    assert (result.is_success, result.reason) == (False, "not yours")


async def test_a_mark_of_nothing_asks_nothing(connected: Connect) -> None:
    client, calls = connected()

    assert await client.set_external_sync([], synced=True) == []
    assert calls == []


def test_a_wro_has_every_field_of_the_sample_but_the_labels(sample: Sample) -> None:
    body = sample("webhooks/wro.completed")

    assert set(Wro.__struct_fields__) >= set(body) - {"box_labels_uri"}


def test_the_contract_check_refuses_what_the_contract_does_not_know(
    conforms: Conforms,
) -> None:
    good = Call(
        connection="acme",
        system="shipbob",
        operation="receiving.set_external_sync",
        method="POST",
        url="https://api.shipbob.com/2026-07/receiving:setExternalSync",
        headers={"Authorization": "Bearer t", "Content-Type": "application/json"},
        body=b'{"ids":[5],"is_external_sync":true}',
    )

    conforms(good)
    for bad in (
        replace(good, body=b'{"ids":["x"],"is_external_sync":true}'),
        replace(good, url=good.url.replace("receiving", "receivings")),
        replace(good, method="PUT"),
    ):
        with pytest.raises(OpenAPIError):
            conforms(bad)


async def read_into(read: list[int], client: ShipBob) -> None:
    async for one in client.wros():
        read.append(one.id)  # noqa: PERF401 - what comes before a failure counts


async def test_a_row_that_cannot_be_read_spoils_no_other_row(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(
        answer([wro(1), {**wro(2), "status": 7}], 200, total_pages="2"),
        answer([wro(3)], 200, total_pages="2"),
    )
    read: list[int] = []

    with pytest.raises(Unreadable, match=r"listing WROs, id 2: .*`\$\.status`"):
        await read_into(read, client)

    assert read == [1, 3]
    assert len(calls) == 2


async def test_a_wro_that_may_have_been_made_is_not_said_to_be_refused(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({**wro(1), "id": "one"}, 201))

    with pytest.raises(Retryable, match=r"\$\.id") as caught:
        await client.create_wro(NEW_WRO)

    assert caught.value.outcome_unknown
