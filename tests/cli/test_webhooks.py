"""Webhook subscriptions as a person and ShipBob see them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Answered
from cli.conftest import Command
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS
from ml_connector.sim.shipbob.webhooks.webhooks import Subscription

ALL = {group: set(topics) for group, topics in TOPIC_GROUPS.items()}


@pytest.fixture
def webhooks(cli: Command, shop: Merchant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Commands with a public address, and an account without subscriptions."""
    monkeypatch.setenv("MLC_PUBLIC_URL", shop.url)
    held = subscriptions(shop)
    before = dict(held)
    held.clear()
    forget(shop)
    shop.apply(limits="shipbob_per_minute = 1_000_000")
    yield cli
    shop.apply()
    shop.world.shipbob.switch({"topics_not_offered": []})
    held.clear()
    held.update(before)
    forget(shop)


def forget(shop: Merchant) -> None:
    for table in (
        "webhook_subscription",
        "webhook_topics_refused",
        "webhook_look",
        "webhook_refusal",
        "webhook_capture",
    ):
        shop.rows(f"with gone as (delete from {table} returning 1) select count(*) from gone")  # noqa: S608 - our tables
    shop.rows(
        "with gone as (delete from secret where field like 'shipbob.webhook_secret_of.%%'"
        " returning 1) select count(*) from gone"
    )


def subscriptions(shop: Merchant) -> dict[str, Subscription]:
    return shop.world.shipbob.books.webhooks.subscriptions


def ours(shop: Merchant) -> list[Subscription]:
    url = f"{shop.url}/webhooks/shipbob/acme"
    return [one for one in subscriptions(shop).values() if one.url == url]


def stored(shop: Merchant) -> set[str]:
    found = shop.rows("select field from secret where field like 'shipbob.webhook_secret_of.%%'")
    return {row["field"].rpartition(".")[2] for row in found}


def synced(answered: Answered) -> dict[str, Any]:
    assert answered.status == 0, answered
    document: dict[str, Any] = json.loads(answered.out)
    return document


def states(document: dict[str, Any]) -> dict[str, str]:
    return {one["group"]: one["state"] for one in document["groups"]}


def test_a_fresh_account_is_subscribed_to_every_group_once(
    webhooks: Command, shop: Merchant
) -> None:
    document = synced(webhooks("sync", "webhooks", "--json"))

    assert set(states(document).values()) == {"made"}
    assert [set(one.topics) for one in ours(shop)] == list(ALL.values())
    assert {one.channel_id for one in ours(shop)} == {None}
    assert stored(shop) == {one.id for one in ours(shop)}
    again = synced(webhooks("sync", "webhooks", "--json"))
    assert set(states(again).values()) == {"kept"}
    assert again["removed"] == []


def test_status_counts_the_groups_that_are_subscribed_to(
    webhooks: Command, shop: Merchant
) -> None:
    shop.world.shipbob.switch({"topics_not_offered": sorted(ALL["billing"])})
    synced(webhooks("sync", "webhooks", "--json"))

    said = webhooks("status").out

    assert f"{len(ALL) - 1} of {len(ALL)} groups subscribed" in said
    assert "personal access token" in said


def test_duplicates_and_strays_of_our_address_go_and_those_of_others_stay(
    webhooks: Command, shop: Merchant
) -> None:
    synced(webhooks("sync", "webhooks", "--json"))
    kept = {one.id for one in ours(shop)}
    shop.world.shipbob.subscribe(f"{shop.url}/webhooks/shipbob/acme", ["wro.completed"])
    shop.world.shipbob.subscribe(
        f"{shop.url}/webhooks/shipbob/acme", list(TOPIC_GROUPS["receiving"])
    )
    other, _ = shop.world.shipbob.subscribe("https://other.example.com/hook", ["wro.completed"])
    document = synced(webhooks("sync", "webhooks", "--json"))

    assert {one.id for one in ours(shop)} == kept
    assert len(document["removed"]) == 2
    assert str(other) in subscriptions(shop)


