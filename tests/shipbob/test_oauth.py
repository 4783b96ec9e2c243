from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in import oauth
from ml_connector.shipbob.sign_in.oauth import Application, classify_token
from ml_connector.transport.call import Answer, Call, Patience
from ml_connector.vault.tokens import Token
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
MakeScript = Callable[..., Any]

APPLICATION = Application(
    connection="acme",
    auth_url="https://auth.shipbob.com/",
    client_id="client 1",
    client_secret=Secret("s&cr=t+"),
    redirect_uri="https://connector.example.com/oauth/shipbob/callback",
)
PAIR = {"access_token": "A2", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "R2"}
INVALID_GRANT = {"error": "invalid_grant"}


def token(refresh: str | None = "R1", previous: str | None = None) -> Token:
    now = datetime.now(UTC)
    return Token(
        access=Secret("A1"),
        expires_at=now,
        refresh=Secret(refresh) if refresh else None,
        previous_refresh=Secret(previous) if previous else None,
        version=1,
        obtained_at=now,
    )


def form(call: Call) -> dict[str, str]:
    assert call.body is not None
    fields = parse_qs(call.body.decode(), strict_parsing=True)
    return {name: "|".join(values) for name, values in fields.items()}


def test_the_challenge_is_that_of_rfc_7636() -> None:
    challenge = oauth.challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_consent_has_its_own_verifier() -> None:
    one, other = oauth.new_pkce(), oauth.new_pkce()

    assert one.verifier != other.verifier
    assert one.challenge == oauth.challenge_of(one.verifier.reveal())
    assert 43 <= len(one.verifier.reveal()) <= 128
    assert one.verifier.reveal() not in repr(one)


def test_the_consent_asks_for_a_form_post_and_pkce() -> None:
    url = urlsplit(
        oauth.authorization_url(
            APPLICATION, state="st", nonce="no", challenge="ch", integration_name="ml connector"
        )
    )
    fields = {name: one for name, (one,) in parse_qs(url.query).items()}

    assert (url.netloc, url.path) == ("auth.shipbob.com", "/connect/authorize")
    assert "+" not in url.query
    assert fields["scope"].split() == list(oauth.SCOPES)
    assert fields == {
        "client_id": "client 1",
        "redirect_uri": APPLICATION.redirect_uri,
        "response_type": "code",
        "scope": fields["scope"],
        "state": "st",
        "nonce": "no",
        "code_challenge": "ch",
        "code_challenge_method": "S256",
        "response_mode": "form_post",
        "integration_name": "ml connector",
    }


def test_a_consent_can_not_start_without_a_redirect_uri() -> None:
    with pytest.raises(ValueError, match="redirect_uri"):
        oauth.authorization_url(
            replace(APPLICATION, redirect_uri=None), state="", nonce="", challenge=""
        )


