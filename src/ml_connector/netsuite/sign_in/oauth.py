"""Signing in to NetSuite: OAuth 2.0 client credentials with a signed assertion.

Netsuite.md section 2. There is no refresh token: a new token is asked for with a new
assertion, early and by one process at a time (``vault.tokens.Tokens``).
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Annotated, Final, Protocol
from urllib.parse import urlencode

import msgspec

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.classify import classify, retry_after_seconds
from ml_connector.netsuite.sign_in.signing import SigningKey, assertion
from ml_connector.secret import Secret
from ml_connector.transport.call import Answer, Call, Classify, Patience
from ml_connector.vault.token_keeper import TokenKeeper
from ml_connector.vault.tokens import NewToken, Token, utc_now
from ml_connector.words import Cause

TOKEN_SECONDS: Final = 3600
CLOCK_TOLERANCE_SECONDS: Final = 30

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLOCK_REMEDY: Final = (
    "Set this machine's clock by NTP (for example `timedatectl set-ntp true`): what signs in"
    " carries the time, and is refused when that is wrong. Then run ml-connector sync"
    " credentials."
)

_MINUTE: Final = 60
_AFTER_REFRESH: Final = (
    "Map the certificate again in the refreshed sandbox: Setup > Integration > Manage"
    " Authentication > OAuth 2.0 Client Credentials (M2M) Setup > Create New, with the same"
    " entity, role, application and certificate file. Put the new certificate id into the"
    " connection file and apply it. If that was not it: "
)
_PASSING_CODES: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})

# In the order of section 2.6: the most frequent mistake first.
_CHECKLIST: Final = (
    "Check in this order: the certificate id is that of this very account (a sandbox has its"
    " own, and loses it with every refresh); the certificate is not revoked, expired or mapped"
    " to another integration record; the client id; the private key belongs to the"
    " certificate; its type (RSA 3072 or 4096, or EC); this machine's clock; the feature OAuth"
    " 2.0 and the box Client Credentials (Machine to Machine) Grant are on; user and role are"
    " active; the role has the permission Log in using OAuth 2.0 Access Tokens. The true reason"
    " stands in NetSuite under Setup > Users/Roles > View Login Audit Trail."
)


class Sender(Protocol):
    """What sends calls: ``transport.client.Transport``."""

    async def send(self, call: Call, classify: Classify) -> Answer:
        """Send a call; raise what ``classify`` made of its answer."""
        ...


@dataclass(frozen=True, kw_only=True)
class NetSuiteCredentials:
    """The credentials that a connection signs in with.

    Attributes:
        client_id: of the integration record.
        certificate_id: the id that NetSuite gave the certificate when it was mapped.
        key: the private key that belongs to it.
    """

    client_id: str
    certificate_id: str
    key: SigningKey


class _TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: Annotated[int, msgspec.Meta(gt=0)] = TOKEN_SECONDS
    token_type: str = "bearer"  # noqa: S105 - a kind of token


class _OAuthError(msgspec.Struct, frozen=True, kw_only=True):
    error: str


class SignIn:
    """Access tokens for one connection.

    Args:
        transport: sends the token requests.
        tokens: keeps the token and lets one process at a time renew it.
        connection: name of the connection.
        account: where the token endpoint is.
        credentials: what to sign in with.
        clock: the time, aware, UTC; NetSuite refuses if it is more than a few seconds off.
        new_jti: an id that no assertion had before.
    """

    def __init__(
        self,
        *,
        transport: Sender,
        tokens: TokenKeeper,
        connection: str,
        account: Account,
        credentials: NetSuiteCredentials,
        clock: Callable[[], datetime] = utc_now,
        new_jti: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._connection = connection
        self._account = account
        self._credentials = credentials
        self._clock = clock
        self._new_jti = new_jti

    async def token(self) -> Token:
        """Return a token that can be used.

        Raises:
            NeedsHuman: NetSuite refused to give one (``credentials_invalid``).
            Retryable: it gave none this time.
        """
        return await self._tokens.valid(self._connection, "netsuite", self._renew)

    async def renewed(self, refused: Token) -> Token:
        """Return another token than one that NetSuite refused.

        Raises:
            NeedsHuman, Retryable: as for ``token``.
        """
        return await self._tokens.refused(self._connection, "netsuite", refused, self._renew)

    async def prove(self, *, worked_before: bool) -> None:
        """Check that NetSuite gives a token now, without replacing the one in use.

        Args:
            worked_before: these credentials got a token before.

        Raises:
            NeedsHuman, Retryable: as for ``token``.
        """
        await self._ask(worked_before=worked_before)

    async def _renew(self, before: Token | None) -> NewToken:
        return await self._ask(worked_before=before is not None)

    async def _ask(self, *, worked_before: bool) -> NewToken:
        return await ask_token(
            self._transport,
            self._connection,
            self._account,
            self._credentials,
            clock=self._clock,
            new_jti=self._new_jti,
            worked_before=worked_before,
        )


async def ask_token(
    transport: Sender,
    connection: str,
    account: Account,
    credentials: NetSuiteCredentials,
    *,
    clock: Callable[[], datetime] = utc_now,
    new_jti: Callable[[], str] = lambda: str(uuid.uuid4()),
    worked_before: bool = False,
) -> NewToken:
    """Ask the token endpoint for a token, whether one is stored or not.

    Args:
        transport: sends the request.
        connection: name of the connection.
        account: where the token endpoint is.
        credentials: what to sign in with.
        clock: the time, aware, UTC.
        new_jti: an id that no assertion had before.
        worked_before: these credentials got a token before, so they were right then.

    Raises:
        NeedsHuman: NetSuite refused to give one (``credentials_invalid``).
        Retryable: it gave none this time.
    """
    call = token_call(connection, account, credentials, now=clock(), jti=new_jti())
    lost = worked_before and account.is_copy

    def judged(answer: Answer) -> ConnectorError | None:
        return classify_token(answer, now=clock(), refreshed_copy=lost)

    try:
        return parse_token(await transport.send(call, judged))
    except Retryable as error:
        # One token too many does no harm, and the call that needs it has not been sent yet.
        error.outcome_unknown = False
        raise


def token_call(
    connection: str, account: Account, credentials: NetSuiteCredentials, *, now: datetime, jti: str
) -> Call:
    """Return the token request (netsuite.md section 2.1).

    It is not repeatable: NetSuite could refuse an assertion only because it was used before, and
    that would look like wrong credentials.
    """
    signed = assertion(
        credentials.key,
        certificate_id=credentials.certificate_id,
        client_id=credentials.client_id,
        token_url=account.token_url,
        now=int(now.timestamp()),
        jti=jti,
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": _ASSERTION_TYPE,
        "client_assertion": signed.reveal(),
    }
    return Call(
        connection=connection,
        system="netsuite",
        operation="oauth.token",
        method="POST",
        url=account.token_url,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
        body=urlencode(form).encode(),
        patience=Patience.TOKEN,
    )


def parse_token(answer: Answer) -> NewToken:
    """Read a good answer (netsuite.md section 2.4); ``expires_in`` may be a number or a text.

    Raises:
        Retryable: it is not one, such as a maintenance page with status 200.
    """
    try:
        read = msgspec.json.decode(answer.body, type=_TokenAnswer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = None
    if read is None or read.token_type.lower() != "bearer":
        raise Retryable("NetSuite's answer to the token request holds no access token")
    return NewToken(
        access=Secret(read.access_token), expires_in_seconds=read.expires_in, refresh=None
    )


def classify_token(
    answer: Answer, *, now: datetime, refreshed_copy: bool = False
) -> ConnectorError | None:
    """Return the failure that an answer of the token endpoint means (section 2.6), or None.

    Only an OAuth error means wrong credentials, which stop the connection until a person acts.
    Anything else may come from a gateway or an overload, and is tried again.

    Args:
        answer: of the token endpoint.
        now: our time, aware.
        refreshed_copy: the account is a sandbox, and these credentials worked in it before. Then
            the most likely reason is a refresh of the sandbox, which clears the certificate
            mappings (section 1.7).
    """
    code = _oauth_error(answer)
    if code is not None and code not in _PASSING_CODES:
        return _refused(answer, code, now, refreshed_copy=refreshed_copy)
    failure = classify(answer)
    if failure is None or isinstance(failure, Retryable):
        return failure
    return Retryable(
        f"NetSuite's token endpoint did not give a usable answer (HTTP {answer.status})",
        remedy="It is tried again by itself. If it goes on, check netsuite.account_id and"
        " netsuite.base_url against Setup > Company > Company Information > Company URLs.",
        retry_after_seconds=retry_after_seconds(answer),
    )


def clock_offset_seconds(answer: Answer, now: datetime) -> float | None:
    """Return how far our clock is ahead of the answer's ``Date``; None without one."""
    try:
        theirs = parsedate_to_datetime(answer.header("date") or "")
    except (ValueError, OverflowError):
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return (now - theirs).total_seconds()


