import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.sign_in.oauth import (
    NetSuiteCredentials,
    SignIn,
    classify_token,
    parse_token,
    token_call,
)
from ml_connector.netsuite.sign_in.signing import load_key
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.transport.call import Answer, Patience
from ml_connector.transport.http.client import Transport
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.tokens import Tokens
from ml_connector.words import Cause

NOW = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


def answer(status: int, body: object, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers=headers, body=raw, seconds=0.1)


@pytest.fixture
def credentials(ec_pem: Secret) -> NetSuiteCredentials:
    return NetSuiteCredentials(client_id="client-1", certificate_id="cert-1", key=load_key(ec_pem))


def test_the_token_request_is_the_one_of_the_reference(
    reference: Path, credentials: NetSuiteCredentials
) -> None:
    sample = json.loads((reference / "netsuite/samples/auth.json").read_text())["token_request"]
    account = Account.of("1234567_SB1")

    call = token_call("acme", account, credentials, now=NOW, jti="one")
    form = parse_qs((call.body or b"").decode(), strict_parsing=True)

    assert call.method == sample["request"]["method"]
    assert call.url == account.base_url + sample["request"]["path"]
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in call.headers
    assert form.keys() == sample["request"]["body"].keys()
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == [sample["request"]["body"]["client_assertion_type"]]
    assert call.patience is Patience.TOKEN
    assert call.limit == ""
    assert not call.repeatable


@pytest.mark.parametrize("expires_in", [3600, "3600"])
@pytest.mark.parametrize("token_type", ["Bearer", "bearer"])
def test_a_good_answer_is_read(expires_in: int | str, token_type: str) -> None:
    new = parse_token(
        answer(200, {"access_token": "a.b.c", "expires_in": expires_in, "token_type": token_type})
    )

    assert new.access == Secret("a.b.c")
    assert new.expires_in_seconds == 3600
    assert new.refresh is None


def test_an_answer_without_a_lifetime_lives_for_the_documented_hour() -> None:
    assert parse_token(answer(200, {"access_token": "a"})).expires_in_seconds == 3600


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        [],
        {},
        {"access_token": ""},
        {"access_token": "planted-secret", "expires_in": 0},
        {"access_token": "planted-secret", "expires_in": "soon"},
        {"access_token": "planted-secret", "expires_in": 9, "token_type": "mac"},
    ],
)
def test_an_answer_without_a_usable_token_is_tried_again(body: object) -> None:
    with pytest.raises(Retryable) as caught:
        parse_token(answer(200, body))

    assert "planted-secret" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    "code",
    ["invalid_client", "invalid_grant", "invalid_request", "unauthorized_client", "invalid_scope"],
)
def test_a_refusal_comes_with_the_checklist(status: int, code: str) -> None:
    refusal = answer(status, {"error": code, "error_description": code})

    failure = classify_token(refusal, now=NOW)

    assert type(failure) is NeedsHuman
    assert failure.cause is Cause.CREDENTIALS_INVALID
    assert code in str(failure)
    assert failure.remedy.startswith("Check in this order: the certificate id")
    assert "Login Audit Trail" in failure.remedy


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (95, "This machine's clock is 95 s ahead of NetSuite's: correct that first."),
        (-95, "This machine's clock is 95 s behind NetSuite's: correct that first."),
        (30, None),
        (0, None),
    ],
)
def test_a_wrong_clock_is_named_first(ahead: int, said: str | None) -> None:
    refusal = answer(400, {"error": "invalid_grant"}, date="Fri, 20 Nov 2026 09:00:00 GMT")

    failure = classify_token(refusal, now=NOW + timedelta(seconds=ahead))

    assert failure is not None
    assert failure.remedy.startswith(said or "Check in this order")


