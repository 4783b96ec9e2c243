import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from ml_connector.errors import NeedsData, NeedsHuman, Retryable, Unreadable
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.shipments import Order, Shipment, Tracking
from ml_connector.transport.call import Answer, Call, Priority
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]
Sample = Callable[[str], Any]
Read = Callable[[ShipBob], Awaitable[object]]


async def orders(client: ShipBob, **filters: Any) -> list[Order]:
    return [order async for order in client.shipments.orders(**filters)]


def query(call: Call) -> dict[str, str]:
    """The query as it stands in the address, not unquoted."""
    pairs = urlsplit(call.url).query.split("&")
    return dict(pair.split("=", 1) for pair in pairs if pair)


async def test_a_shipment_is_asked_for_by_its_id(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("webhooks/order.shipment.tracking.updated")))
    found = await client.shipments.shipment(210000101, priority=Priority.BULK)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/shipment/210000101"
    assert (calls[0].operation, calls[0].priority) == ("shipment.get", Priority.BULK)
    assert "shipbob_channel_id" not in calls[0].headers  # it would hide other channels' orders
    assert (found.id, found.order_id, found.status) == (210000101, 190000501, "Completed")
    assert found.tracking is not None
    assert found.tracking.tracking_number == "9400111899223344556677"
    assert found.last_tracking_update_at == datetime(2026, 11, 21, 16, 40, 3, tzinfo=UTC)
    assert [item.quantity for item in found.products[0].inventory_items] == [2]
    assert found.carton_count == 0


async def test_an_order_is_asked_for_by_its_id(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("webhooks/order.shipped")))
    found = await client.shipments.order(190000501)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/order/190000501"
    assert (found.id, found.reference_id) == (190000501, "SO-10045")
    assert [(one.sku, one.quantity) for one in found.products] == [("COF-LR-12", 2)]
    assert [one.id for one in found.shipments] == [210000101]