def test_a_disabled_one_is_made_anew(webhooks: Command, shop: Merchant) -> None:
    synced(webhooks("sync", "webhooks", "--json"))
    [broken] = [one for one in ours(shop) if "wro.completed" in one.topics]
    broken.enabled = False
    document = synced(webhooks("sync", "webhooks", "--json"))

    assert states(document)["receiving"] == "made"
    assert document["removed"] == [{"id": broken.id, "reason": "ShipBob had disabled it"}]
    assert [one.enabled for one in ours(shop)] == [True] * len(ALL)


def test_what_shipbob_refuses_costs_only_its_own_topics(webhooks: Command, shop: Merchant) -> None:
    boxes = {"wro.box.arrived", "wro.box.scanned", "wro.box.stowed"}
    shop.world.shipbob.switch({"topics_not_offered": [*boxes, *ALL["billing"]]})
    document = synced(webhooks("sync", "webhooks", "--json"))

    by_group = {one["group"]: one for one in document["groups"]}
    assert set(by_group["receiving"]["topics"]) == {"wro.created", "wro.updated", "wro.completed"}
    assert set(by_group["receiving"]["left_out"]) == boxes
    assert by_group["billing"]["state"] == "refused"
    again = synced(webhooks("sync", "webhooks", "--json"))
    assert again["removed"] == []
    assert {group: state for group, state in states(again).items() if state == "made"} == {}


def test_topics_that_are_offered_later_are_subscribed_to(
    webhooks: Command, shop: Merchant
) -> None:
    shop.world.shipbob.switch({"topics_not_offered": list(ALL["receiving"])})
    before = states(synced(webhooks("sync", "webhooks", "--json")))
    shop.world.shipbob.switch({"topics_not_offered": []})
    after = states(synced(webhooks("sync", "webhooks", "--json")))

    assert before["receiving"] == "refused"
    assert after["receiving"] == "made"
    assert {frozenset(one.topics) for one in ours(shop)} == {
        frozenset(topics) for topics in ALL.values()
    }


def test_a_subscription_made_by_hand_stays_while_its_group_is_refused(
    webhooks: Command, shop: Merchant
) -> None:
    by_hand, _ = shop.world.shipbob.subscribe(
        f"{shop.url}/webhooks/shipbob/acme", ["wro.completed"]
    )
    shop.world.shipbob.switch({"topics_not_offered": list(ALL["receiving"])})
    synced(webhooks("sync", "webhooks", "--json"))

    assert str(by_hand) in subscriptions(shop)


def test_rotation_keeps_both_secrets_valid(webhooks: Command, shop: Merchant) -> None:
    synced(webhooks("sync", "webhooks", "--json"))
    old = {one.id for one in ours(shop)}
    document = synced(webhooks("webhooks", "rotate", "--json"))
    new = {one.id for one in ours(shop)}

    assert old & new == set()
    assert {one["id"] for one in document["removed"]} == old
    assert stored(shop) == old | new
    shop.rows(
        "with aged as (update webhook_subscription set retired_at = now() - interval '49 hours'"
        " where retired_at is not null returning 1) select count(*) from aged"
    )
    synced(webhooks("sync", "webhooks", "--json"))
    assert stored(shop) == new


def test_a_subscription_whose_secret_was_lost_is_replaced(
    webhooks: Command, shop: Merchant
) -> None:
    synced(webhooks("sync", "webhooks", "--json"))
    lost = next(one for one in ours(shop) if "return.completed" in one.topics)
    lost.topics = (*lost.topics[::-1],)
    shop.rows(
        "with gone as (delete from webhook_subscription where id = %(id)s returning 1)"
        " select count(*) from gone",
        id=lost.id,
    )
    settings = shop.rows("select count(*) as n from secret where field like '%%webhook_secrets%%'")
    document = synced(webhooks("sync", "webhooks", "--json"))

    assert settings[0]["n"] == 1
    # A secret was given by hand as well, so that it may be this one's: it is kept.
    assert states(document)["returns"] == "kept"