def test_an_unreadable_date_is_no_reason_to_stumble() -> None:
    failure = classify_token(answer(400, {"error": "invalid_client"}, date="soon"), now=NOW)

    assert failure is not None
    assert failure.remedy.startswith("Check in this order")


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (429, {"error": "slow_down"}, Cause.RATE_LIMITED),
        (
            400,
            {"o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]},
            Cause.RATE_LIMITED,
        ),
        (401, {"o:errorDetails": [{"o:errorCode": "INVALID_LOGIN"}]}, Cause.UPSTREAM_UNAVAILABLE),
        (400, {"error": "temporarily_unavailable"}, Cause.UPSTREAM_UNAVAILABLE),
        (500, {"error": "server_error"}, Cause.UPSTREAM_UNAVAILABLE),
        (302, b"", Cause.UPSTREAM_UNAVAILABLE),
        (404, b"<html>", Cause.UPSTREAM_UNAVAILABLE),
        (503, b"<html>", Cause.UPSTREAM_UNAVAILABLE),
    ],
)
def test_what_is_no_oauth_refusal_does_not_stop_the_connection(
    status: int, body: object, cause: Cause
) -> None:
    failure = classify_token(answer(status, body), now=NOW)

    assert isinstance(failure, Retryable)
    assert failure.cause is cause


@pytest.fixture
async def sign_in(
    database: Database, transport: Transport, account: Account, credentials: NetSuiteCredentials
) -> SignIn:
    await database.fetch(
        "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
    )
    return SignIn(
        transport=transport,
        tokens=Tokens(database, KeyRing((MasterKey.of(bytes(range(32))),)), holder="test"),
        connection="acme",
        account=account,
        credentials=credentials,
    )


def checked_by(
    account: Account, credentials: NetSuiteCredentials, seen: list[str]
) -> Callable[[Request], Response]:
    """Answer like NetSuite to an assertion that is in order."""
    public = credentials.key.key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)

    def grant(request: Request) -> Response:
        claims = jwt.decode(
            request.form["client_assertion"],
            public,
            algorithms=["ES256"],
            audience=account.token_url,
            issuer=credentials.client_id,
        )
        seen.append(claims["jti"])
        body = {"access_token": f"t{len(seen)}", "expires_in": "3600", "token_type": "Bearer"}
        return Response(json.dumps(body), 200, content_type="application/json")

    return grant


async def test_a_token_is_asked_for_once_and_kept(
    httpserver: HTTPServer, sign_in: SignIn, account: Account, credentials: NetSuiteCredentials
) -> None:
    seen: list[str] = []
    httpserver.expect_request(TOKEN_PATH, method="POST").respond_with_handler(
        checked_by(account, credentials, seen)
    )

    first = await sign_in.token()
    second = await sign_in.token()

    assert first.access == second.access == Secret("t1")
    assert len(seen) == 1


async def test_a_refused_token_is_renewed_with_a_new_assertion(
    httpserver: HTTPServer, sign_in: SignIn, account: Account, credentials: NetSuiteCredentials
) -> None:
    seen: list[str] = []
    httpserver.expect_request(TOKEN_PATH, method="POST").respond_with_handler(
        checked_by(account, credentials, seen)
    )

    first = await sign_in.token()
    renewed = await sign_in.renewed(first)
    again = await sign_in.renewed(first)

    assert renewed.access == again.access == Secret("t2")
    assert len(set(seen)) == 2


async def test_refused_credentials_are_not_tried_again_and_again(
    httpserver: HTTPServer, sign_in: SignIn
) -> None:
    httpserver.expect_request(TOKEN_PATH).respond_with_json(
        {"error": "invalid_client", "error_description": "invalid_client"}, status=400
    )

    for _ in range(2):
        with pytest.raises(NeedsHuman) as caught:
            await sign_in.token()
        assert caught.value.cause is Cause.CREDENTIALS_INVALID

    assert len(httpserver.log) == 1


async def test_a_token_endpoint_that_is_away_leaves_no_outcome_unknown(
    httpserver: HTTPServer, sign_in: SignIn
) -> None:
    httpserver.expect_request(TOKEN_PATH).respond_with_data("<html>", status=503)

    with pytest.raises(Retryable) as caught:
        await sign_in.token()

    assert not caught.value.outcome_unknown
