"""``ping --deep`` tries the rules of order_match on the last orders, in a few calls."""

from collections.abc import Iterator

import pytest

from acceptance.merchant import Merchant
from acceptance.retail import Retail
from ml_connector.app.connections.checks import Check
from ml_connector.app.installation.clients import netsuite_client, shipbob_client
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.ping.orders import order_checks
from ml_connector.ledger.connections import connections

SHOP = 100779


@pytest.fixture
def retail(shop: Merchant) -> Iterator[Retail]:
    """The shop, with a second channel for as long as the test."""
    channels = shop.world.shipbob.books.access.channels
    before = dict(channels)
    shop.world.shipbob.add_channel(
        "Second", application_name="Shopify", scopes=["orders_read"], channel_id=SHOP
    )
    yield Retail(shop)
    channels.clear()
    channels.update(before)


async def checks(shop: Merchant) -> dict[str, Check]:
    async with open_installation(shop.settings) as installation:
        async with installation.database.transaction() as on:
            applied = await connections.find(on, "acme")
            assert applied is not None
            settings = applied.settings(await installation.vault.all("acme", on=on))
        opened = (installation, settings, installation.tokens)
        found = await order_checks(
            shipbob_client(*opened)[0], netsuite_client(*opened)[0], settings
        )
        return {one.name: one for one in found}


async def test_the_last_fifty_orders_are_tried_by_channel_in_a_few_calls(
    shop: Merchant, retail: Retail
) -> None:
    sku = retail.sku()
    retail.sell({sku: 1}, in_netsuite=False)  # not one of the last fifty
    orders = [retail.sell({sku: 1}, in_netsuite=number > 2) for number in range(49)]
    shared = orders[-1].reference_id
    shop.world.shipbob.create_order(shared, {sku: 1}, channel=SHOP)
    shipbob, netsuite = shop.world.shipbob.calls, shop.world.netsuite.calls
    before = len(shipbob), len(netsuite)
    found = await checks(shop)
    own, other = (found[name] for name in sorted(found, key=lambda one: str(SHOP) in one))

    assert own.found == (
        "45 of 49 have one sales order; 3 none:"
        f" {', '.join(one.reference_id for one in reversed(orders[:3]))};"
        f" 1 are ambiguous: {shared}"
    )
    assert other.found == f"0 of 1 have one sales order; 1 are ambiguous: {shared}"
    assert other.name == f"orders of channel {SHOP} Second"
    assert {own.outcome, other.outcome} == {"missing"}
    assert len(shipbob) - before[0] <= 4
    assert len(netsuite) - before[1] <= 4
