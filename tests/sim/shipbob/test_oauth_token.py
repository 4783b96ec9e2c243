from collections.abc import Iterator
from datetime import timedelta

import httpx2
import jwt
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.access import Application
from waiting import HANGS_AFTER_SECONDS

REDIRECT = "https://connector.example.test/callback"


@pytest.fixture
def application(sim: ShipBobSim) -> Application:
    return sim.add_application("client", "s3cret", name="ml", redirect_uris=[REDIRECT])


@pytest.fixture
def auth(sim: ShipBobSim) -> Iterator[httpx2.Client]:
    with (
        serve(sim.auth) as served,
        httpx2.Client(base_url=served.url, timeout=HANGS_AFTER_SECONDS) as client,
    ):
        yield client


def refresh(auth: httpx2.Client, token: str, **change: str) -> httpx2.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": "client",
        "client_secret": "s3cret",
        "redirect_uri": REDIRECT,
        **change,
    }
    return auth.post("/connect/token", data=form)


def test_a_refresh_gives_a_new_pair(
    sim: ShipBobSim, auth: httpx2.Client, application: Application
) -> None:
    token = sim.consent(application.client_id)

    answer = refresh(auth, token)

    assert answer.status_code == 200
    body = answer.json()
    assert body["expires_in"] == 3600
    assert body["token_type"] == "Bearer"
    assert body["refresh_token"] != token
    assert "offline_access" in body["scope"].split(" ")


def test_a_spent_refresh_token_is_an_invalid_grant(
    sim: ShipBobSim, auth: httpx2.Client, application: Application
) -> None:
    token = sim.consent(application.client_id)
    new = refresh(auth, token).json()["refresh_token"]

    again = refresh(auth, token)

    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert refresh(auth, new).status_code == 200


def test_an_access_token_works_for_an_hour(
    sim: ShipBobSim,
    auth: httpx2.Client,
    api: httpx2.Client,
    clock: Clock,
    application: Application,
) -> None:
    access = refresh(auth, sim.consent(application.client_id)).json()["access_token"]

    def status() -> int:
        return api.get(
            "/2026-07/channel", headers={"authorization": f"Bearer {access}"}
        ).status_code

    before = status()
    clock.advance(timedelta(minutes=59))
    almost = status()
    clock.advance(timedelta(minutes=1))

    assert (before, almost, status()) == (200, 200, 401)


def test_an_access_token_names_its_issuer(
    sim: ShipBobSim, auth: httpx2.Client, application: Application
) -> None:
    access = refresh(auth, sim.consent(application.client_id)).json()["access_token"]

    claims = jwt.decode(access, options={"verify_signature": False})

    assert claims["iss"] == str(auth.base_url).rstrip("/")


def test_thirty_days_without_a_refresh_end_the_grant(
    sim: ShipBobSim, auth: httpx2.Client, clock: Clock, application: Application
) -> None:
    token = sim.consent(application.client_id)
    clock.advance(timedelta(days=29))
    token = refresh(auth, token).json()["refresh_token"]
    clock.advance(timedelta(days=30))

    assert refresh(auth, token).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"refresh_token": "made up"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_request_says_why(
    sim: ShipBobSim,
    auth: httpx2.Client,
    application: Application,
    change: dict[str, str],
    error: str,
) -> None:
    answer = refresh(auth, sim.consent(application.client_id), **change)

    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_credentials_belong_in_the_body(
    sim: ShipBobSim, auth: httpx2.Client, application: Application
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": sim.consent(application.client_id)}

    answer = auth.post("/connect/token", data=form, auth=("client", "s3cret"))

    assert answer.json() == {"error": "invalid_client"}


def test_without_offline_access_there_is_no_refresh_token(
    sim: ShipBobSim, auth: httpx2.Client, application: Application
) -> None:
    token = sim.consent(application.client_id, scopes=["orders_read"])

    assert "refresh_token" not in refresh(auth, token).json()


def test_an_application_gets_a_channel_of_its_own_and_its_own_budget(
    sim: ShipBobSim, auth: httpx2.Client, api: httpx2.Client, application: Application
) -> None:
    access = refresh(auth, sim.consent(application.client_id)).json()["access_token"]
    api.get("/2026-07/channel", headers={"authorization": f"Bearer {access}"})

    assert sim.calls[-1].application == "oauth:ml"
    assert [each["application_name"] for each in api.get("/2026-07/channel").json()["items"]] == [
        "ShipBob",
        "SMA",
        "ml",
    ]
