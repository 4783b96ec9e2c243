from datetime import timedelta

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from waiting import HANGS_AFTER_SECONDS


def test_no_token_is_401(api: httpx2.Client) -> None:
    answer = api.get("/2026-07/channel", headers={"authorization": ""})

    assert answer.status_code == 401


def test_a_revoked_token_is_401(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.revoke_token("pat-for-tests")

    assert api.get("/2026-07/channel").status_code == 401


def test_an_unauthenticated_call_can_be_sent_to_the_login_page_instead(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    sim.gate.login_redirect = "https://auth.example.test/login"

    answer = api.get("/2026-07/channel", headers={"authorization": "Bearer nobody"})

    assert (answer.status_code, answer.headers["location"]) == (
        302,
        "https://auth.example.test/login",
    )


def test_a_missing_scope_is_403(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.add_token("old", scopes=["channels_read"])

    answers = [
        api.get(path, headers={"authorization": "Bearer old"}).status_code
        for path in ("/2026-07/channel", "/2026-07/receiving")
    ]

    assert answers == [200, 403]


@pytest.mark.parametrize(
    "path",
    [
        "/2025-07/channel",
        "/1.0/channel",
        "/channel",
        "/2026-07/orders",
        "/2026-07/receiving/1/cancel",
    ],
)
def test_other_versions_plurals_and_slash_actions_are_not_found(
    api: httpx2.Client, path: str
) -> None:
    assert api.get(path).status_code == 404


def test_both_supported_versions_answer(api: httpx2.Client) -> None:
    answers = [api.get(f"/{version}/channel").status_code for version in ("2026-07", "2026-01")]

    assert answers == [200, 200]


def test_what_came_with_2026_07_is_not_in_2026_01(api: httpx2.Client) -> None:
    paths = ("/2026-07/unidentified-receiving-order", "/2026-01/unidentified-receiving-order")

    assert [api.get(path).status_code for path in paths] == [200, 404]


def test_query_names_and_paths_are_case_insensitive(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.create_wro({sim.add_product("TEE-S"): 1}, purchase_order_number="PO1")

    answer = api.get("/2026-07/Receiving?purchaseordernumbers=PO2")

    assert answer.json() == []


def test_a_slash_at_the_end_makes_no_difference(api: httpx2.Client) -> None:
    assert api.get("/2026-07/channel/").status_code == 200
    assert api.get("/_sim").text == api.get("/_sim/").text


def test_every_answer_tells_how_many_calls_are_left(clock: Clock) -> None:
    with ShipBobSim(clock, per_minute=3) as sim, serve(sim.api) as served:
        sim.add_token("pat")
        left = [
            httpx2.get(
                f"{served.url}/2026-07/channel",
                headers={"authorization": "Bearer pat"},
                timeout=HANGS_AFTER_SECONDS,
            ).headers["x-remaining-calls"]
            for _ in range(3)
        ]

    assert left == ["2", "1", "0"]


def test_the_call_over_the_limit_is_429_and_told_when_to_come_back(clock: Clock) -> None:
    with ShipBobSim(clock, per_minute=2) as sim, serve(sim.api) as served:
        sim.add_token("pat")

        def call() -> httpx2.Response:
            return httpx2.get(
                f"{served.url}/2026-07/channel",
                headers={"authorization": "Bearer pat"},
                timeout=HANGS_AFTER_SECONDS,
            )

        call()
        clock.advance(timedelta(seconds=35))
        call()
        refused = call()
        clock.advance(timedelta(seconds=25))
        again = call()

    assert refused.status_code == 429
    assert refused.headers["x-retry-after"] == "25"
    assert refused.headers["x-remaining-calls"] == "0"
    assert refused.json() == {
        "statusCode": 429,
        "message": "Rate limit is exceeded. Try again in 25 seconds.",
    }
    assert again.status_code == 200


def test_the_limit_is_counted_for_each_application(clock: Clock) -> None:
    with ShipBobSim(clock, per_minute=1) as sim, serve(sim.api) as served:
        other = sim.add_channel("Other", application_name="Other")
        sim.add_token("first")
        sim.add_token("same application")
        sim.add_token("other application", channel=other)
        answers = [
            httpx2.get(
                f"{served.url}/2026-07/channel",
                headers={"authorization": f"Bearer {token}"},
                timeout=HANGS_AFTER_SECONDS,
            ).status_code
            for token in ("first", "same application", "other application")
        ]

    assert answers == [200, 429, 200]


def test_calls_are_noted_with_the_channel_header_and_never_with_a_token(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    api.get("/2026-07/channel?RecordsPerPage=5", headers={"shipbob_channel_id": "100102"})

    noted = sim.calls[-1]

    assert (noted.method, noted.path, noted.query, noted.status) == (
        "GET",
        "/2026-07/channel",
        "RecordsPerPage=5",
        200,
    )
    assert noted.headers["shipbob_channel_id"] == "100102"
    assert "pat-for-tests" not in str(noted)


def test_the_channel_header_is_ignored_where_it_is_not_declared(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    sim.create_wro({sim.add_product("TEE-S"): 1})

    answer = api.get("/2026-07/receiving", headers={"shipbob_channel_id": "1"})

    assert len(answer.json()) == 1


def test_an_application_sees_all_channels_of_the_merchant(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    sim.add_channel("A store", application_name="Storefront", scopes=["orders_write"])

    channels = checked.get("/2026-07/channel").json()["items"]

    assert [(each["id"], each["application_name"]) for each in channels] == [
        (100101, "ShipBob"),
        (100102, "SMA"),
        (100103, "Storefront"),
    ]


def test_scopes_can_come_in_one_text_as_they_did_in_version_1(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    sim.apis.account.one_string_of_scopes = True

    scopes = api.get("/2026-07/channel").json()["items"][1]["scopes"]

    assert len(scopes) == 1
    assert "billing_read" in scopes[0].split(" ")
