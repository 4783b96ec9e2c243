import base64

import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim


def test_the_secret_is_shown_once(checked: httpx2.Client) -> None:
    created = checked.post(
        "/2026-07/webhook", json={"topics": ["wro.completed"], "url": "https://example.test/h"}
    )
    listed = checked.get("/2026-07/webhook").json()["items"]

    assert created.status_code == 201
    key = base64.b64decode(created.json()["secret"].removeprefix("whsec_"))
    assert 24 <= len(key) <= 64
    assert [each["id"] for each in listed] == [created.json()["id"]]
    assert listed[0]["enabled"] is True
    assert "secret" not in listed[0]


def test_a_secret_of_ones_own_is_kept(checked: httpx2.Client) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    created = checked.post(
        "/2026-07/webhook",
        json={"topics": ["wro.created"], "url": "https://example.test/h", "secret": secret},
    )

    assert created.json()["secret"] == secret


@pytest.mark.parametrize(
    "change",
    [
        {"topics": []},
        {"topics": ["order_shipped"]},
        {"url": "http://example.test/h"},
        {"url": "ftp://127.0.0.1/h"},
        {"url": "nowhere"},
        {"secret": "plain text"},
        {"secret": "whsec_c2hvcnQ="},
        {"topics": None},
    ],
)
def test_a_wrong_subscription_is_a_serialised_result_object(
    checked: httpx2.Client, change: dict[str, object]
) -> None:
    body = {"topics": ["wro.created"], "url": "https://example.test/h", **change}

    answer = checked.post("/2026-07/webhook", json=body)

    assert answer.status_code == 422
    assert answer.json()["$type"].startswith("Microsoft.AspNetCore.Mvc.")
    assert answer.json()["status_code"] == 422


def test_2026_01_has_no_topics_about_receiving(api: httpx2.Client) -> None:
    answers = [
        api.post("/2026-01/webhook", json={"topics": [topic], "url": "https://example.test/h"})
        for topic in ("order.shipped", "wro.completed", "order.shipment.tracking.updated")
    ]

    assert [answer.status_code for answer in answers] == [201, 422, 422]


def test_plain_http_is_only_for_this_machine_and_can_be_forbidden(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    body = {"topics": ["wro.created"], "url": "http://127.0.0.1:1/h"}
    allowed = api.post("/2026-07/webhook", json=body).status_code
    sim.apis.account.loopback_http = False

    assert (allowed, api.post("/2026-07/webhook", json=body).status_code) == (201, 422)


def test_a_deleted_subscription_is_gone_and_deleting_it_again_is_harmless(
    checked: httpx2.Client,
) -> None:
    created = checked.post(
        "/2026-07/webhook", json={"topics": ["wro.created"], "url": "https://example.test/h"}
    )
    path = f"/2026-07/webhook/{created.json()['id']}"

    assert checked.delete(path).status_code == 204
    assert checked.delete(path).status_code == 204
    assert checked.get("/2026-07/webhook").json()["items"] == []


def test_an_application_sees_only_its_own_subscriptions(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    other = sim.add_channel("Other", application_name="Other")
    sim.add_token("other", channel=other)
    sim.subscribe("https://example.test/h", ["wro.created"])

    listed = api.get("/2026-07/webhook", headers={"authorization": "Bearer other"}).json()

    assert listed["items"] == []


def test_pages_are_followed_by_a_relative_address_with_the_version(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    made = [sim.subscribe("https://example.test/h", ["wro.created"])[0] for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/2026-07/webhook?RecordsPerPage=2"
    while path:
        assert path.startswith("/2026-07/webhook?")
        page = checked.get(path).json()
        seen += [each["id"] for each in page["items"]]
        path = page["next"]

    assert seen == made


@pytest.mark.parametrize("query", ["RecordsPerPage=0", "RecordsPerPage=251", "Cursor=nonsense"])
def test_a_page_that_cannot_be_is_400(checked: httpx2.Client, query: str) -> None:
    assert checked.get(f"/2026-07/webhook?{query}").status_code == 400


def test_the_channel_header_narrows_a_subscription_to_that_channel(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    api.post(
        "/2026-07/webhook",
        json={"topics": ["order.shipped"], "url": "https://example.test/h"},
        headers={"shipbob_channel_id": "100102"},
    )

    webhooks = sim.books.webhooks

    assert len(webhooks.wanting("order.shipped", 100102)) == 1
    assert webhooks.wanting("order.shipped", 100101) == []