def _oauth_error(answer: Answer) -> str | None:
    if not HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return None
    try:
        return msgspec.json.decode(answer.body, type=_OAuthError).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _refused(answer: Answer, code: str, now: datetime, *, refreshed_copy: bool) -> NeedsHuman:
    shown = code if code.isascii() and code.isidentifier() else "no reason given"
    sentence = f"NetSuite refused to sign in ({shown[:40]})"
    remedy = _CHECKLIST
    if refreshed_copy:
        sentence += "; this sandbox was probably refreshed, which clears the certificate mapping"
        remedy = _AFTER_REFRESH + remedy
    offset = clock_offset_seconds(answer, now)
    if offset is not None and abs(offset) > CLOCK_TOLERANCE_SECONDS:
        wrong = describe_offset(offset)
        sentence = f"NetSuite refused to sign in ({shown[:40]}): {wrong}"
        remedy = f"{wrong[0].upper()}{wrong[1:]}: correct that first. {CLOCK_REMEDY} {remedy}"
    return NeedsHuman(sentence, cause=Cause.CREDENTIALS_INVALID, remedy=remedy)


def describe_offset(seconds: float) -> str:
    """Return in words how far this machine's clock is from NetSuite's."""
    size = abs(seconds)
    amount = f"{size:.0f} s" if size < 2 * _MINUTE else f"{size / _MINUTE:.0f} minutes"
    side = "ahead of" if seconds > 0 else "behind"
    return f"this machine's clock is {amount} {side} NetSuite's"