async def test_a_code_is_exchanged_with_its_verifier(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(answer(PAIR))
    granted = await oauth.exchange_code(
        transport, APPLICATION, code=Secret("C"), verifier=Secret("V")
    )
    new = granted.token
    (call,) = transport.calls

    assert (call.method, call.url) == ("POST", "https://auth.shipbob.com/connect/token")
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in call.headers
    assert form(call) == {
        "grant_type": "authorization_code",
        "code": "C",
        "redirect_uri": APPLICATION.redirect_uri,
        "code_verifier": "V",
        "client_id": "client 1",
        "client_secret": "s&cr=t+",
    }
    assert (new.access, new.expires_in_seconds, new.refresh) == (Secret("A2"), 3600, Secret("R2"))


async def test_a_consent_without_a_refresh_token_is_of_no_use(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(answer({"access_token": "A2", "expires_in": 3600}))

    with pytest.raises(NeedsHuman, match="refresh token") as refused:
        await oauth.exchange_code(transport, APPLICATION, code=Secret("C"), verifier=Secret("V"))
    assert "offline_access" in refused.value.remedy


async def test_a_renewal_carries_the_credentials_in_its_body_and_no_verifier(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(answer(PAIR))
    new = await oauth.renew(transport, APPLICATION, token(), Secret("R0"))
    (call,) = transport.calls

    assert form(call) == {
        "grant_type": "refresh_token",
        "refresh_token": "R1",
        "redirect_uri": APPLICATION.redirect_uri,
        "client_id": "client 1",
        "client_secret": "s&cr=t+",
    }
    assert (call.patience, call.limit, call.repeatable) == (Patience.TOKEN, "", False)
    assert "Authorization" not in call.headers
    assert new.refresh == Secret("R2")


async def test_the_configured_refresh_token_is_the_first(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(answer(PAIR))
    await oauth.renew(transport, APPLICATION, None, Secret("R0"))

    assert form(transport.calls[0])["refresh_token"] == "R0"


async def test_without_any_refresh_token_consent_is_needed(script: MakeScript) -> None:
    with pytest.raises(NeedsHuman) as refused:
        await oauth.renew(script(), APPLICATION, None, None)

    assert refused.value.cause is Cause.CREDENTIALS_INVALID
    assert "consent" in refused.value.remedy


async def test_invalid_grant_is_final(script: MakeScript, answer: MakeAnswer) -> None:
    transport = script(answer(INVALID_GRANT, 400))

    with pytest.raises(NeedsHuman) as refused:
        await oauth.renew(transport, APPLICATION, token(), Secret("R0"))
    assert len(transport.calls) == 1
    assert refused.value.cause is Cause.CREDENTIALS_INVALID
    assert "invalid_grant" in str(refused.value)
    assert "consent" in refused.value.remedy


async def test_after_a_timeout_the_old_refresh_token_gets_one_more_try(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(Retryable("timeout", outcome_unknown=True), answer(PAIR))
    new = await oauth.renew(transport, APPLICATION, token(), None)

    assert [form(call)["refresh_token"] for call in transport.calls] == ["R1", "R1"]
    assert new.access == Secret("A2")


async def test_a_timeout_and_then_invalid_grant_is_final(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(Retryable("timeout", outcome_unknown=True), answer(INVALID_GRANT, 400))

    with pytest.raises(NeedsHuman):
        await oauth.renew(transport, APPLICATION, token(), None)


async def test_two_timeouts_are_left_to_a_later_try(script: MakeScript) -> None:
    timeout = Retryable("timeout", outcome_unknown=True)

    with pytest.raises(Retryable):
        await oauth.renew(script(timeout, timeout), APPLICATION, token(previous="R0"), None)


async def test_what_was_never_sent_is_not_tried_at_once(script: MakeScript) -> None:
    transport = script(Retryable("connection refused"))

    with pytest.raises(Retryable):
        await oauth.renew(transport, APPLICATION, token(), None)
    assert len(transport.calls) == 1


async def test_a_pair_that_never_worked_gives_way_to_the_previous_one(
    script: MakeScript, answer: MakeAnswer
) -> None:
    transport = script(answer(INVALID_GRANT, 400), answer(PAIR))
    await oauth.renew(transport, APPLICATION, token("R1", previous="R0"), None)

    assert [form(call)["refresh_token"] for call in transport.calls] == ["R1", "R0"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, INVALID_GRANT, NeedsHuman),
        (200, INVALID_GRANT, NeedsHuman),
        (401, {"error": "invalid_client"}, NeedsHuman),
        (400, {"error": "something <new> with a secret"}, NeedsHuman),
        (400, {}, NeedsHuman),
        (302, None, Retryable),
        (400, "<html>edge</html>", Retryable),
        (403, "<html>blocked</html>", Retryable),
        (200, "<html>login</html>", Retryable),
        (200, {}, Retryable),
        (200, {"access_token": 5}, Retryable),
        (500, INVALID_GRANT, Retryable),
        (502, "<html>", Retryable),
        (429, {"message": "Try again in 3 seconds."}, Retryable),
    ],
)
def test_every_answer_of_the_token_endpoint_is_classified(
    answer: MakeAnswer, status: int, body: object, kind: type[ConnectorError]
) -> None:
    found = classify_token(answer(body, status))

    assert isinstance(found, kind)
    assert "secret" not in str(found)
    if isinstance(found, Retryable):
        assert found.outcome_unknown is (status != 429)
        assert found.retry_after_seconds == (3 if status == 429 else None)


def test_a_good_answer_is_no_failure(answer: MakeAnswer) -> None:
    assert classify_token(answer(PAIR)) is None


def test_nothing_shows_a_secret(answer: MakeAnswer) -> None:
    shown = repr(APPLICATION) + repr(oauth.read_token(answer(PAIR)))

    assert "s&cr" not in shown
    assert "A2" not in shown
    assert "R2" not in shown
