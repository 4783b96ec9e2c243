import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from waiting import HANGS_AFTER_SECONDS

REDIRECT = "https://connector.example.test/callback"
VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-1234"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
ASKED = {
    "client_id": "client",
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "orders_read offline_access",
    "state": "st&te",
    "nonce": "n0nce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "response_mode": "form_post",
    "integration_name": "My connector",
}


@pytest.fixture
def auth(sim: ShipBobSim) -> Iterator[httpx2.Client]:
    sim.add_application("client", "s3cret", name="ml", redirect_uris=[REDIRECT])
    sim.consent_page.automatic = True
    with (
        serve(sim.auth) as served,
        httpx2.Client(base_url=served.url, timeout=HANGS_AFTER_SECONDS) as client,
    ):
        yield client


def form_of(page: httpx2.Response) -> dict[str, str]:
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in fields}


def exchange(auth: httpx2.Client, code: str, **change: str) -> httpx2.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "client_id": "client",
        "client_secret": "s3cret",
        "code_verifier": VERIFIER,
        **change,
    }
    return auth.post("/connect/token", data=form)


def test_a_consent_posts_a_code_that_buys_tokens(
    sim: ShipBobSim, auth: httpx2.Client, api: httpx2.Client
) -> None:
    page = auth.get("/connect/authorize", params=ASKED)
    form = form_of(page)
    tokens = exchange(auth, form["code"]).json()
    listed = api.get(
        "/2026-07/order", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )

    assert f'action="{REDIRECT}"' in page.text
    assert (form["state"], form["scope"]) == ("st&te", "orders_read offline_access")
    assert jwt.decode(form["id_token"], options={"verify_signature": False})["nonce"] == "n0nce"
    assert tokens["refresh_token"]
    assert listed.status_code == 200
    assert sim.books.access.channels[100103].name == "My connector"


def test_the_older_entry_takes_the_same_parameters(auth: httpx2.Client) -> None:
    assert "code" in form_of(auth.get("/connect/integrate", params=ASKED))


def test_without_form_post_the_code_comes_in_the_fragment(auth: httpx2.Client) -> None:
    answer = auth.get("/connect/authorize", params={**ASKED, "response_mode": ""})

    assert answer.status_code == 302
    location = urlsplit(answer.headers["location"])
    assert location.query == ""
    assert parse_qs(location.fragment)["state"] == ["st&te"]


def test_a_code_can_come_in_the_query(auth: httpx2.Client) -> None:
    answer = auth.get("/connect/authorize", params={**ASKED, "response_mode": "query"})

    assert "code" in parse_qs(urlsplit(answer.headers["location"]).query)


def test_a_code_works_once(auth: httpx2.Client) -> None:
    code = form_of(auth.get("/connect/authorize", params=ASKED))["code"]

    answers = [exchange(auth, code) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json() == {"error": "invalid_grant"}


def test_a_code_lives_two_minutes(auth: httpx2.Client, clock: Clock) -> None:
    code = form_of(auth.get("/connect/authorize", params=ASKED))["code"]
    clock.advance(timedelta(minutes=2))

    assert exchange(auth, code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "another"},
        {"code_verifier": ""},
        {"redirect_uri": "https://evil.example.test"},
    ],
)
def test_a_code_needs_its_verifier_and_its_address(
    auth: httpx2.Client, change: dict[str, str]
) -> None:
    code = form_of(auth.get("/connect/authorize", params=ASKED))["code"]

    assert exchange(auth, code, **change).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_wrong_request_goes_back_with_its_error(
    auth: httpx2.Client, change: dict[str, str], error: str
) -> None:
    form = form_of(auth.get("/connect/authorize", params={**ASKED, **change}))

    assert (form["error"], form["state"]) == (error, "st&te")


@pytest.mark.parametrize(
    "change", [{"client_id": "nobody"}, {"redirect_uri": f"{REDIRECT}/elsewhere"}]
)
def test_an_address_that_is_not_registered_is_never_called_back(
    auth: httpx2.Client, change: dict[str, str]
) -> None:
    answer = auth.get("/connect/authorize", params={**ASKED, **change})

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_person_is_asked_and_may_say_no(sim: ShipBobSim, auth: httpx2.Client) -> None:
    sim.consent_page.automatic = False
    page = auth.get("/connect/authorize", params=ASKED)
    request = form_of(page)["request"]

    no = auth.post("/connect/consent", data={"request": request, "decision": "deny"})
    yes = auth.post(
        "/connect/consent",
        data={"request": request, "decision": "allow", "integration_name": "Mine"},
    )

    assert "wants to use your ShipBob account" in page.text
    assert form_of(no)["error"] == "access_denied"
    assert exchange(auth, form_of(yes)["code"]).status_code == 200
    assert sim.books.access.channels[100103].name == "Mine"
