"""A set-up looks at both systems and tries its rules on recent facts, in few calls."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from acceptance.merchant import Merchant
from acceptance.retail import Retail
from ml_connector.app.installation.installation import Installation, open_installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.comparing_plans import RulesTried
from ml_connector.app.set_up.looking import Seen, look
from ml_connector.app.set_up.trying_rules import MOST_CALLS, MOST_FACTS, try_rules
from ml_connector.app.views.file_preview import preview_file
from ml_connector.config import connection as connection_file
from ml_connector.secret import Secret
from ml_connector.sim.world import CLIENT_ID

T = TypeVar("T")
NAME = "second"


def apart(shop: Merchant, do: Callable[[Installation], Awaitable[T]]) -> T:
    async def once() -> T:
        async with open_installation(shop.settings) as installation:
            return await do(installation)

    return asyncio.run(once())


def tell(shop: Merchant, section: str, **values: Any) -> None:
    async def do(installation: Installation) -> None:
        async with installation.database.transaction() as on:
            await drafts.answer(on, NAME, section, values, person="test")

    apart(shop, do)


@pytest.fixture(scope="module")
def draft(shop: Merchant) -> Merchant:
    world = shop.world

    async def begin(installation: Installation) -> None:
        async with installation.database.transaction() as on:
            await drafts.begin(on, NAME, world.netsuite.account_id, person="test")
            for field, secret in (
                (drafts.PRIVATE_KEY, world.private_key),
                (drafts.TOKEN, world.token),
            ):
                await drafts.keep_secret(
                    installation, on, NAME, field, Secret(secret), person="test"
                )

    apart(shop, begin)
    tell(
        shop,
        "netsuite",
        client_id=CLIENT_ID,
        certificate_id=world.certificate_id,
        base_url=world.netsuite_server.url,
        subsidiary="1",
    )
    tell(shop, "shipbob", api_url=world.api_server.url, auth_url=world.auth_server.url)
    tell(shop, "locations", **{"228": "6", "10": "7"})
    tell(shop, "schedule", timezone="America/Chicago")
    tell(shop, "limits", shipbob_per_minute=1_000_000)
    return shop


def looked(shop: Merchant) -> Seen:
    return apart(shop, lambda installation: look(installation, NAME, lambda *_: None))


def tried(shop: Merchant) -> RulesTried:
    return apart(shop, lambda installation: try_rules(installation, NAME, lambda _: None))


def calls(shop: Merchant) -> int:
    return len(shop.world.shipbob.calls) + len(shop.world.netsuite.calls)


def test_products_and_orders_are_compared_in_a_few_calls(draft: Merchant) -> None:
    retail = Retail(draft)
    known = [retail.sku() for _ in range(300)]
    strange = [draft.sku("odd name", in_netsuite=False) for _ in range(3)]
    draft.world.netsuite.add_item(strange[0].upper())
    for number in range(60):
        retail.sell({known[0]: 1}, in_netsuite=number % 3 > 0)
    before = calls(draft)
    seen = looked(draft)
    made = calls(draft) - before

    assert seen.products is not None
    assert seen.orders is not None
    near = {one.sku: one.near for one in seen.products.to_settle}
    assert {sku: near[sku] for sku in strange} == {
        strange[0]: strange[0].upper(),
        strange[1]: "",
        strange[2]: "",
    }
    assert seen.products.matched == seen.products.skus - len(near) >= 300
    assert seen.orders.orders == 50
    best = seen.orders.of("tranid")
    assert best is not None
    assert (seen.orders.best, best.several, best.one + best.none) == ("tranid", 0, 50)
    assert best.none in {16, 17}
    assert seen.zones[0] == "America/Chicago"
    # Sign-in and clock; four lists of each system; products by pages; the rest by queries.
    assert made <= 22


def test_each_policy_is_tried_on_recent_facts(draft: Merchant) -> None:
    sku = draft.sku()
    for _ in range(3):
        draft.deliver({sku: 5})
    draft.deliver({sku: 36}, number=draft.order({sku: 24}))
    draft.deliver({sku: 24}, number=draft.order({sku: 24}))
    tell(draft, "accounts", inventory_adjustment="54")
    before = calls(draft)
    found = tried(draft)
    made = calls(draft) - before

    assert made == found.calls <= MOST_CALLS
    loose, surplus = found.of("unmatched_wro"), found.of("over_receipt")
    assert loose is not None
    assert surplus is not None
    assert (loose.facts, loose.of("adjust").units, loose.of("park").waits) == (3, 15, 3)  # type: ignore[union-attr] # both are there
    assert surplus.facts == 1
    assert {one.value: (one.units, one.waits) for one in surplus.choices} == {
        "adjust": (12, 0),
        "receive": (12, 0),
        "park": (0, 1),
        "refuse": (0, 0),
    }
    assert draft.rows("select * from subject") == []


def test_what_is_older_than_the_start_date_is_told_apart(draft: Merchant) -> None:
    later = draft.world.netsuite.clock.now().date().replace(year=2099)
    tell(draft, "", start_date=later.isoformat())

    found = tried(draft)

    loose = found.of("unmatched_wro")
    assert loose is not None
    assert (loose.facts, loose.before_start) == (3, 3)
    assert (found.documents, found.waits) == (0, ())
    assert found.before_start >= 5
    tell(draft, "", start_date=None)


def test_a_fact_that_can_only_wait_says_for_what(draft: Merchant) -> None:
    tell(draft, "accounts", inventory_adjustment=None)

    [waits] = [one for one in tried(draft).waits if one.cause == "account_unmapped"]

    assert waits.facts == 4
    assert "inventory_adjustment" in waits.remedy


def test_a_file_is_previewed_as_a_set_up_is(draft: Merchant) -> None:
    tell(draft, "accounts", inventory_adjustment="54")
    file = draft.connection_file(limits="shipbob_per_minute = 1_000_000")
    before = draft.rows("select * from connection")
    settings = connection_file.read(file)
    printed = draft.command("connection", "preview", str(file))
    found = apart(draft, lambda opened: preview_file(opened, settings, lambda *_: None))
    same = tried(draft)

    assert printed.status == 0, printed
    assert found.works
    assert found.seen.orders is not None
    assert found.seen.orders.best == "tranid"
    assert {one.center: one.why for one in found.centers} == {"10": "chosen", "228": "chosen"}
    assert found.tried is not None
    assert found.tried.of("unmatched_wro") == same.of("unmatched_wro")
    assert "unmatched_wro" in printed.out
    assert "SKUs have one item" in printed.out
    assert draft.rows("select * from connection") == before


def test_a_preview_leaves_a_refresh_token_alone(draft: Merchant, tmp_path: Path) -> None:
    text = draft.connection_file().read_text("utf-8")
    application = draft.world.application
    signs = f'client_id = "{application.client_id}"\nclient_secret = "s"\nrefresh_token = "r"\n'
    token = next(line for line in text.splitlines() if line.startswith("token = "))
    file = tmp_path / "other.toml"
    named = text.replace('name = "acme"', 'name = "other"')
    file.write_text(named.replace(f"{token}\n", signs), "utf-8")
    before = calls(draft)

    refused = draft.command("connection", "preview", str(file))

    assert refused.status == 1
    assert "would use up the refresh token" in refused.err
    assert calls(draft) == before


def test_no_more_calls_are_made_than_sixty_whatever_there_is(draft: Merchant) -> None:
    skus = [draft.sku() for _ in range(40)]
    retail = Retail(draft)
    for number in range(80):
        draft.deliver({skus[number % 40]: 5}, number=draft.order({skus[number % 40]: 5}))
        [shipment] = retail.sell({retail.sku(100): 1}).shipments
        draft.world.shipbob.ship(shipment)
    before = calls(draft)
    found = tried(draft)
    made = calls(draft) - before
    read = {one.flow: one.facts for one in found.flows}

    assert made == found.calls <= MOST_CALLS
    assert sum(one.facts for one in found.flows) <= MOST_FACTS
    assert (read["receiving"], read["tracking"]) == (60, 80)
    assert 3 <= read["purchase-orders"] <= 30  # as many as the calls that are left allow
