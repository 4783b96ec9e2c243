"""The client end to end: real transport, real vault, and the simulator of ShipBob over HTTP."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.reads.order_wros import OrderWroReads, part_of
from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.new_payloads import FulfillmentCenterChoice, NewBox, NewBoxItem, NewWro
from ml_connector.shipbob.sign_in.access import Access, ConsentAccess, PersonalAccess
from ml_connector.shipbob.sign_in.oauth import Application
from ml_connector.shipbob.webhooks.signature import verify
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS, subject_id
from ml_connector.sim.clock import Clock
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.tokens import Tokens
from ml_connector.words import Cause
from waiting import HANGS_AFTER_SECONDS

TOKEN = "pat-for-tests"
Listening = Callable[[Callable[[bytes], bytes]], AbstractAsyncContextManager[str]]
SeeAll = Callable[[], Awaitable[None]]


@dataclass
class World:
    """The simulator, where it listens, and our transport."""

    sim: ShipBobSim
    clock: Clock
    api_url: str
    auth_url: str
    transport: Transport
    database: Database

    def client(self, auth: Access | None = None, channel_id: int | None = None) -> ShipBob:
        personal = PersonalAccess(Secret(TOKEN), api_url=self.api_url, auth_url=self.auth_url)
        return ShipBob(
            self.transport,
            "acme",
            api_url=self.api_url,
            version="2026-07",
            channel_id=channel_id,
            auth=auth or personal,
            limit_key="shipbob:acme",
        )


@pytest.fixture
def served() -> Iterator[tuple[ShipBobSim, Clock, str, str]]:
    clock = Clock(datetime(2026, 11, 2, 14, tzinfo=UTC), speed=0)
    with ShipBobSim(clock, per_minute=0, seed=7) as sim:
        sim.add_token(TOKEN)
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.add_fulfillment_center(228, "Cicero (IL)")
        with serve(sim.api) as api, serve(sim.auth) as auth:
            yield sim, clock, api.url, auth.url


@pytest.fixture
async def world(
    served: tuple[ShipBobSim, Clock, str, str], database: Database
) -> AsyncIterator[World]:
    sim, clock, api_url, auth_url = served
    async with database.transaction() as connection:
        await connection.execute(
            "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
        )
    limits = Limits(database, holder="test")
    limits.configure("shipbob:acme", per_minute=100_000)
    async with Transport(limits=limits, holds=NothingHeld()) as transport:
        yield World(sim, clock, api_url, auth_url, transport, database)


async def numbers_of(world: World, *orders: str) -> tuple[list[list[str]], int]:
    """The numbers of the WROs of orders, and how many calls it took to find them."""
    wros = OrderWroReads(world.client())
    before = len(world.sim.calls)
    found = await asyncio.gather(*map(wros.of_order, orders))
    return [[wro.purchase_order_number or "" for wro in of_order] for of_order in found], len(
        world.sim.calls
    ) - before


async def test_the_wros_of_many_orders_are_found_in_one_call(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    for number in ("PO1", "PO2-2", "PO2-3x", "PO3 "):
        world.sim.create_wro({tee: 1}, purchase_order_number=number)

    assert await numbers_of(world, "PO1", "PO4") == ([["PO1"], []], 1)
    assert await numbers_of(world, "PO2") == ([["PO2-2"]], 2)


async def test_blanks_around_an_orders_number_are_no_part_of_it(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    for number in ("PO3", "PO3-2"):
        world.sim.create_wro({tee: 1}, purchase_order_number=number)

    assert await numbers_of(world, "PO3 ", " PO3") == ([["PO3", "PO3-2"]] * 2, 2)


async def test_very_many_wros_of_one_order_take_few_searches(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    numbers = ["PO9", *(f"PO9-{n}" for n in range(2, 131))]
    for number in (*numbers, "PO9-0", "PO9-002", "PO9-1", "PO9-x"):
        world.sim.create_wro({tee: 1}, purchase_order_number=number)
    found, calls = await numbers_of(world, "PO9")

    assert found == [numbers]
    assert part_of("PO9", "PO9-1130") == 1130
    assert calls <= 14  # eight doublings; pages of fifty WROs


async def test_wros_are_looked_for_beyond_the_highest_number_that_is_taken(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    numbers = ["PO9", *(f"PO9-{n}" for n in (2, 4, 5, 7, *range(9, 41)))]
    for number in numbers:
        world.sim.create_wro({tee: 1}, purchase_order_number=number)
    found, _ = await numbers_of(world, "PO9")

    assert found == [numbers]


async def test_a_number_may_be_that_of_two_orders(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    for number in ("PO9", "PO9-2"):
        world.sim.create_wro({tee: 1}, purchase_order_number=number)
    found, _ = await numbers_of(world, "PO9", "PO9-2")

    assert found == [["PO9", "PO9-2"], ["PO9-2"]]


async def test_a_number_that_can_not_be_looked_for_stops_only_its_own_order(world: World) -> None:
    wros = OrderWroReads(world.client())
    refused, found = await asyncio.gather(
        wros.of_order("A,B"), wros.of_order("PO1"), return_exceptions=True
    )

    assert isinstance(refused, NeedsHuman)
    assert found == ()


async def test_a_wro_lives_from_its_creation_to_its_mark(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    client = world.client()
    new = NewWro(
        fulfillment_center=FulfillmentCenterChoice(id=228),
        package_type="Package",
        box_packaging_type="EverythingInOneBox",
        expected_arrival_date=world.clock.now() + timedelta(days=3),
        purchase_order_number="PO4711",
        boxes=(NewBox(tracking_number="C1", box_items=(NewBoxItem(sku="TEE-S", quantity=5),)),),
    )
    created = await client.create_wro(new)
    world.sim.create_wro({tee: 1}, purchase_order_number="PO4711-2")
    found = [one async for one in client.wros(purchase_order_numbers=["PO4711"])]
    world.sim.arrive(created.id)
    world.sim.stow(created.id, {tee: 4})
    world.sim.complete(created.id)
    (box,) = await client.wro_boxes(created.id)
    completed = await client.wro(created.id)
    unmarked = [one.id async for one in client.wros(statuses=["Completed"], external_sync=False)]
    (marked,) = await client.set_external_sync([created.id], synced=True)
    left = [one.id async for one in client.wros(statuses=["Completed"], external_sync=False)]

    assert [one.id for one in found] == [created.id]
    assert completed.status == "Completed"
    assert [line.stowed_quantity for line in completed.inventory_quantities] == [4]
    assert [item.stowed_quantity for item in box.box_items] == [4]
    assert marked.is_success
    assert (unmarked, left) == ([created.id], [])
    assert (await client.wro(created.id)).external_sync_timestamp is not None


async def test_every_write_carried_the_channel(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    wro = world.sim.create_wro({tee: 1})
    client = world.client()
    await client.cancel_wro(wro.id)
    await client.cancel_wro(wro.id)
    await client.set_external_sync([wro.id], synced=True)
    channel = await client.channel_id()
    writes = [call for call in world.sim.calls if call.method != "GET"]

    assert len(writes) == 3
    assert all(dict(call.headers).get("shipbob_channel_id") == str(channel) for call in writes)


async def test_what_the_account_holds_is_read(world: World) -> None:
    for number in range(60):
        world.sim.add_product(f"SKU {number}, x" if number % 2 else f"SKU-{number}")
    client = world.client()
    every = [one async for one in client.products()]
    some = [one async for one in client.products(skus=["SKU-0", "SKU-2", "NONE"])]
    centers = await client.centers.listed()
    inventory_id = some[0].variants[0].inventory
    assert inventory_id is not None
    assert inventory_id.inventory_id is not None
    item = await client.inventory_item(inventory_id.inventory_id)

    assert len(every) == 60
    assert sorted(variant.sku or "" for one in some for variant in one.variants) == [
        "SKU-0",
        "SKU-2",
    ]
    assert [center.id for center in centers] == [10, 228]
    assert item.sku == some[0].variants[0].sku


async def test_many_wros_come_page_after_page(world: World) -> None:
    tee = world.sim.add_product("TEE-S")
    ids = [world.sim.create_wro({tee: 1}).id for _ in range(120)]

    assert sorted([one.id async for one in world.client().wros()]) == ids
    assert sorted([one.id async for one in world.client().wros(ids=ids[:3])]) == ids[:3]


async def test_a_wro_that_is_not_there_is_waited_for(world: World) -> None:
    with pytest.raises(NeedsData) as missing:
        await world.client().wro(1)

    assert missing.value.cause is Cause.RECORD_NOT_FOUND


async def test_a_wro_in_the_past_is_refused(world: World) -> None:
    world.sim.add_product("TEE-S")
    new = NewWro(
        fulfillment_center=FulfillmentCenterChoice(id=228),
        package_type="Package",
        box_packaging_type="EverythingInOneBox",
        expected_arrival_date=world.clock.now() - timedelta(days=3),
        boxes=(NewBox(tracking_number="C1", box_items=(NewBoxItem(sku="TEE-S", quantity=5),)),),
    )

    with pytest.raises(NeedsHuman, match="future") as refused:
        await world.client().create_wro(new)
    assert refused.value.cause is Cause.REFUSED_BY_SHIPBOB


@pytest.mark.parametrize("redirect", [None, "https://auth.shipbob.com/login"])
async def test_a_revoked_personal_token_needs_a_person(world: World, redirect: str | None) -> None:
    world.sim.gate.login_redirect = redirect
    world.sim.revoke_token(TOKEN)

    with pytest.raises(NeedsHuman) as refused:
        await world.client().channels()
    assert refused.value.cause is Cause.CREDENTIALS_INVALID


async def test_a_token_without_a_scope_is_told_which(world: World) -> None:
    world.sim.add_token("narrow", scopes=["channels_read"])
    auth = PersonalAccess(Secret("narrow"), api_url=world.api_url, auth_url=world.auth_url)

    with pytest.raises(NeedsHuman, match="receiving_read") as refused:
        await world.client(auth).wro(1)
    assert refused.value.cause is Cause.PERMISSION_MISSING


async def test_tokens_of_a_consent_are_renewed_as_they_expire(world: World) -> None:
    application = world.sim.add_application("client", "s3cret", name="ml")
    tokens = Tokens(world.database, KeyRing((MasterKey.of(b"k" * 32),)), holder="test")
    auth = ConsentAccess(
        world.transport,
        tokens,
        Application(
            connection="acme",
            auth_url=world.auth_url,
            client_id="client",
            client_secret=Secret("s3cret"),
        ),
        api_url=world.api_url,
        first_refresh=Secret(world.sim.consent(application.client_id)),
    )
    client = world.client(auth)
    await client.channels()
    first = await auth.bearer()
    # Only ShipBob's clock moves on, so the token is refused though we think it valid.
    world.clock.advance(timedelta(hours=2))
    await asyncio.gather(*(client.centers.listed() for _ in range(8)))
    second = await auth.bearer()

    assert first.token is not None
    assert second.token is not None
    assert second.token.version == first.token.version + 1


@pytest.mark.parametrize("variant", ["bare", "envelope", "renamed-id", "sparse", "extended"])
async def test_subscribed_webhooks_verify_and_say_what_they_are_about(
    world: World, listening: Listening, variant: str
) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    def receive(request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.split(": ", 1) for line in lines)
        got.append(({name.lower(): value for name, value in pairs}, body))
        return b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

    tee = world.sim.add_product("TEE-S")
    async with listening(receive) as url:
        _, secret = world.sim.subscribe(url, TOPIC_GROUPS["receiving"])
        world.sim.announcer.variant = variant
        wro = world.sim.create_wro({tee: 2})
        world.sim.arrive(wro)
        world.sim.stow(wro)
        world.sim.complete(wro)
        assert await asyncio.to_thread(world.sim.wait_for_webhooks, HANGS_AFTER_SECONDS)
    topics = {headers["x-webhook-topic"] for headers, _ in got}

    assert topics >= {"wro.created", "wro.completed", "wro.box.arrived", "wro.box.stowed"}
    for headers, body in got:
        verified = verify(headers, body, [Secret(secret)], now=time.time())
        assert verified.webhook_id == headers["webhook-id"]
        assert subject_id(headers["x-webhook-topic"], body) == str(wro.id), json.loads(body)


async def test_subscriptions_are_made_listed_and_removed(world: World) -> None:
    client = world.client()
    url = "https://connector.example.com/webhooks/shipbob/acme"
    made = [await client.subscriptions.create(url, topics) for topics in TOPIC_GROUPS.values()]
    listed = await client.subscriptions.every()
    for one in listed:
        await client.subscriptions.delete(one.id)
    await client.subscriptions.delete(listed[0].id)

    assert {one.id for one in listed} == {one.subscription.id for one in made}
    assert all(one.enabled for one in listed)
    assert all(one.secret.reveal().startswith("whsec_") for one in made)
    assert await client.subscriptions.every() == []
