import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from ml_connector.errors import ConnectorError, NeedsData, NeedsHuman, Retryable, Unreadable
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import decode, read
from ml_connector.shipbob.resources.returns import Return
from ml_connector.transport.call import Answer, Call, Priority
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]
Sample = Callable[[str], Any]

API = "https://api.shipbob.com/2026-07"


def query(call: Call) -> dict[str, str]:
    pairs = urlsplit(call.url).query.split("&")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def returned(number: int, reference: str = "RMA-1") -> dict[str, Any]:
    return {"id": number, "reference_id": reference, "status": "Completed"}


def parsed(body: object) -> Return:
    return decode(read(json.dumps(body).encode()), Return)


# GET /return/{id}


async def test_a_return_is_asked_for_by_its_id(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer(sample("webhooks/return.completed")))
    await client.returns.get(3300123, priority=Priority.BULK)

    conforms(calls[0])
    assert (calls[0].method, calls[0].operation) == ("GET", "return.get")
    assert (calls[0].limit, calls[0].priority) == ("shipbob:acme", Priority.BULK)
    assert calls[0].repeatable


async def test_the_request_for_a_return_is_authorised(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer(returned(7)))
    await client.returns.get("7/../../order")

    assert calls[0].url == f"{API}/return/7%2F..%2F..%2Forder"
    assert calls[0].headers["Authorization"] == "Bearer token-1"
    assert "shipbob_channel_id" not in calls[0].headers


async def test_a_return_is_read_with_what_was_done(
    connected: Connect, answer: MakeAnswer, sample: Sample
) -> None:
    client, _ = connected(answer(sample("webhooks/return.completed")))
    found = await client.returns.get(3300123)
    [line] = found.inventory

    assert (found.id, found.reference_id, found.status) == (3300123, "RMA-20017", "Completed")
    assert (found.return_type, found.original_shipment_id) == ("Regular", 210000101)
    assert found.fulfillment_center is not None
    assert found.fulfillment_center.id == 10
    assert found.completed_at == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    assert (line.id, line.sku, line.quantity) == (8588331, "COF-LR-12", 2)
    assert [(one.action, one.quantity_processed) for one in line.action_taken or ()] == [
        ("Restock", 1),
        ("Dispose", 1),
    ]


async def test_a_return_that_does_not_exist_is_waited_for(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"title": "Not Found", "status": 404, "detail": "no"}, 404))

    with pytest.raises(NeedsData) as missing:
        await client.returns.get(3300123)
    assert missing.value.cause is Cause.RECORD_NOT_FOUND
    assert missing.value.waiting_for == ("return:3300123",)


# GET /return


async def test_completed_returns_are_listed_with_the_filters_shipbob_documents(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer({"items": []}))
    since = datetime(2026, 11, 1, 6, 30, 15, 999, tzinfo=UTC)
    found = client.returns.find(statuses=["Completed"], completed_since=since)
    assert [one async for one in found] == []

    conforms(calls[0])
    assert (calls[0].method, calls[0].operation) == ("GET", "return.list")
    assert calls[0].url.startswith(f"{API}/return?")
    assert query(calls[0]) == {
        "Limit": "50",
        "Status": "Completed",
        "CompletedStartDate": "2026-11-01T06:30:15Z",
    }


async def test_the_list_is_followed_by_absolute_urls_with_a_page_number(
    connected: Connect, answer: MakeAnswer
) -> None:
    first = {
        "items": [returned(1), returned(2)],
        "next": f"{API}/return?Status=Completed&Limit=50&Cursor=2",
        "prev": None,
    }
    client, calls = connected(answer(first), answer({"items": [returned(2), returned(3)]}))
    found = [one.id async for one in client.returns.find(statuses=["Completed"])]

    assert found == [1, 2, 3]
    assert "Cursor" not in query(calls[0])
    assert query(calls[1])["Cursor"] == "2"
    assert all(call.headers["Authorization"] == "Bearer token-1" for call in calls)


