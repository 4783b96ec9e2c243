import json
from collections.abc import Callable
from typing import Any

import pytest

from ml_connector.errors import NeedsData, NeedsHuman, Retryable, UserError
from ml_connector.secret import Secret
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.session import UnexpectedAnswer
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS
from ml_connector.transport.call import Answer, Call
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]
Sample = Callable[[str], Any]

BASE = "https://api.shipbob.com/2026-07"
URL = "https://connector.example.com/webhooks/shipbob/acme"


def channel(number: int, *scopes: str, application: str = "SMA") -> dict[str, Any]:
    return {"id": number, "name": "n", "application_name": application, "scopes": list(scopes)}


async def test_channels_are_read_to_the_last_page(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    last = {"items": [channel(7)], "next": None}
    client, calls = connected(answer(sample("api/channels_get")), answer(last))
    found = await client.channels()

    for call in calls:
        conforms(call)
    assert calls[0].url == f"{BASE}/channel?RecordsPerPage=250"
    assert calls[1].url.endswith("&Cursor=eyJJZCI6NzY4MzksIkN1cnNvclR5cGUiOjB5")
    assert [one.id for one in found] == [128944, 128943, 7]
    assert [one.writable for one in found] == [True, False, False]


async def test_channels_of_the_old_form_are_read(
    connected: Connect, answer: MakeAnswer, sample: Sample
) -> None:
    client, _ = connected(answer(sample("api/channel_v1_legacy")))
    (only,) = await client.channels()

    assert (only.id, only.writable) == (56232, True)


async def test_channels_without_permission_name_the_scope(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer(None, 403))

    with pytest.raises(NeedsHuman, match="channels_read"):
        await client.channels()


async def test_the_only_writable_channel_is_found_once(
    connected: Connect, answer: MakeAnswer
) -> None:
    channels = {"items": [channel(1, "orders_read"), channel(2, "receiving_read receiving_write")]}
    marked = answer({"results": [{"id": 5, "is_success": True}]})
    client, calls = connected(answer(channels), marked, marked, channel_id=None)
    await client.set_external_sync([5], synced=True)
    await client.set_external_sync([5], synced=True)

    assert [call.operation for call in calls] == [
        "channel.list",
        "receiving.set_external_sync",
        "receiving.set_external_sync",
    ]
    assert [call.headers.get("shipbob_channel_id") for call in calls] == [None, "2", "2"]


@pytest.mark.parametrize(
    ("channels", "remedy"),
    [
        ([channel(1, "orders_read")], "write permissions"),
        ([channel(1, "orders_write"), channel(2, "orders_write")], "channel_id"),
        ([], "write permissions"),
    ],
)
async def test_a_person_says_which_channel_when_it_is_not_clear(
    connected: Connect, answer: MakeAnswer, channels: list[object], remedy: str
) -> None:
    client, calls = connected(answer({"items": channels}), channel_id=None)

    with pytest.raises(NeedsHuman) as unclear:
        await client.set_external_sync([5], synced=True)
    assert remedy in unclear.value.remedy
    assert len(calls) == 1


async def test_fulfillment_centers_are_read(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    center = sample("api/wro_completed")["fulfillment_center"]
    client, calls = connected(answer([center, {"id": 228, "name": None}]))
    found = await client.centers.listed()

    conforms(calls[0])
    assert calls[0].url == f"{BASE}/fulfillment-center"
    assert [(one.id, one.name) for one in found] == [(10, "Moreno Valley (CA)"), (228, "")]


async def test_fulfillment_centers_at_a_wrong_address_point_at_the_settings(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer("", 404))

    with pytest.raises(NeedsHuman) as wrong:
        await client.centers.listed()
    assert "version" in wrong.value.remedy


async def test_products_are_asked_for_by_a_bare_list_of_skus(
    connected: Connect, answer: MakeAnswer, sample: Sample, conforms: Conforms
) -> None:
    client, calls = connected(answer({"items": sample("api/products_2_0"), "next": None}))
    found = [one async for one in client.products(skus=["100", "TEE M", "100", "A&B+C"])]

    conforms(calls[0])
    assert calls[0].url == f"{BASE}/product?PageSize=250&SKU=any:100,TEE%20M,A%26B%2BC"
    assert [variant.sku for one in found for variant in one.variants] == ["100"]


async def test_a_product_comes_once_though_its_skus_are_in_several_lists(
    connected: Connect, answer: MakeAnswer, sample: Sample
) -> None:
    page = answer({"items": sample("api/products_2_0"), "next": None})
    client, calls = connected(*[page] * 3)
    skus = [f"SKU-{number:04}" for number in range(200)] + ["WITH,COMMA"]
    found = [one async for one in client.products(skus=skus)]

    assert len(found) == 1
    assert len(calls) == 3
    assert calls[2].url.endswith("SKU=WITH,COMMA")


async def test_all_products_are_asked_for_without_a_filter(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer({"items": []}))

    assert [one async for one in client.products()] == []
    assert calls[0].url == f"{BASE}/product?PageSize=250"
    assert [one async for one in client.products(skus=[])] == []
    assert len(calls) == 1


async def test_products_over_the_limit_are_asked_for_later(
    connected: Connect, answer: MakeAnswer, sample: Sample
) -> None:
    client, _ = connected(answer(sample("api/error_429"), 429, x_retry_after="25"))

    with pytest.raises(Retryable) as slow:
        [one async for one in client.products()]
    assert (slow.value.cause, slow.value.retry_after_seconds) == (Cause.RATE_LIMITED, 25)


async def test_an_inventory_item_is_read(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    body = {
        "inventory_id": 8588331,
        "sku": "TEE",
        "name": "Tee",
        "is_lot": True,
        "variant": {"is_active": True, "is_bundle": False, "is_digital": None},
    }
    client, calls = connected(answer(body))
    item = await client.inventory_item(8588331)

    conforms(calls[0])
    assert calls[0].url == f"{BASE}/inventory/8588331"
    assert (item.sku, item.is_lot) == ("TEE", True)
    assert item.variant is not None
    assert item.variant.is_active


async def test_an_inventory_item_that_does_not_exist_is_waited_for(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"detail": "gone"}, 404))

    with pytest.raises(NeedsData, match="inventory item 5") as missing:
        await client.inventory_item(5)
    assert missing.value.waiting_for == ("inventory:5",)


async def test_subscriptions_are_listed(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    row = {"id": "ep_1", "url": URL, "topics": ["wro.completed"], "enabled": False}
    client, calls = connected(answer({"items": [row], "next": None}))
    (found,) = await client.subscriptions.every()

    conforms(calls[0])
    assert calls[0].url == f"{BASE}/webhook?RecordsPerPage=250"
    assert (found.id, found.url, found.topics, found.enabled) == (
        "ep_1",
        URL,
        ("wro.completed",),
        False,
    )


@pytest.mark.parametrize("status", [200, 201])
async def test_a_subscription_is_made_and_its_secret_kept_apart(
    connected: Connect, answer: MakeAnswer, conforms: Conforms, status: int
) -> None:
    body = {
        "id": "ep_1",
        "url": URL,
        "topics": ["wro.completed"],
        "description": None,
        "created_at": "2026-11-23T12:00:00.1234567Z",
        "secret": "whsec_c2VjcmV0",
    }
    client, calls = connected(answer(body, status))
    made = await client.subscriptions.create(URL, TOPIC_GROUPS["receiving"], description="ours")
    (call,) = calls

    conforms(call)
    assert (call.method, call.url, call.repeatable) == ("POST", f"{BASE}/webhook", False)
    assert json.loads(call.body or b"") == {
        "url": URL,
        "topics": list(TOPIC_GROUPS["receiving"]),
        "description": "ours",
    }
    assert made.secret == Secret("whsec_c2VjcmV0")
    assert made.subscription.id == "ep_1"
    assert "c2VjcmV0" not in repr(made)


async def test_a_subscription_is_for_all_channels_so_it_names_none(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer({"id": "ep_1", "secret": "whsec_c2VjcmV0"}))
    await client.subscriptions.create(URL, ["wro.completed"])

    assert "shipbob_channel_id" not in calls[0].headers


async def test_a_secret_of_ours_is_sent_and_kept(connected: Connect, answer: MakeAnswer) -> None:
    ours = Secret("whsec_" + "QUJD" * 8)
    client, calls = connected(answer({"id": "ep_1"}, 201))
    made = await client.subscriptions.create(URL, ["wro.completed"], secret=ours)

    assert json.loads(calls[0].body or b"")["secret"] == ours.reveal()
    assert made.secret == ours


async def test_a_secret_of_ours_must_be_base64(connected: Connect) -> None:
    client, calls = connected()

    with pytest.raises(UserError, match="base64"):
        await client.subscriptions.create(URL, ["wro.completed"], secret=Secret("my secret"))
    assert calls == []


async def test_a_subscription_without_a_secret_is_a_bug(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer({"id": "ep_1"}, 201))

    with pytest.raises(UnexpectedAnswer, match="secret"):
        await client.subscriptions.create(URL, ["wro.completed"])


async def test_a_topic_that_shipbob_refuses_is_told(
    connected: Connect, answer: MakeAnswer
) -> None:
    body = {"$type": "Result", "status_code": 422, "value": {"topics": ["unknown topic"]}}
    client, _ = connected(answer(body, 422))

    with pytest.raises(NeedsHuman, match=r"subscribing to wro\.nonsense: topics: unknown topic"):
        await client.subscriptions.create(URL, ["wro.nonsense"])


@pytest.mark.parametrize("status", [200, 204, 404])
async def test_a_subscription_is_removed_or_gone_already(
    connected: Connect, answer: MakeAnswer, conforms: Conforms, status: int
) -> None:
    client, calls = connected(answer(None, status))
    await client.subscriptions.delete("ep_1")

    conforms(calls[0])
    assert (calls[0].method, calls[0].url) == ("DELETE", f"{BASE}/webhook/ep_1")
    assert calls[0].headers["shipbob_channel_id"] == "100102"


async def test_a_subscription_is_removed_also_where_no_channel_is_clear(
    connected: Connect, answer: MakeAnswer
) -> None:
    several = [
        {"id": number, "name": "x", "application_name": "y", "scopes": ["webhooks_write"]}
        for number in (1, 2)
    ]
    client, calls = connected(answer({"items": several}), answer(None, 204), channel_id=None)
    await client.subscriptions.delete("ep_1")

    assert calls[1].method == "DELETE"
    assert "shipbob_channel_id" not in calls[1].headers


async def test_a_subscription_that_is_not_ours_to_remove_names_the_scope(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, _ = connected(answer(None, 403))

    with pytest.raises(NeedsHuman, match="webhooks_write"):
        await client.subscriptions.delete("ep_1")


@pytest.mark.parametrize("status", [401, 302])
async def test_a_refused_token_is_renewed_once(
    connected: Connect, answer: MakeAnswer, status: int
) -> None:
    client, calls = connected(answer("", status), answer([]))
    await client.centers.listed()

    assert [call.headers["Authorization"] for call in calls] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


async def test_a_fresh_token_that_is_refused_too_ends_it(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer("", 401), answer("", 401))

    with pytest.raises(NeedsHuman) as refused:
        await client.centers.listed()
    assert refused.value.cause is Cause.CREDENTIALS_INVALID
    assert len(calls) == 2


async def test_a_missing_permission_is_no_reason_to_renew(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer("", 403))

    with pytest.raises(NeedsHuman):
        await client.centers.listed()
    assert len(calls) == 1