def test_without_a_public_address_it_says_what_to_do(
    webhooks: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLC_PUBLIC_URL")
    answered = webhooks("sync", "webhooks")

    assert answered.status == 1
    assert "Next:  Set MLC_PUBLIC_URL to the https address" in answered.err


def test_a_dry_run_and_plan_write_nothing(webhooks: Command, shop: Merchant) -> None:
    planned = webhooks("plan", "webhooks")
    shop.apply(mode="dry-run")
    answered = webhooks("sync", "webhooks")

    assert (planned.status, answered.status) == (0, 0)
    assert "this is what would be done" in planned.out
    assert "to make" in answered.out
    assert ours(shop) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["sync", "webhooks", "--id", "5"],
        ["sync", "webhooks", "--since", "2h"],
        ["plan", "webhooks", "--id", "5"],
        ["sync", "webhook"],
    ],
)
def test_wrong_usage_is_said(webhooks: Command, arguments: list[str]) -> None:
    answered = webhooks(*arguments)

    assert answered.status == 2
    assert "Next: " in answered.err


def test_a_token_without_the_permission_is_named(webhooks: Command, shop: Merchant) -> None:
    caller = shop.world.shipbob.books.access.callers[shop.world.token]
    shop.world.shipbob.books.access.callers[shop.world.token] = type(caller)(
        application=caller.application,
        channel=caller.channel,
        scopes=caller.scopes - {"webhooks_write"},
    )
    answered = webhooks("sync", "webhooks")
    shop.world.shipbob.books.access.callers[shop.world.token] = caller

    assert answered.status == 1
    assert "webhooks_write" in answered.err


def test_samples_are_the_first_bodies_since_they_were_wanted(
    webhooks: Command, shop: Merchant, tmp_path: Path
) -> None:
    none = webhooks("webhooks", "samples")
    insert(shop, "wro.completed", b'{"id": 1}', "before")
    assert webhooks("webhooks", "capture").status == 0
    insert(shop, "wro.completed", b'{"id": 2, "cost": 1.10, "recipient": {"name": "Ann"}}', "a")
    insert(shop, "wro.completed", b'{"id": 3}', "b")
    insert(shop, "../../evil", b"not json, secret=abcdefgh", "c")
    answered = webhooks("webhooks", "samples", "--to", str(tmp_path / "samples"), "--json")

    assert none.status == 1
    assert "webhooks capture" in none.err
    document = json.loads(answered.out)
    bodies = {one["topic"]: one["body"] for one in document["samples"]}
    assert bodies["wro.completed"] == '{"id":2,"cost":1.10,"recipient":{"name":"***"}}'
    assert "abcdefgh" not in answered.out
    assert "return.completed" in document["waiting"]
    written = {path.name for path in (tmp_path / "samples").iterdir()}
    assert written == {"_.._evil.json", "wro.completed.json"}


def insert(shop: Merchant, topic: str, body: bytes, id_: str) -> None:
    shop.rows(
        "with new as (insert into event (connection, source, delivery_id, topic, status, headers,"
        " body, sent_at) values ('acme', 'webhook', %(id)s, %(topic)s, 'ignored', '{}', %(body)s,"
        " now() - interval '40 seconds') returning 1) select count(*) from new",
        id=f"sample-{id_}-{topic}",
        topic=topic,
        body=body,
    )


def test_the_list_shows_clocks_refusals_and_subscriptions(
    webhooks: Command, shop: Merchant
) -> None:
    empty = webhooks("webhooks", "list")
    synced(webhooks("sync", "webhooks", "--json"))
    insert(shop, "wro.created", b"{}", "clock")
    shop.rows(
        "with new as (insert into webhook_refusal (connection, reason, times, topic,"
        " clock_offset_seconds) values ('acme', 'too_old', 3, 'wro.created', 600) returning 1)"
        " select count(*) from new"
    )
    answered = webhooks("webhooks", "list")

    assert "Never looked" in empty.out
    assert "Refused 3 times" in answered.out
    assert "600 s ahead of ShipBob's" in answered.out
    assert "timedatectl" in answered.out
    assert "receiving" in answered.out