async def test_references_are_compared_exactly_and_one_with_a_comma_is_asked_for_alone(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(
        answer({"items": [returned(1, "RMA-1"), returned(2, "RMA-10")]}),
        answer({"items": [returned(3, "A,B")]}),
    )
    wanted = ["RMA-1", "RMA-2", "A,B"]
    found = [one.id async for one in client.returns.find(reference_ids=wanted)]

    conforms(calls[0])
    assert found == [1, 3]
    assert [query(call)["ReferenceIds"] for call in calls] == ["RMA-1,RMA-2", "A,B"]


async def test_returns_are_listed_by_their_ids_and_no_ids_are_no_call(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer({"items": None, "next": None}))

    assert [one async for one in client.returns.find(ids=[1, 2])] == []
    assert [one async for one in client.returns.find(ids=[])] == []
    conforms(calls[0])
    assert [query(call)["Ids"] for call in calls] == ["1,2"]


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        ((403, None), (NeedsHuman, Cause.PERMISSION_MISSING)),
        ((429, {"statusCode": 429, "message": "later"}), (Retryable, Cause.RATE_LIMITED)),
        ((500, {"title": "Error", "status": 500}), (Retryable, Cause.UPSTREAM_UNAVAILABLE)),
    ],
)
async def test_a_list_that_is_refused_is_classified(
    connected: Connect,
    answer: MakeAnswer,
    refusal: tuple[int, object],
    failure: tuple[type[ConnectorError], Cause],
) -> None:
    status, body = refusal
    kind, cause = failure
    client, _ = connected(answer(body, status))

    with pytest.raises(kind) as refused:
        [one async for one in client.returns.find()]
    assert refused.value.cause is cause


async def test_a_row_of_another_form_is_a_bug_that_names_the_path(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"items": [{"id": "x"}]}))

    with pytest.raises(Unreadable, match=r"listing returns.*\$\.id"):
        [one async for one in client.returns.find()]


# The payload in its documented variants


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("AwaitingArrival", "AwaitingArrival"),
        ("Awaiting Arrival", "AwaitingArrival"),
        ("Pending Approval", "PendingApproval"),
        ("Completed", "Completed"),
        ("Something New", "SomethingNew"),
    ],
)
def test_statuses_are_compared_without_their_spaces(written: str, plain: str) -> None:
    assert parsed({"id": 1, "status": written}).plain_status == plain


def test_the_smaller_form_without_skus_is_read_too() -> None:
    small = {
        "id": 1,
        "reference_id": "RMA-1",
        "status": "Completed",
        "return_type": "RTS",
        "invoice_amount": 3.5,
        "completed_date": "2026-11-24T12:30:00.1234560+00:00",
        "inventory": [
            {
                "id": 8588331,
                "name": "Coffee",
                "quantity": 2,
                "action_taken": [{"action": "Restock", "quantity_processed": 2}],
            }
        ],
    }
    found = parsed(small)

    assert found.inventory[0].sku is None
    assert [one.quantity_processed for one in found.inventory[0].action_taken or ()] == [2]
    assert found.completed_at == datetime(2026, 11, 24, 12, 30, 0, 123456, tzinfo=UTC)


def test_nulls_are_as_good_as_missing_keys() -> None:
    nulls = {
        "id": 1,
        "reference_id": None,
        "status": "Completed",
        "fulfillment_center": None,
        "completed_date": None,
        "inventory": [
            {
                "id": 5,
                "sku": None,
                "quantity": 2,
                "lot_information": {"number": None, "expiration": None, "minimumShelfLife": None},
                "action_requested": None,
                "action_taken": None,
            }
        ],
        "transactions": None,
        "status_history": None,
        "something_new": {"a": [1]},
    }
    found = parsed(nulls)

    assert found.fulfillment_center is None
    assert found.inventory[0].action_taken is None  # which is not "nothing was done"
    assert found.completed_at is None


def test_the_moment_of_completion_is_taken_from_the_history_where_the_date_is_missing() -> None:
    history = [
        {"status": "Awaiting Arrival", "timestamp": "2026-11-22T09:00:00+00:00"},
        {"status": "Completed", "timestamp": "2026-11-24T13:30:00+01:00"},
    ]

    found = parsed({"id": 1, "status": "Completed", "status_history": history})
    assert found.completed_at == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def test_a_lot_comes_with_its_number_and_expiry() -> None:
    lot = {"number": "L-7", "expiration": "2027-06-30T00:00:00Z", "minimumShelfLife": 10}
    [line] = parsed(
        {"id": 1, "inventory": [{"id": 5, "quantity": 1, "lot_information": lot}]}
    ).inventory

    assert line.lot_information is not None
    assert line.lot_information.number == "L-7"
    assert line.lot_information.expires_on == date(2027, 6, 30)
