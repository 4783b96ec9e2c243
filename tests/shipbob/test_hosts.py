import base64
import json

import pytest

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in.hosts import (
    PRODUCTION,
    SANDBOX,
    Hosts,
    auth_url_of,
    check_issuer,
)
from ml_connector.words import Cause


def jwt(issuer: object) -> Secret:
    claims = base64.urlsafe_b64encode(json.dumps({"iss": issuer}).encode()).rstrip(b"=").decode()
    return Secret(f"eyJhbGciOiJSUzI1NiJ9.{claims}.c2lnbmF0dXJl")


@pytest.mark.parametrize("world", [PRODUCTION, SANDBOX])
def test_a_token_of_the_configured_world_passes(world: Hosts) -> None:
    check_issuer(jwt(world.auth_url), api_url=world.api_url, auth_url=world.auth_url)


def test_a_sandbox_token_is_refused_in_production() -> None:
    with pytest.raises(NeedsHuman, match="sandbox") as refused:
        check_issuer(
            jwt(SANDBOX.auth_url), api_url=PRODUCTION.api_url, auth_url=PRODUCTION.auth_url
        )

    assert refused.value.cause is Cause.CREDENTIALS_INVALID


def test_a_production_token_is_refused_in_the_sandbox() -> None:
    with pytest.raises(NeedsHuman, match="production"):
        check_issuer(jwt(PRODUCTION.auth_url), api_url=SANDBOX.api_url, auth_url=SANDBOX.auth_url)


def test_a_token_of_somebody_else_is_refused() -> None:
    with pytest.raises(NeedsHuman):
        check_issuer(
            jwt("https://auth.shipbob.com.evil.example"),
            api_url=PRODUCTION.api_url,
            auth_url=PRODUCTION.auth_url,
        )


@pytest.mark.parametrize(
    "token",
    [
        Secret("A3F0C1"),
        Secret("a.b.c"),
        Secret("..."),
        Secret("a.ü.c"),
        Secret("eyJ.W10.x"),
        jwt(None),
        jwt(""),
        jwt("no url"),
        jwt("http://["),
    ],
    ids=range(9),
)
def test_a_token_that_does_not_say_where_it_is_from_passes(token: Secret) -> None:
    check_issuer(token, api_url=PRODUCTION.api_url, auth_url=PRODUCTION.auth_url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9201", "http://localhost:1", "http://[::1]:9"])
def test_towards_a_simulator_any_token_passes(url: str) -> None:
    token = jwt("https://whatever.example")

    check_issuer(token, api_url=PRODUCTION.api_url, auth_url=url)
    check_issuer(token, api_url=url, auth_url=PRODUCTION.auth_url)


def test_each_api_host_has_its_auth_host() -> None:
    assert auth_url_of("https://api.shipbob.com/") == "https://auth.shipbob.com"
    assert auth_url_of("https://sandbox-api.shipbob.com") == "https://authstage.shipbob.com"
    assert auth_url_of("http://127.0.0.1:9200") is None
