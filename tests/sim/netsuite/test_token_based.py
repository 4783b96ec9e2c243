"""Signing in with OAuth 1.0a, as most public clients do (reference 2.9, 7.1)."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.netsuite.http.tba import AccessToken
from sim.netsuite.conftest import NOW

HOST = "http://netsuite.test"
RECORD = "/services/rest/record/v1"


def encoded(text: str) -> str:
    return quote(text, safe="")


def signed(token: AccessToken, method: str, url: str, **other: str) -> dict[str, str]:
    """The header that a client sends, put together by RFC 5849."""
    parts = urlsplit(url)
    given = {
        "oauth_consumer_key": token.consumer_key,
        "oauth_token": token.token_id,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(NOW.timestamp())),
        "oauth_nonce": "n1",
        "oauth_version": "1.0",
    } | {key: value for key, value in other.items() if key != "realm"}
    pairs = sorted(
        (encoded(key), encoded(value)) for key, value in [*given.items(), *parse_qsl(parts.query)]
    )
    where = f"{parts.scheme}://{parts.netloc}{parts.path}"
    text = "&".join([method, encoded(where), encoded("&".join(f"{k}={v}" for k, v in pairs))])
    key = f"{token.consumer_secret}&{token.token_secret}".encode()
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    given |= {"realm": other.get("realm", "TSTDRV1234567_SB1")}
    given |= {"oauth_signature": base64.b64encode(digest).decode()}
    shown = ", ".join(f'{key}="{encoded(value)}"' for key, value in given.items())
    return {"Authorization": f"OAuth {shown}"}


@pytest.fixture
def token(sim: NetSuiteSim) -> AccessToken:
    return sim.add_access_token()


def status(client: TestClient, url: str, headers: dict[str, str]) -> int:
    return client.get(f"{HOST}{url}", headers=headers).status_code


def test_a_signed_request_is_let_in(client: TestClient, token: AccessToken) -> None:
    url = f'{RECORD}/vendor?limit=5&q=companyName IS "Acme Supply"'
    answer = client.get(f"{HOST}{url}", headers=signed(token, "GET", f"{HOST}{url}"))

    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == 1


@pytest.mark.parametrize("mark", ["!", "%21"])
def test_a_transform_is_signed_with_its_mark_encoded(
    client: TestClient, token: AccessToken, purchase_order: int, mark: str
) -> None:
    url = f"{HOST}{RECORD}/purchaseOrder/{purchase_order}/{mark}transform/itemReceipt"
    answer = client.post(url, json={}, headers=signed(token, "POST", url))

    assert answer.status_code == 204, answer.text


def test_a_request_is_let_in_once(client: TestClient, token: AccessToken) -> None:
    url = f"{HOST}{RECORD}/vendor"
    headers = signed(token, "GET", url)

    assert [client.get(url, headers=headers).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    "wrong",
    [
        {"realm": "OTHER"},
        {"oauth_token": "f" * 64},
        {"oauth_consumer_key": "f" * 64},
        {"oauth_timestamp": "1700000000"},
        {"oauth_timestamp": "soon"},
        {"oauth_nonce": ""},
        {"oauth_signature_method": "PLAINTEXT"},
    ],
)
def test_a_wrong_part_is_an_invalid_login(
    client: TestClient, token: AccessToken, wrong: dict[str, str]
) -> None:
    url = f"{RECORD}/vendor"

    assert status(client, url, signed(token, "GET", f"{HOST}{url}", **wrong)) == 401


def test_another_request_than_the_signed_one_is_an_invalid_login(
    client: TestClient, token: AccessToken
) -> None:
    headers = signed(token, "GET", f"{HOST}{RECORD}/vendor")

    assert status(client, f"{RECORD}/customer", headers) == 401


def test_an_account_without_such_a_token_takes_bearers_only(client: TestClient) -> None:
    made = AccessToken("c" * 64, "d" * 64, "e" * 64, "f" * 64, role=1000, entity=12)

    assert status(client, f"{RECORD}/vendor", signed(made, "GET", f"{HOST}{RECORD}/vendor")) == 400
