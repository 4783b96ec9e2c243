"""Worlds: every reading of every switch of ShipBob changes what its simulator says."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.readings import Readings, of_system
from ml_connector.sim.readings.shipbob_calls import CALLS_LEFT, LIMIT_WAIT, REFUSED_TOKEN
from ml_connector.sim.readings.shipbob_pages import (
    CHANNEL_LIST,
    LAST_PAGE,
    NEXT_LINK,
    PAGE_SIZE,
    ROWS_AGAIN,
    SCOPES,
)
from ml_connector.sim.readings.shipbob_rules import (
    BILLING_READ,
    CHANNEL_HEADER,
    IDS,
    NEW_WRO,
    PO_NUMBERS,
    REFRESH_GRACE,
    STOCK_LEVELS,
    SYNC_ANSWER,
    UNLINKED_URO,
    URO_ATTACHMENTS,
)
from ml_connector.sim.readings.shipbob_values import (
    DATE_STYLE,
    EMPTY_OBJECTS,
    ID_TYPE,
    LESSER_FIELDS,
    NO_DATE,
    PARCEL_NUMBER,
    QUANTITY_TYPE,
)
from ml_connector.sim.readings.shipbob_webhooks import (
    TOPIC_NAMES,
    TOPICS_OFFERED,
    WEBHOOK_BODY,
    WEBHOOK_DELIVERY,
    WEBHOOK_HEADERS,
)
from ml_connector.sim.readings.shipbob_words import (
    ACTION_TAKEN,
    FEE_NAMES,
    INVOICE_TYPES,
    PARCEL_STATUS,
    STATUSES,
    WRO_AWAITED,
)
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.values.vocabulary import TOPICS
from sim.shipbob.conftest import START, TOKEN

Seen = Mapping[str, Any]

READS = (
    "/channel",
    "/fulfillment-center",
    "/product",
    "/inventory-level",
    "/receiving",
    "/receiving?Page=9",
    "/receiving/{wro}",
    "/receiving/{wro}/boxes",
    "/order",
    "/return",
    "/invoices",
    "/invoices/{invoice}/transactions",
    "/transaction-fees",
    "/unidentified-receiving-order",
)
WORLDS = [
    pytest.param(Readings({switch: reading}), id=f"{switch.name}-{reading}")
    for switch in of_system("shipbob")
    for reading in switch.others
]


def calls(sim: ShipBobSim, *wanted: tuple[str, str, object, Mapping[str, str]]) -> list[Any]:
    """Ask the API; each answer as status, headers that matter, and body."""

    async def ask() -> list[Any]:
        transport = httpx2.ASGITransport(sim.api)
        async with httpx2.AsyncClient(transport=transport, base_url="http://shipbob") as client:
            answers = [
                await client.request(
                    method,
                    path if path.startswith("/_sim") else f"/2026-07{path}",
                    json=body,
                    headers={"authorization": f"Bearer {TOKEN}", **headers},
                )
                for method, path, body, headers in wanted
            ]
        return [(one.status_code, one.json() if one.content else None) for one in answers]

    return asyncio.run(ask())


@cache
def seen(readings: Readings) -> Seen:
    """Everything that a merchant's day shows in a world, by what was asked."""
    with ShipBobSim(Clock(START, speed=0), per_minute=0, seed=7, readings=readings) as sim:
        return {**told(sim), **asked(sim), **refreshed(sim), "heads": refused(sim)}


def told(sim: ShipBobSim) -> dict[str, Any]:
    """Let the day happen; the webhooks that tell of it, and their headers."""
    sim.add_token(TOKEN)
    sim.add_fulfillment_center(10, "Moreno Valley (CA)")
    for sku in ("TEE", "CAP", "MUG"):
        sim.add_product(sku)
        sim.adjust(sku, 20, 10)
    sim.subscribe("https://connector.example.com/hook", TOPICS)
    sim.hold_webhooks()
    wro = sim.create_wro({"TEE": 12}, purchase_order_number="PO1")
    sim.books.clock.advance(timedelta(minutes=1))
    sim.create_wro({"CAP": 1})
    sim.arrive(wro)
    sim.stow(wro, {"TEE": 5})
    order = sim.create_order("SO1", {"MUG": 2})
    sim.ship(order.shipments[0])
    sim.deliver(order.shipments[0])
    back = sim.create_return("R1", {"MUG": 1}, shipment=order.shipments[0].id)
    sim.create_return("R2", {"MUG": 1}, shipment=order.shipments[0].id)
    sim.arrive_return(back)
    sim.complete_return(back, {"MUG": {"Restock": 1}})
    sim.charge("Shipping", Decimal("5.25"), reference_id=str(order.shipments[0].id))
    sim.charge("WRO Receiving Fee", Decimal(35), reference_type="WRO", reference_id=str(wro.id))
    sim.add_uro({"CAP": 4}, fulfillment_center_id=10)
    sim.books.clock.advance(timedelta(seconds=1))
    sim.invoice()
    sim.create_wro({"CAP": 3}, purchase_order_number="PO2")
    messages = sim.announcer.take("shuffled" if sim.announcer.disorder else "as-made")
    subscription = next(iter(sim.books.webhooks.subscriptions.values()))
    headers = sim.books.sender.headers(messages[0], subscription)
    return {
        "webhooks": [(one.topic, one.body) for one in messages],
        "webhook headers": sorted(headers),
        "ids": (wro.id, order.id, order.shipments[0].id, back.id),
    }


