"""Every thing that can be broken at ShipBob is named by ping, with a remedy of its own."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
import pytest

from acceptance.merchant import Merchant
from ml_connector.app.connections.checks import Check
from ml_connector.app.installation.clients import shipbob_billing_client, shipbob_client
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.ping.shipbob import PingShipBob
from ml_connector.ledger.connections import connections
from ml_connector.shipbob.permission_probes import LOOKS
from ml_connector.sim.shipbob.values.vocabulary import PAT_SCOPES
from waiting import HANGS_AFTER_SECONDS

SCOPES = [*LOOKS, "billing_read"]


@pytest.fixture
def acme(shop: Merchant) -> Iterator[Merchant]:
    """The shop, and ShipBob as it was before the test afterwards."""
    books = shop.world.shipbob.books
    callers, channels = dict(books.access.callers), dict(books.access.channels)
    yield shop
    books.access.callers.clear()
    books.access.callers.update(callers)
    books.access.channels.clear()
    books.access.channels.update(channels)
    for subscription in list(books.webhooks.subscriptions.values()):
        subscription.enabled = True


async def look(acme: Merchant, *, channel_id: int | None = None) -> dict[str, Check]:
    """Ping ShipBob alone."""
    async with open_installation(acme.settings) as installation:
        async with installation.database.transaction() as on:
            applied = await connections.find(on, "acme")
            assert applied is not None
            settings = applied.settings(await installation.vault.all("acme", on=on))
        if channel_id is not None:
            section = settings.shipbob.model_copy(update={"channel_id": channel_id})
            settings = settings.model_copy(update={"shipbob": section})
        shipbob = PingShipBob(
            partial(shipbob_client, installation, settings, installation.tokens),
            partial(shipbob_billing_client, installation, settings, installation.tokens),
            netsuite=None,
            settings=settings,
            webhook_url=f"{acme.url}/webhooks/shipbob/acme",
            deep=False,
            until=asyncio.get_running_loop().time() + HANGS_AFTER_SECONDS,
        )
        return {one.name: one for one in await shipbob.checks()}


def scoped(acme: Merchant, scopes: Sequence[str]) -> None:
    """Let the token have these scopes only; what its channel lists stays."""
    access = acme.world.shipbob.books.access
    access.add_token(acme.world.token, scopes, access.callers[acme.world.token].channel)


def broken(found: dict[str, Check]) -> dict[str, str]:
    return {name: one.outcome for name, one in found.items() if one.outcome != "ok"}


async def test_nothing_is_broken_at_first(acme: Merchant) -> None:
    assert broken(await look(acme)) == {}


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_scope_that_the_token_lacks_is_named_with_how_to_get_it(
    acme: Merchant, scope: str
) -> None:
    # Orders may be read with either of two scopes (shipbob.md section 7.2).
    gone = {scope, "fulfillments_read"} if scope == "orders_read" else {scope}
    scoped(acme, [one for one in PAT_SCOPES if one not in gone])
    found = await look(acme)
    check = found[f"scope {scope}"]

    assert check.outcome == "forbidden"
    assert f"the scope {scope}" in check.remedy
    assert "make a new token" in check.remedy
    others = set(broken(found)) - {f"scope {scope}"}
    assert others <= {"products", "fulfillment centers"}  # which are read with such a scope too


async def test_subscriptions_that_may_not_be_read_are_told(acme: Merchant) -> None:
    scoped(acme, [one for one in PAT_SCOPES if one != "webhooks_read"])
    found = (await look(acme))["webhooks"]

    assert found.outcome == "forbidden"
    assert "webhooks_read" in f"{found.found} {found.remedy}"


async def test_a_revoked_token_is_named_alone(acme: Merchant) -> None:
    acme.world.shipbob.books.access.revoke_token(acme.world.token)
    found = await look(acme)

    assert broken(found) == {"channel": "failed"}
    assert "token" in found["channel"].remedy.lower()


async def test_a_channel_that_is_not_there_is_named_with_those_that_are(acme: Merchant) -> None:
    found = (await look(acme, channel_id=4242))["channel"]

    assert (found.outcome, found.found) == ("missing", "there is no channel 4242")
    assert str(acme.world.channel_id) in found.remedy


async def test_several_channels_to_write_to_are_named_for_a_person_to_choose(
    acme: Merchant,
) -> None:
    acme.world.shipbob.books.access.add_channel(
        name="Second", application_name="SMA", scopes=["orders_write"], channel_id=100777
    )
    found = (await look(acme))["channel"]

    assert found.outcome != "ok"
    assert "100777" in f"{found.found} {found.remedy}"
    assert "channel_id" in found.remedy


async def test_a_channel_that_lists_fewer_scopes_says_what_each_is_for(acme: Merchant) -> None:
    access = acme.world.shipbob.books.access
    own = access.channels[acme.world.channel_id]
    fewer = tuple(one for one in own.scopes if one != "receiving_write")
    access.channels[own.id] = msgspec.structs.replace(own, scopes=fewer)
    found = (await look(acme))["scopes to write"]

    assert (found.outcome, found.needed) == ("missing", True)
    assert "receiving_write is for announcing wros" in found.remedy.lower()


async def test_a_subscription_that_shipbob_disabled_is_named(acme: Merchant) -> None:
    [subscription] = acme.world.shipbob.books.webhooks.subscriptions.values()
    subscription.enabled = False
    found = (await look(acme))["webhooks"]

    assert (found.outcome, found.found) == ("failed", f"disabled: {subscription.id}")
    assert "ml-connector sync webhooks" in found.remedy


async def test_a_product_without_a_sku_is_named(acme: Merchant) -> None:
    variant = next(iter(acme.world.shipbob.books.products.by_inventory_id.values()))
    sku = variant.sku
    try:
        variant.sku = ""
        found = (await look(acme))["products without SKU"]
    finally:
        variant.sku = sku

    assert found.outcome == "missing"
    assert str(variant.id) in found.found
    assert "Give them a SKU" in found.remedy