async def test_orders_are_listed_by_id_250_a_page(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(
        answer([{"id": 1}, {"id": 2}], total_pages="2"), answer([{"id": 3}], total_pages="2")
    )
    found = await orders(client, ids=[1, 2, 3])

    for call in calls:
        conforms(call)
    assert [order.id for order in found] == [1, 2, 3]
    assert query(calls[0]) == {"Limit": "250", "IDs": "1,2,3", "Page": "1"}
    assert query(calls[1])["Page"] == "2"


async def test_no_ids_are_no_call(connected: Connect) -> None:
    client, calls = connected()

    assert await orders(client, ids=[]) == []
    assert await client.shipments.tracked([]) == []
    assert await client.shipments.mark_uploaded([]) == []
    assert calls == []


async def test_orders_are_swept_by_what_is_not_taken_over_yet(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer([]), answer([]))
    since = datetime(2026, 11, 1, 6, tzinfo=UTC)
    await orders(client, has_tracking=True, tracking_uploaded=False, created_since=since)
    await orders(client, tracking_updated_since=since + timedelta(hours=1))

    conforms(calls[0])
    conforms(calls[1])
    assert query(calls[0]) == {
        "Limit": "250",
        "StartDate": "2026-11-01T06:00:00Z",
        "HasTracking": "true",
        "IsTrackingUploaded": "false",
        "Page": "1",
    }
    assert query(calls[1])["LastTrackingUpdateStartDate"] == "2026-11-01T07:00:00Z"


async def test_orders_by_reference_are_compared_exactly(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(
        answer(
            [{"id": 1, "reference_id": "SO-1"}, {"id": 2, "reference_id": "SO-10"}],
            total_pages="1",
        )
    )
    found = await orders(client, references=["SO-1"])

    assert [order.id for order in found] == [1]
    assert query(calls[0])["ReferenceIds"] == "SO-1"


async def test_parcels_are_tracked_25_shipments_a_call(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("api/shipments_tracking")), answer([]))
    found = await client.shipments.tracked(range(1, 27))

    conforms(calls[0])
    assert urlsplit(calls[0].url).path == "/2026-07/shipments-tracking"
    assert query(calls[0])["ShipmentIds"] == ",".join(str(one) for one in range(1, 26))
    assert query(calls[1])["ShipmentIds"] == "26"
    assert [(one.shipment_id, one.number) for one in found] == [(98765432, "1Z999AA10123456784")]


async def test_shipments_are_marked_as_taken_over(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    body = {
        "summary": {"total": 2, "successful": 1, "failed": 1},
        "results": [
            {"shipmentId": 7, "isSuccess": True, "error": None},
            {"shipmentId": 8, "isSuccess": False, "error": {"code": "X", "message": "no"}},
        ],
    }
    client, calls = connected(answer(body))
    results = await client.shipments.mark_uploaded([7, 8, 9], send_by=5.0)

    conforms(calls[0])
    assert calls[0].url == "https://api.shipbob.com/2026-07/shipment:batchUpdateTrackingUpload"
    assert (calls[0].method, calls[0].send_by, calls[0].repeatable) == ("POST", 5.0, True)
    assert calls[0].headers["shipbob_channel_id"] == "100102"
    assert json.loads(calls[0].body or b"") == {
        "shipment_ids": [7, 8, 9],
        "is_tracking_uploaded": True,
    }
    assert [(one.shipment_id, one.is_success) for one in results] == [
        (7, True),
        (8, False),
        (9, False),
    ]


async def test_an_empty_answer_to_a_mark_is_a_success(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer(None))

    assert [one.is_success for one in await client.shipments.mark_uploaded([7])] == [True]


READS: dict[str, Read] = {
    "shipment.get": lambda client: client.shipments.shipment(7),
    "order.get": lambda client: client.shipments.order(7),
    "order.list": lambda client: orders(client, ids=[7]),
    "shipment.track": lambda client: client.shipments.tracked([7]),
    "shipment.mark_uploaded": lambda client: client.shipments.mark_uploaded([7]),
}


@pytest.mark.parametrize("operation", ["shipment.get", "order.get"])
async def test_what_does_not_exist_is_waited_for(
    connected: Connect, answer: MakeAnswer, operation: str
) -> None:
    client, _ = connected(answer(None, 404))

    with pytest.raises(NeedsData) as missing:
        await READS[operation](client)
    assert missing.value.cause is Cause.RECORD_NOT_FOUND
    assert missing.value.waiting_for == (f"{operation.partition('.')[0]}:7",)


@pytest.mark.parametrize("operation", READS)
async def test_a_missing_scope_is_for_a_person(
    connected: Connect, answer: MakeAnswer, operation: str
) -> None:
    client, calls = connected(answer(None, 403))

    with pytest.raises(NeedsHuman) as missing:
        await READS[operation](client)
    assert missing.value.cause is Cause.PERMISSION_MISSING
    assert calls[0].operation == operation


@pytest.mark.parametrize("operation", READS)
async def test_a_failure_of_theirs_may_pass(
    connected: Connect, answer: MakeAnswer, operation: str
) -> None:
    client, _ = connected(answer("An unexpected database error occurred", 500))

    with pytest.raises(Retryable):
        await READS[operation](client)


@pytest.mark.parametrize("operation", READS)
async def test_an_answer_of_another_form_is_a_bug(
    connected: Connect, answer: MakeAnswer, operation: str
) -> None:
    wrong = {"shipment.mark_uploaded": {"results": [{"shipmentId": "one"}]}}.get(
        operation, [{"id": "one", "shipment_id": "one"}]
    )
    client, _ = connected(answer(wrong), answer([]))

    with pytest.raises(Unreadable):
        await READS[operation](client)


async def test_only_an_id_is_required(connected: Connect, answer: MakeAnswer) -> None:
    body = {"id": 1, "status": "Brand new", "tracking": None, "products": None, "extra": [1]}
    client, _ = connected(answer(body))

    found = await client.shipments.shipment(1)
    assert found == Shipment(id=1, status="Brand new")


def test_dates_become_utc() -> None:
    tracking = Tracking(shipping_date=datetime(2026, 11, 21, 16))  # noqa: DTZ001 - as it came

    assert tracking.shipping_date == datetime(2026, 11, 21, 16, tzinfo=UTC)


async def test_cartons_are_counted(connected: Connect, answer: MakeAnswer) -> None:
    cartons = [
        {"type": "Pallet", "cartons": [{"id": 1}, {"id": 2}]},
        {"type": "Box", "cartons": None},
    ]
    client, _ = connected(answer({"id": 1, "parent_cartons": cartons}))

    assert (await client.shipments.shipment(1)).carton_count == 3