def asked(sim: ShipBobSim) -> dict[str, Any]:
    wro = next(iter(sim.books.receiving.wros))
    invoice = next(iter(sim.books.billing.invoices))
    reads = [path.format(wro=wro, invoice=invoice) for path in READS]
    channel = {"shipbob_channel_id": str(sim.books.access.writing_channel().id)}
    box = {"tracking_number": "1", "box_items": [{"sku": "CAP", "quantity": 1}]}
    new = {
        "fulfillment_center": {"id": 10},
        "package_type": "Package",
        "box_packaging_type": "MultipleSkuPerBox",
        "expected_arrival_date": "2026-12-01T00:00:00Z",
        "boxes": [box],
        "purchase_order_number": "PO2",
    }
    hook = {"url": "https://connector.example.com/other", "topics": ["wro.created"]}
    answers = calls(
        sim,
        *(("GET", path, None, {}) for path in reads),
        ("POST", "/transactions:query", {"from_date": "2026-11-01"}, {}),
        ("POST", "/receiving:setExternalSync", {"ids": [wro], "is_external_sync": True}, {}),
        ("POST", "/receiving:setExternalSync", {"ids": [wro]}, channel),
        ("POST", "/receiving", new, {}),
        ("POST", "/webhook", hook, {}),
    )
    names = (*READS, "transactions", "sync", "sync with channel", "new WRO", "new webhook")
    return dict(zip(names, answers, strict=True))


def refused(sim: ShipBobSim) -> list[tuple[int, dict[str, str]]]:
    """Status and headers of a call that is one too many, and of one with a wrong token."""

    async def ask() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(sim.api)
        async with httpx2.AsyncClient(transport=transport, base_url="http://shipbob") as client:
            return [
                await client.get("/2026-07/channel", headers={"authorization": f"Bearer {token}"})
                for token in (TOKEN, TOKEN, "other")
            ]

    sim.switch({"per_minute": 1})
    answers = asyncio.run(ask())
    sim.switch({"per_minute": 0})
    left_out = ("content-length", "content-type")
    return [
        (one.status_code, {k: v for k, v in one.headers.items() if k not in left_out})
        for one in answers
    ]


def refreshed(sim: ShipBobSim) -> dict[str, Any]:
    """A refresh token is used twice."""
    application = sim.add_application("app", name="app", redirect_uris=["https://x.example/cb"])
    grant = sim.books.access.grant(
        application.client_id,
        sim.books.access.writing_channel().id,
        frozenset({"offline_access"}),
        sim.books.clock.now(),
    )
    first = grant.refresh_token
    rotate = sim.books.access.rotate
    used = [rotate(first, application.client_id, sim.books.clock.now()) for _ in range(2)]
    return {"second use": used[1] is not None}


def test_a_world_is_the_same_twice() -> None:
    assert seen.__wrapped__(Readings()) == seen(Readings())


@pytest.mark.parametrize("readings", WORLDS)
def test_a_reading_changes_what_the_simulator_says(readings: Readings) -> None:
    assert seen(readings) != seen(Readings())


def field(seen_: Seen, path: str, *keys: str | int) -> Any:
    value = seen_[path][1]
    for key in keys:
        value = value[key]
    return value


def test_a_shipments_delivery_is_seen_as_the_world_says() -> None:
    usual = field(seen(Readings()), "/order", 0, "shipments", 0)
    other = field(seen(Readings({PARCEL_STATUS: "Delivered"})), "/order", 0, "shipments", 0)

    assert (usual["status"], usual["actual_fulfillment_date"] is None) == ("Completed", False)
    assert (other["status"], other["actual_fulfillment_date"]) == ("Delivered", None)


