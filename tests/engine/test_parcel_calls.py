"""Shipments are read through their orders, and marked and updated together; over the wire."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from ml_connector.engine.settle.netsuite_target import NetSuiteTarget
from ml_connector.engine.settle.shipbob_target import ShipBobTarget
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.ledger.postings.documents import (
    Document,
    MarkTrackingUploaded,
    MarkWroSynced,
    UpdateRecord,
)
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import RecordNotFound
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.session import Auth
from ml_connector.reads.shipments import ShipmentReads
from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.shipments import Order, OrderChannel
from ml_connector.shipbob.sign_in.access import Access, Bearer
from ml_connector.transport.call import Answer, Call, Classify
from ml_connector.vault.tokens import Token
from ml_connector.words import Cause, DocumentKind

Reply = Callable[[Call], tuple[int, Any]]


class Wire:
    """A transport whose other end is a function."""

    def __init__(self, reply: Reply) -> None:
        self.calls: list[Call] = []
        self._reply = reply

    async def send(self, call: Call, classify: Classify) -> Answer:
        self.calls.append(call)
        status, value = self._reply(call)
        body = b"" if value is None else json.dumps(value).encode()
        headers = {"content-type": "application/json", "total-pages": "1"}
        answer = Answer(status=status, headers=headers, body=body, seconds=0.0)
        failure = classify(answer)
        if failure is not None:
            raise failure
        return answer

    def paths(self) -> list[str]:
        """Method, path and the ids that are asked for, of each call."""
        return [
            f"{call.method} {urlsplit(call.url).path.rpartition('2026-07')[2]}"
            f"{''.join(parse_qs(urlsplit(call.url).query).get('IDs', []))}"
            for call in self.calls
        ]


class SignedIn:
    """Gives out one token."""

    async def bearer(self) -> Bearer:
        return Bearer(access=Secret("t"))

    async def token(self) -> Token:
        now = datetime.now(UTC)
        return Token(
            access=Secret("t"),
            expires_at=now + timedelta(hours=1),
            refresh=None,
            previous_refresh=None,
            version=1,
            obtained_at=now,
        )


def shipbob(wire: Wire, *, channel_id: int | None = 1) -> ShipBob:
    return ShipBob(
        wire,
        "acme",
        api_url="https://api.shipbob.com",
        version="2026-07",
        channel_id=channel_id,
        auth=cast("Access", SignedIn()),
        limit_key="",
    )


def netsuite(wire: Wire) -> NetSuite:
    account = Account.of("1234567", base_url="https://netsuite.example.com")
    return NetSuite(wire, "acme", account, cast("Auth", SignedIn()), "")


def order(number: int, *shipments: int) -> dict[str, Any]:
    return {"id": number, "shipments": [{"id": one, "order_id": number} for one in shipments]}


ORDERS = {7: order(7, 71, 72), 8: order(8, 81), 9: order(9, 91)}


def answer_reads(call: Call) -> tuple[int, Any]:
    path, query = urlsplit(call.url).path, parse_qs(urlsplit(call.url).query)
    number = path.rpartition("/")[2]
    if "/shipment/" in path:
        of = number[:1]
        known = int(of) in ORDERS
        return (200, {"id": int(number), "order_id": int(of)}) if known else (404, None)
    if number.isdecimal():
        return (200, ORDERS[int(number)]) if int(number) in ORDERS else (404, None)
    ids = [int(one) for one in query["IDs"][0].split(",")]
    return 200, [ORDERS[one] for one in ids if one in ORDERS]


def reads(wire: Wire, known: Mapping[int, int]) -> ShipmentReads:
    async def orders_of(ids: Sequence[int]) -> Mapping[int, int]:
        return {one: known[one] for one in ids if one in known}

    return ShipmentReads(shipbob(wire), netsuite(wire), orders_of=orders_of)


async def test_shipments_whose_orders_are_known_are_read_in_one_call() -> None:
    wire = Wire(answer_reads)
    shared = reads(wire, {71: 7, 72: 7, 81: 8})
    found = await asyncio.gather(*map(shared.order_with, (71, 72, 81)))

    assert [one.id for one in found] == [7, 7, 8]
    assert wire.paths() == ["GET /order7,8"]


async def test_a_shipment_that_comes_alone_is_read_by_its_orders_address() -> None:
    wire = Wire(answer_reads)
    found = await reads(wire, {71: 7}).order_with(71)

    assert found.id == 7
    assert wire.paths() == ["GET /order/7"]


async def test_a_shipment_of_which_nothing_is_known_names_its_order_itself() -> None:
    wire = Wire(answer_reads)
    found = await reads(wire, {}).order_with(91)

    assert found.id == 9
    assert [one.id for one in found.shipments] == [91]
    assert wire.paths() == ["GET /shipment/91", "GET /order/9"]


async def test_a_wrong_hint_costs_a_call_and_nothing_else() -> None:
    wire = Wire(answer_reads)
    found = await reads(wire, {91: 5}).order_with(91)

    assert found.id == 9
    assert wire.paths() == ["GET /order/5", "GET /shipment/91", "GET /order/9"]


async def test_a_shipment_that_does_not_exist_harms_no_other() -> None:
    wire = Wire(answer_reads)
    shared = reads(wire, {71: 7, 41: 4})
    missing, found = await asyncio.gather(
        shared.order_with(41), shared.order_with(71), return_exceptions=True
    )

    assert isinstance(missing, NeedsData)
    assert missing.waiting_for == ("shipment:41",)
    assert not isinstance(found, BaseException)


def mark(shipment_id: int) -> Document:
    return Document(
        system="shipbob",
        kind=DocumentKind.TRACKING_MARK,
        external_id=f"mlc-tm-{shipment_id}",
        title="Mark",
        request=MarkTrackingUploaded(shipment_id=shipment_id),
    )


def marks(*refused: int) -> Reply:
    def reply(call: Call) -> tuple[int, Any]:
        ids = json.loads(call.body or b"")["shipment_ids"]
        if len(ids) > 1 and set(refused) & set(ids):
            return 400, "One of them is not valid"
        results = [{"shipmentId": one, "isSuccess": one not in refused} for one in ids]
        return 200, {"results": results}

    return reply


async def test_marks_that_are_due_together_go_out_together() -> None:
    wire = Wire(marks())
    target = ShipBobTarget(shipbob(wire))
    written = await asyncio.gather(*(target.write(mark(one), send_by=1e9) for one in (1, 2, 3)))

    assert [one.remote_id for one in written] == ["1", "2", "3"]
    assert len(wire.calls) == 1
    assert target.repeatable(mark(1))


async def test_a_mark_that_is_refused_is_noted_and_does_not_take_the_others_with_it() -> None:
    wire = Wire(marks(2))
    target = ShipBobTarget(shipbob(wire))
    written = await asyncio.gather(*(target.write(mark(one), send_by=1e9) for one in (1, 2, 3)))

    assert [one.remote_id for one in written] == ["1", "2", "3"]
    assert [one.answer["marked"] for one in written] == [True, False, True]


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_call_for_a_mark_that_is_refused_stops_nothing(status: int) -> None:
    target = ShipBobTarget(shipbob(Wire(lambda _: (status, "Not yours"))))
    written = await target.write(mark(1), send_by=1e9)

    assert written.remote_id == "1"
    assert written.answer["marked"] is False
    assert written.answer["refused"]


async def test_a_fault_of_shipbobs_is_no_word_about_a_mark() -> None:
    target = ShipBobTarget(shipbob(Wire(lambda _: (503, None))))

    with pytest.raises(Retryable):
        await target.write(mark(1), send_by=1e9)


CHANNELS = [
    {"id": 1, "application_name": "SMA", "scopes": ["orders_read", "orders_write"]},
    {"id": 2, "application_name": "SMA", "scopes": ["orders_read", "orders_write"]},
    {"id": 3, "application_name": "SMA", "scopes": ["orders_read"]},
    {"id": 4, "application_name": "Shopify", "scopes": ["orders_read", "orders_write"]},
]


@pytest.mark.parametrize(
    ("channel", "taken"), [(None, True), (1, True), (2, True), (3, False), (4, False), (5, False)]
)
async def test_only_orders_of_channels_that_we_may_write_to_are_marked(
    channel: int | None, *, taken: bool
) -> None:
    wire = Wire(lambda _: (200, {"items": CHANNELS}))
    found = Order(id=7, channel=None if channel is None else OrderChannel(id=channel))

    assert await reads(wire, {}).takes_marks(found) is taken


def booked(wro_id: int) -> Document:
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO_MARK,
        external_id=f"mlc-wm-{wro_id}",
        title="Mark",
        request=MarkWroSynced(wro_id=wro_id),
    )


def syncs(*refused: int, silent: Sequence[int] = (), strict: bool = False) -> Reply:
    """Answer marks of WROs; ``strict``: one that is refused refuses all that are with it."""

    def reply(call: Call) -> tuple[int, Any]:
        ids = json.loads(call.body or b"")["ids"]
        if strict and set(refused) & set(ids):
            return 400, "One of them is not valid"
        told = [one for one in ids if len(ids) == 1 or one not in silent]
        return 200, {"results": [{"id": one, "is_success": one not in refused} for one in told]}

    return reply


async def test_wros_that_are_booked_together_are_marked_together() -> None:
    wire = Wire(syncs())
    target = ShipBobTarget(shipbob(wire))
    written = await asyncio.gather(*(target.write(booked(one), send_by=1e9) for one in (1, 2, 3)))

    assert [one.remote_id for one in written] == ["1", "2", "3"]
    assert len(wire.calls) == 1
    assert target.repeatable(booked(1))
    assert target.shared(booked(1))


@pytest.mark.parametrize("strict", [False, True])
async def test_a_wro_that_is_not_marked_is_asked_for_alone(*, strict: bool) -> None:
    wire = Wire(syncs(2, silent=[3], strict=strict))
    target = ShipBobTarget(shipbob(wire))
    outcomes = await asyncio.gather(
        *(target.write(booked(one), send_by=1e9) for one in (1, 2, 3)), return_exceptions=True
    )

    assert [isinstance(one, NeedsHuman) for one in outcomes] == [False, True, False]


def update(*packages: dict[str, Any], **body: Any) -> Document:
    return Document(
        system="netsuite",
        kind=DocumentKind.FULFILLMENT_UPDATE,
        external_id="mlc-it-1-1",
        title="Update",
        request=UpdateRecord(record_id="5002", body=body, packages=packages),
    )


BOX = {"packageTrackingNumber": "1Z1", "packageWeight": 1.5, "packageDescr": "Box"}


def fulfillment(*packages: dict[str, Any]) -> Reply:
    def reply(call: Call) -> tuple[int, Any]:
        if call.method == "GET":
            return 200, {"id": "5002", "package": {"items": list(packages)}}
        return 204, None

    return reply


async def patched(wire: Wire, document: Document) -> tuple[str, Any] | None:
    await NetSuiteTarget(netsuite(wire)).write(document, send_by=1e9)
    [*_, last] = wire.calls
    return (urlsplit(last.url).query, json.loads(last.body or b"")) if last.body else None


async def test_packages_are_added_to_those_that_are_there() -> None:
    details = {"packageHeight": 4.0, "links": []}
    there = {"packageDescr": "By hand", "packageWeight": 3, "packageDetails": details, "links": []}
    wire = Wire(fulfillment(there))

    assert await patched(wire, update(BOX, memo="m")) == (
        "replace=package",
        {
            "memo": "m",
            "package": {
                "items": [
                    {
                        "packageWeight": 3,
                        "packageDescr": "By hand",
                        "packageDetails": {"packageHeight": 4.0},
                    },
                    BOX,
                ]
            },
        },
    )


async def test_an_empty_line_gives_way_and_a_number_that_is_there_stays_alone() -> None:
    empty = Wire(fulfillment({"packageWeight": 1}))
    full = Wire(fulfillment({"packageTrackingNumber": "1Z1"}))
    added = await patched(empty, update(BOX))

    assert added is not None
    assert added[1] == {"package": {"items": [BOX]}}
    assert await patched(full, update(BOX)) is None  # nothing to change: nothing is written
    assert [call.method for call in full.calls] == ["GET"]


async def test_a_memo_alone_leaves_the_packages_alone() -> None:
    wire = Wire(fulfillment())

    assert await patched(wire, update(memo="m")) == ("", {"memo": "m"})
    assert [call.method for call in wire.calls] == ["PATCH"]


async def test_a_fulfilment_that_was_deleted_is_said_to_be_gone() -> None:
    detail = {"detail": "Record does not exist.", "o:errorCode": "NONEXISTENT_ID"}
    wire = Wire(lambda _: (404, {"o:errorDetails": [detail]}))
    target = NetSuiteTarget(netsuite(wire))

    for document in (update(BOX), update(memo="m")):
        with pytest.raises(NeedsHuman) as gone:
            await target.write(document, send_by=1e9)
        assert gone.value.cause is Cause.FULFILLMENT_NOT_FOUND
        assert target.repeatable(document)


async def test_an_update_goes_to_the_record_that_its_kind_names() -> None:
    wire = Wire(lambda _: (204, None))
    document = msgspec.structs.replace(
        update(memo="m"), kind=DocumentKind.RETURN_AUTHORIZATION, external_id="mlc-ra-1"
    )
    await NetSuiteTarget(netsuite(wire)).write(document, send_by=1e9)

    assert [urlsplit(call.url).path.rsplit("/", 2)[1:] for call in wire.calls] == [
        ["returnAuthorization", "5002"]
    ]


async def test_of_another_record_that_was_deleted_netsuite_itself_says_so() -> None:
    detail = {"detail": "Record does not exist.", "o:errorCode": "NONEXISTENT_ID"}
    wire = Wire(lambda _: (404, {"o:errorDetails": [detail]}))
    document = msgspec.structs.replace(update(memo="m"), kind=DocumentKind.RETURN_AUTHORIZATION)

    with pytest.raises(RecordNotFound, match="does not exist"):
        await NetSuiteTarget(netsuite(wire)).write(document, send_by=1e9)
