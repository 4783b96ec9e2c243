"""Sign-in with ShipBob's OAuth: consent with PKCE, code exchange, renewal.

Source: ShipBob reference, section 3.2. Credentials go into the form body, not into HTTP Basic;
a renewal has no code_verifier; each refresh token can be used once and is then replaced.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote, urlencode

import msgspec

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.secret import Secret
from ml_connector.shipbob.classify import retry_after_seconds
from ml_connector.shipbob.error_texts import is_html
from ml_connector.transport.call import Answer, Call, Classify, Patience
from ml_connector.vault.tokens import NewToken, Token
from ml_connector.words import Cause

SCOPES: Final = (
    "orders_read",
    "products_read",
    "products_write",
    "inventory_read",
    "channels_read",
    "locations_read",
    "receiving_read",
    "receiving_write",
    "returns_read",
    "returns_write",
    "webhooks_read",
    "webhooks_write",
    "fulfillments_read",
    "tracking_read",
    "offline_access",
)
"""The scopes to ask for. ``billing_read`` may be added if the application offers it."""

_CONSENT: Final = (
    "Give consent again: ml-connector connection consent prints the link. Or put a new"
    " refresh_token into the connection's file and apply it. What waits goes on by itself."
)


class Sends(Protocol):
    """The part of the transport that is used here."""

    async def send(self, call: Call, classify: Classify) -> Answer:
        """Send a call and return its answer, or raise what ``classify`` makes of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Application:
    """Our application as ShipBob registered it, and where a connection signs in.

    Attributes:
        connection: name of the connection.
        auth_url: ``https://auth.shipbob.com``, or another host's.
        redirect_uri: exactly as registered; None if consent is given elsewhere.
    """

    connection: str
    auth_url: str
    client_id: str
    client_secret: Secret
    redirect_uri: str | None = None


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The result of exchanging a code.

    Attributes:
        token: the pair, with a refresh token.
        scopes: those granted; empty if ShipBob does not tell.
        id_token: tells who consented. Its signature is not verified, because it came over TLS
            from the token endpoint, in answer to our secret.
    """

    token: NewToken
    scopes: tuple[str, ...]
    id_token: Secret | None


@dataclass(frozen=True, kw_only=True)
class Pkce:
    """A new pair for one consent: the verifier stays here, the challenge is sent."""

    verifier: Secret
    challenge: str


def new_pkce() -> Pkce:
    """Return a random pair, S256 (RFC 7636)."""
    verifier = secrets.token_urlsafe(48)
    return Pkce(verifier=Secret(verifier), challenge=challenge_of(verifier))


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier: base64url of its SHA-256, unpadded. Pure."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorization_url(
    application: Application,
    *,
    state: str,
    nonce: str,
    challenge: str,
    scopes: Sequence[str] = SCOPES,
    integration_name: str | None = None,
) -> str:
    """Return the address to send a browser to for consent. Pure.

    The answer comes back as a POST form. Without ``form_post`` the values would be in the URL's
    fragment, which browsers don't send to a server.

    Args:
        application: must have a redirect_uri.
        state: ties the callback to this consent; a cross-site POST carries no Lax cookie.
        nonce: for OpenID Connect.
        challenge: of a ``Pkce``.
        scopes: the permissions to ask for.
        integration_name: name of the channel to be made; None: ShipBob asks the user.

    Raises:
        ValueError: the application has no redirect_uri.
    """
    fields = {
        "client_id": application.client_id,
        "redirect_uri": _redirect_uri(application),
        "response_type": "code",
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "response_mode": "form_post",
    }
    if integration_name:
        fields["integration_name"] = integration_name
    return f"{_base(application)}/connect/authorize?{urlencode(fields, quote_via=quote)}"


def code_call(application: Application, *, code: Secret, verifier: Secret) -> Call:
    """Return the call that exchanges a code, which lives about two minutes. Pure.

    Raises:
        ValueError: the application has no redirect_uri.
    """
    return _token_call(
        application,
        "oauth.exchange",
        {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": _redirect_uri(application),
            "code_verifier": verifier.reveal(),
        },
    )


def refresh_call(application: Application, refresh: Secret) -> Call:
    """Return the call that renews with a refresh token. Pure."""
    fields = {"grant_type": "refresh_token", "refresh_token": refresh.reveal()}
    if application.redirect_uri:
        fields["redirect_uri"] = application.redirect_uri
    return _token_call(application, "oauth.refresh", fields)


async def exchange_code(
    transport: Sends, application: Application, *, code: Secret, verifier: Secret
) -> Granted:
    """Turn the code of a consent into a pair of tokens.

    Raises:
        NeedsHuman: ShipBob refused it (a code can be used once, for two minutes), or gave no
            refresh token.
        Retryable: the token endpoint did not answer. The code may be spent then.
    """
    answer = await transport.send(
        code_call(application, code=code, verifier=verifier), classify_token
    )
    new = read_token(answer)
    if new.refresh is None:
        raise NeedsHuman(
            "ShipBob gave no refresh token with its consent",
            cause=Cause.CREDENTIALS_INVALID,
            remedy="See that the application may ask for offline_access, and give consent again.",
        )
    body = _body(answer)
    assert body is not None  # noqa: S101 - it was read a moment ago
    return Granted(
        token=new,
        scopes=tuple(body.scope.split()),
        id_token=Secret(body.id_token) if body.id_token else None,
    )


async def renew(
    transport: Sends, application: Application, current: Token | None, first: Secret | None
) -> NewToken:
    """Renew the pair of tokens. ``Tokens.valid`` calls this, in one process at a time.

    If the outcome is unknown, it is tried once more with the same refresh token. If ShipBob
    refuses, it is tried once more with the previous refresh token, which is kept until the newer
    one has worked. After that the refusal is final.

    Args:
        transport: sends the calls.
        application: our OAuth application.
        current: the stored pair, if there is one.
        first: the refresh token that the connection was configured with, used when none is
            stored.

    Raises:
        NeedsHuman: credentials_invalid; consent must be given again.
        Retryable: the token endpoint did not answer.
    """
    refresh = (current.refresh if current else None) or first
    if refresh is None:
        raise NeedsHuman(
            "ShipBob's consent has not been given for this connection",
            cause=Cause.CREDENTIALS_INVALID,
            remedy=_CONSENT,
        )
    try:
        return await _refresh_surely(transport, application, refresh)
    except NeedsHuman:
        previous = current.previous_refresh if current else None
        if previous is None or previous == refresh:
            raise
    return await _refresh(transport, application, previous)


async def _refresh_surely(transport: Sends, application: Application, refresh: Secret) -> NewToken:
    try:
        return await _refresh(transport, application, refresh)
    except Retryable as error:
        if not error.outcome_unknown:
            raise
    return await _refresh(transport, application, refresh)


async def _refresh(transport: Sends, application: Application, refresh: Secret) -> NewToken:
    return read_token(await transport.send(refresh_call(application, refresh), classify_token))


def classify_token(answer: Answer) -> ConnectorError | None:
    """Return the failure that an answer of the token endpoint means. Pure.

    Every OAuth error is final, such as ``invalid_grant``. An answer that is not JSON comes from
    the edge and is retryable.
    """
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Retryable(
            "ShipBob asked us to slow down while renewing the token",
            cause=Cause.RATE_LIMITED,
            retry_after_seconds=retry_after_seconds(answer),
        )
    body = _body(answer)
    if answer.status == HTTPStatus.OK and body is not None and body.access_token:
        return None
    if answer.status < 500 and body is not None and body.error:  # noqa: PLR2004 - server errors
        return _refused(body.error)
    if 300 <= answer.status < 500 and not is_html(answer) and body is not None:  # noqa: PLR2004
        return _refused("")
    return Retryable(
        f"ShipBob's sign-in service failed (status {answer.status})", outcome_unknown=True
    )


def read_token(answer: Answer) -> NewToken:
    """Read an answer that ``classify_token`` found no failure in. Pure."""
    body = _body(answer)
    if body is None:
        raise ValueError("not an answer of the token endpoint")
    return NewToken(
        access=Secret(body.access_token),
        expires_in_seconds=body.expires_in,
        refresh=Secret(body.refresh_token) if body.refresh_token else None,
    )


class _TokenBody(msgspec.Struct, frozen=True):
    access_token: str = ""
    expires_in: int = 3600
    refresh_token: str | None = None
    id_token: str | None = None
    scope: str = ""
    error: str = ""


def _body(answer: Answer) -> _TokenBody | None:
    try:
        return msgspec.json.decode(answer.body, type=_TokenBody)
    except (ValueError, RecursionError):
        return None


_KNOWN_ERRORS: Final[Mapping[str, str]] = {
    "invalid_grant": _CONSENT,
    "invalid_client": "Check client_id and client_secret in [shipbob] and apply the connection.",
    "unauthorized_client": "Check client_id in [shipbob] and what the application is allowed.",
    "invalid_scope": "Check which scopes the application is registered for.",
}


def _refused(error: str) -> NeedsHuman:
    # Only known error codes are shown, because any other text could be anything.
    named = f" ({error})" if error in _KNOWN_ERRORS else ""
    return NeedsHuman(
        f"ShipBob refused to renew our access{named}",
        cause=Cause.CREDENTIALS_INVALID,
        remedy=_KNOWN_ERRORS.get(error, _CONSENT),
    )


def _token_call(application: Application, operation: str, fields: Mapping[str, str]) -> Call:
    form = {
        **fields,
        "client_id": application.client_id,
        "client_secret": application.client_secret.reveal(),
    }
    return Call(
        connection=application.connection,
        system="shipbob",
        operation=operation,
        method="POST",
        url=f"{_base(application)}/connect/token",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode(form).encode("ascii"),
        patience=Patience.TOKEN,
    )


def _base(application: Application) -> str:
    return application.auth_url.rstrip("/")


def _redirect_uri(application: Application) -> str:
    if not application.redirect_uri:
        raise ValueError("the application has no redirect_uri")
    return application.redirect_uri