def test_a_parcel_has_a_pro_number_in_place_of_its_tracking_number() -> None:
    usual = field(seen(Readings()), "/order", 0, "shipments", 0, "tracking")
    other = field(seen(Readings({PARCEL_NUMBER: "pro"})), "/order", 0, "shipments", 0, "tracking")

    assert other["tracking_number"] is None
    assert other["pro_number"] == usual["tracking_number"]


@pytest.mark.parametrize(
    ("reading", "told"), [("absent", ...), ("null", None), ("unknown", "PutAway")]
)
def test_what_was_done_with_a_return_is_told_as_the_world_says(reading: Any, told: Any) -> None:
    line = next(
        line
        for one in field(seen(Readings({ACTION_TAKEN: reading})), "/return", "items")
        if one["status"] == "Completed"
        for line in one["inventory"]
    )
    taken = line.get("action_taken", ...)

    assert (taken[0]["action"] if isinstance(taken, list) else taken) == told


@pytest.mark.parametrize(
    ("readings", "too_many", "wrong"),
    [
        (Readings(), {"x-retry-after": "60", "x-remaining-calls": "0"}, 401),
        (Readings({LIMIT_WAIT: "retry-after", CALLS_LEFT: "untold"}), {"retry-after": "60"}, 401),
        (
            Readings({LIMIT_WAIT: "message", CALLS_LEFT: "x-ratelimit-remaining"}),
            {"x-ratelimit-remaining": "0"},
            401,
        ),
        (
            Readings({REFUSED_TOKEN: "login-page"}),
            {"x-retry-after": "60", "x-remaining-calls": "0"},
            302,
        ),
    ],
)
def test_a_refused_call_says_what_the_world_says(
    readings: Readings, too_many: dict[str, str], wrong: int
) -> None:
    _, limited, unknown = seen(readings)["heads"]

    assert limited == (429, too_many)
    assert unknown[0] == wrong


def test_levels_may_lag() -> None:
    usual = field(seen(Readings()), "/inventory-level", "items", 0)
    later = field(seen(Readings({STOCK_LEVELS: "later"})), "/inventory-level", "items", 0)

    assert (usual["total_on_hand_quantity"], later["total_on_hand_quantity"]) == (25, 20)


def test_a_box_that_nobody_announced_is_shown_as_the_world_says() -> None:
    usual = field(seen(Readings()), "/unidentified-receiving-order", 0)
    other = Readings({UNLINKED_URO: "zero", URO_ATTACHMENTS: "texts"})
    shown = field(seen(other), "/unidentified-receiving-order", 0)

    assert (usual["linked_wro_id"], usual["attachments"]) == (None, [])
    assert (shown["linked_wro_id"], len(shown["attachments"])) == (0, 1)


def test_ids_and_quantities_may_be_texts() -> None:
    wro = field(seen(Readings({ID_TYPE: "text", QUANTITY_TYPE: "text"})), "/receiving", -1)

    assert wro["id"] == "900001"
    assert wro["inventory_quantities"][0]["stowed_quantity"] == "5"


def test_a_date_that_is_not_set_may_be_zero() -> None:
    wro = field(seen(Readings({NO_DATE: "zero"})), "/receiving", -1)

    assert wro["external_sync_timestamp"] == "0001-01-01T00:00:00"


@pytest.mark.parametrize(("reading", "end"), [("zulu", "Z"), ("no-zone", "00")])
def test_a_time_may_end_otherwise(reading: Any, end: str) -> None:
    wro = field(seen(Readings({DATE_STYLE: reading})), "/receiving", -1)

    assert wro["insert_date"].endswith(end)
    assert "+" not in wro["insert_date"]


def test_what_is_of_no_concern_may_be_missing() -> None:
    assert "package_type" in field(seen(Readings()), "/receiving", 0)
    assert "package_type" not in field(seen(Readings({LESSER_FIELDS: "absent"})), "/receiving", 0)
    assert field(seen(Readings({EMPTY_OBJECTS: "given"})), "/order", 0, "financials") == {}


def test_words_may_be_of_no_enum() -> None:
    readings = Readings(
        {
            STATUSES: "others",
            INVOICE_TYPES: "unknown",
            FEE_NAMES: "unknown",
            WRO_AWAITED: "AwaitingArrival",
        }
    )
    found = seen(readings)
    statuses = {one["status"] for one in field(found, "/receiving")}

    assert statuses == {"Underway", "AwaitingArrival"}
    assert field(found, "/invoices", "items", 0, "invoice_type").endswith("(second schedule)")
    fees = [one["transaction_fee"] for one in field(found, "transactions", "items")]
    assert all("surcharge by" in fee for fee in fees)


