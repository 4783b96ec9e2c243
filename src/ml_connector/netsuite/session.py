"""Sending calls signed in, and deciding what a refused token means.

Assumptions: NS-006, NS-008.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from ml_connector.errors import ConnectorError, Retryable
from ml_connector.netsuite.classify import TokenRefused, classify
from ml_connector.netsuite.sign_in.oauth import Sender
from ml_connector.transport.call import Answer, Call, Patience, Priority
from ml_connector.vault.tokens import Token
from ml_connector.words import Cause

SAME_OVERLOAD_SECONDS: Final = 5.0
IN_A_ROW_SECONDS: Final = 60.0
_LOOK_AGAIN_SECONDS: Final = 10.0


class Auth(Protocol):
    """What gives out tokens: ``oauth.SignIn``."""

    async def token(self) -> Token:
        """Return a token that can be used."""
        ...

    async def renewed(self, refused: Token) -> Token:
        """Return another token than this one, which was refused."""
        ...


class FreshRefusals:
    """Tells invalid credentials from an overload that looks like a failed login.

    Over its concurrency limit NetSuite may answer "Invalid login attempt". So a refused token may
    be good, even when it was given out a moment before. The rule:

    - the first refusal of a fresh token counts as ``rate_limited``, and so do all within the
      next 5 seconds, because calls in flight at the same time meet the same overload;
    - a later refusal is ``credentials_invalid`` if no token was accepted in between and the
      refusal before was at most 60 seconds ago;
    - after 60 seconds without a refusal the count begins again.
    """

    def __init__(self) -> None:
        self._first: float | None = None
        self._last = 0.0

    def accepted(self) -> None:
        """Note that NetSuite accepted a token: refusals before were an overload."""
        self._first = None

    def refused(self, now: float) -> bool:
        """Note that NetSuite refused a fresh token; return whether the credentials are invalid.

        Args:
            now: monotonic seconds.
        """
        if self._first is None or now - self._last > IN_A_ROW_SECONDS:
            self._first = now
        self._last = now
        return now - self._first >= SAME_OVERLOAD_SECONDS


class NetSuiteSession:
    """Sends calls for one connection with a valid token.

    Args:
        transport: sends them.
        auth: gives out tokens.
        connection: name of the connection.
        limit_key: the limit that its calls count against.
        monotonic: a clock that never goes back, in seconds.
    """

    def __init__(
        self,
        transport: Sender,
        auth: Auth,
        *,
        connection: str,
        limit_key: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._auth = auth
        self._connection = connection
        self._limit_key = limit_key
        self._monotonic = monotonic
        self._refusals = FreshRefusals()

    def call(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        patience: Patience = Patience.READ,
        repeatable: bool = False,
        priority: Priority = Priority.LIVE,
        send_by: float | None = None,
    ) -> Call:
        """Return a call of this connection, not yet signed in."""
        return Call(
            connection=self._connection,
            system="netsuite",
            operation=operation,
            method=method,
            url=url,
            headers={"Accept": "application/json", **(headers or {})},
            body=body,
            patience=patience,
            repeatable=repeatable,
            priority=priority,
            limit=self._limit_key,
            send_by=send_by,
        )

    async def send(self, call: Call) -> Answer:
        """Send a call signed in; if the token is refused, renew it and send the call once more.

        That is safe for writes too: a call with a refused token was not carried out.

        Raises:
            NeedsHuman: what ``classify`` says; ``credentials_invalid`` when no token can be
                had, or fresh ones are refused by the rule of ``FreshRefusals``.
            Retryable: it may work later; with ``outcome_unknown`` it may have been carried out.
        """
        token = await self._auth.token()
        try:
            return await self._transport.send(_signed(call, token), self._judged)
        except TokenRefused:
            fresh = await self._auth.renewed(token)
            return await self._transport.send(_signed(call, fresh), self._judged_fresh)

    def _judged(self, answer: Answer) -> ConnectorError | None:
        failure = classify(answer)
        if not isinstance(failure, TokenRefused | Retryable):
            self._refusals.accepted()
        return failure

    def _judged_fresh(self, answer: Answer) -> ConnectorError | None:
        failure = self._judged(answer)
        if not isinstance(failure, TokenRefused) or self._refusals.refused(self._monotonic()):
            return failure
        return Retryable(
            "NetSuite did not accept a token that it had just given out, which it also does"
            " when it is asked too much at the same time",
            cause=Cause.RATE_LIMITED,
            retry_after_seconds=_LOOK_AGAIN_SECONDS,
        )


def _signed(call: Call, token: Token) -> Call:
    return replace(
        call, headers={**call.headers, "Authorization": f"Bearer {token.access.reveal()}"}
    )