def test_channels_may_be_a_bare_array_with_scopes_in_one_text() -> None:
    channels = field(seen(Readings({CHANNEL_LIST: "array", SCOPES: "text"})), "/channel")

    assert all(" " in one["scopes"][0] for one in channels)


@pytest.mark.parametrize(
    ("reading", "starts"),
    [
        ("version", "/2026-07/product?cursor="),
        ("no-version", "/product?cursor="),
        ("absolute", "http://shipbob/2026-07/product?cursor="),
        ("token", ""),
    ],
)
def test_the_next_page_is_named_as_the_world_says(reading: Any, starts: str) -> None:
    link = field(seen(Readings({NEXT_LINK: reading, PAGE_SIZE: "two"})), "/product", "next")
    token = link.removeprefix(starts)

    assert link.startswith(starts)
    assert base64.urlsafe_b64decode(token + "==")


def walked(readings: Readings, path: str, most: int) -> list[int]:
    """How many rows each page has, so far as pages follow."""
    with ShipBobSim(Clock(START, speed=0), per_minute=0, seed=7, readings=readings) as sim:
        told(sim)
        found: list[int] = []
        url = path
        while len(found) < most:
            [(_, body)] = calls(sim, ("GET", url, None, {}))
            found.append(len(body["items"]))
            if body["next"] is None:
                break
            named = body["next"].rpartition("?")[2]
            url = f"{path}?{named if '=' in named else f'Cursor={named}'}"
        return found


@pytest.mark.parametrize("path", ["/product", "/return", "/invoices"])
@pytest.mark.parametrize(("reading", "last"), [("repeats", 1), ("endless", 0)])
def test_pages_may_never_end(path: str, reading: Any, last: int) -> None:
    usual = walked(Readings(), path, 5)
    endless = walked(Readings({LAST_PAGE: reading}), path, 5)

    assert len(usual) == 1
    assert endless == [usual[0], *[usual[0] if last else 0] * 4]


def test_a_page_may_be_short_and_its_last_row_come_twice() -> None:
    assert walked(Readings({PAGE_SIZE: "two"}), "/product", 5) == [2, 1]
    assert walked(Readings({ROWS_AGAIN: "twice"}), "/product", 5) == [4]


def test_webhooks_are_told_as_the_world_says() -> None:
    usual, readings = seen(Readings())["webhooks"], Readings
    topics = {topic for topic, _ in usual}

    assert {body for _, body in seen(readings({WEBHOOK_BODY: "nothing"}))["webhooks"]} == {b"{}"}
    older = {topic for topic, _ in seen(readings({TOPIC_NAMES: "older"}))["webhooks"]}
    assert {"order_shipped", "shipment_delivered", "wro_box_stowed"} <= older
    assert topics.isdisjoint(older)
    lost = seen(readings({WEBHOOK_DELIVERY: "lost"}))["webhooks"]
    assert 0 < len(lost) < len(usual)
    assert "svix-signature" in seen(readings({WEBHOOK_HEADERS: "svix"}))["webhook headers"]


def test_topics_that_are_not_offered_are_refused() -> None:
    assert seen(Readings({TOPICS_OFFERED: "without-wro"}))["new webhook"][0] == 422


@pytest.mark.parametrize(
    ("readings", "what", "status"),
    [
        (Readings({PO_NUMBERS: "unique"}), "new WRO", 422),
        (Readings({CHANNEL_HEADER: "refused"}), "sync with channel", 404),
        (Readings({BILLING_READ: "refused"}), "/invoices", 403),
    ],
)
def test_a_rule_refuses_what_else_is_taken(readings: Readings, what: str, status: int) -> None:
    assert seen(Readings())[what][0] in {200, 201}
    assert seen(readings)[what][0] == status


def test_other_rules() -> None:
    assert len(seen(Readings({NEW_WRO: "later"}))["/receiving"][1]) == 1
    assert len(set(seen(Readings({IDS: "the-same"}))["ids"])) == 1
    assert seen(Readings({REFRESH_GRACE: "once-more"}))["second use"]
    assert field(seen(Readings({SYNC_ANSWER: "wro"})), "sync", "id") == 900001


@pytest.mark.parametrize("name", ["invoices", "charges", "orders", "wros", "calls"])
def test_the_control_surface_is_not_taken_for_a_version(name: str) -> None:
    """Where a version's list of invoices came first, it hid the control surface's."""
    with ShipBobSim(Clock(START, speed=0)) as sim:
        [(status, body)] = calls(sim, ("GET", f"/_sim/{name}", None, {}))

    assert (status, body) == (200, [])
