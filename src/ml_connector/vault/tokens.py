"""Tokens of the two systems: renewed early, and by one process at a time."""

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import stamina
import structlog

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.moments import is_known
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database, DatabaseAway
from ml_connector.vault.envelope import Rewrapped
from ml_connector.vault.masterkey import Ring
from ml_connector.vault.token_row import (
    NewToken,
    RenewalProblem,
    StoredTokens,
    Token,
    TokenClock,
    TokenRow,
    clocks,
    rewrap_tokens,
)
from ml_connector.words import Cause, System

__all__ = ["NewToken", "Renew", "RenewalProblem", "Token", "TokenClock", "Tokens"]

Renew = Callable[[Token | None], Awaitable[NewToken]]
"""Asks the token endpoint, given the stored token. Raises a ConnectorError when it fails."""

# Share of its life after which a token is renewed; the jitter spreads the processes.
_RENEW_FROM: Final = 0.80
_RENEW_JITTER: Final = 0.05

# A token this close to its end (at most 5 % of its life) is not used for another call.
_MOST_MARGIN_SECONDS: Final = 5.0

# Longer than the call to a token endpoint and its second try may take.
_LEASE_SECONDS: Final = 60.0

# How old a read row may be: of a good token, and of one that another process is renewing or
# that could not be renewed just now.
_CACHE_SECONDS: Final = 30.0
_RENEWING_CACHE_SECONDS: Final = 1.0
_FAILED_CACHE_SECONDS: Final = 15.0

# Time to wait for another process that renews, when there is no valid token meanwhile.
_POLL_SECONDS: Final = (0.05, 0.15)

_STORE_ATTEMPTS: Final = 5

# Tried again without a person: the token endpoint could not be reached for a while.
_PASSING_CAUSES: Final = frozenset({Cause.UPSTREAM_UNAVAILABLE, Cause.RATE_LIMITED})

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_Key = tuple[str, System]


@dataclass(frozen=True)
class _Cached:
    token: Token
    good_until: float  # monotonic
    although_due: bool  # it is being renewed, or that just failed: use it meanwhile


def utc_now() -> datetime:
    """The time, aware, UTC."""
    return datetime.now(UTC)


class Tokens:
    """Gives out valid tokens.

    A token is renewed after 80 % of its life. Calls go on with the old one meanwhile and wait
    only when there is no valid one. A new pair is stored before it is used.

    Args:
        database: where the sealed tokens are.
        ring: the master keys.
        holder: name of this process.
        clock: the time, aware, UTC.
        lease_seconds: how long who renews a token has it to himself.
    """

    def __init__(
        self,
        database: Database,
        ring: Ring,
        *,
        holder: str,
        clock: Callable[[], datetime] = utc_now,
        lease_seconds: float = _LEASE_SECONDS,
    ) -> None:
        self._database = database
        self._ring = ring
        self._holder = f"{holder}/{secrets.token_hex(4)}"
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._renew_from = random.uniform(  # noqa: S311 - jitter, not a secret
            _RENEW_FROM, _RENEW_FROM + _RENEW_JITTER
        )
        self._cache: dict[_Key, _Cached] = {}
        self._refused: dict[_Key, int] = {}
        self._renewals: dict[_Key, asyncio.Task[Token]] = {}

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        """Return a token that can be used, renewed when it is time.

        Args:
            connection: name of the connection, which must exist.
            system: whose token.
            renew: asks the token endpoint; only one process at a time calls it.

        Raises:
            NeedsHuman: the renewal was refused, now or before. It is not tried again until
                ``clear_problem``.
            Retryable: the renewal failed for the moment, and no valid token is left.
        """
        key = (connection, system)
        cached = self._cache.get(key)
        if cached is not None and time.monotonic() < cached.good_until:
            usable = self._lives if cached.although_due else self._is_fresh
            if usable(cached.token):
                return cached.token
        return await self._obtain(key, renew)

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        """Return another token after the system refused this one.

        The token is renewed, unless that was done already.

        Raises:
            NeedsHuman, Retryable: as for ``valid``.
        """
        key = (connection, system)
        self._refused[key] = max(token.version, self._refused.get(key, -1))
        cached = self._cache.get(key)
        if cached is not None and cached.token.version <= token.version:
            del self._cache[key]
        return await self._obtain(key, renew)

    async def held(self, connection: str, system: System) -> bool:
        """Whether a token is stored, also one that can't be used: a consent was given once."""
        return await self._row(connection, system).held()

    async def put(self, connection: str, system: System, new: NewToken) -> Token:
        """Store a token that did not come by renewal, such as by consent; clear the problem."""
        row = self._row(connection, system)
        stored = await row.store(self._dated(new, None), version=None)
        if stored is None:
            raise LookupError(f"no token row for {connection} and {system}")
        self._remember((connection, system), stored, _CACHE_SECONDS)
        return stored

    async def clear_problem(
        self, connection: str, system: System, *, on: Connection | None = None
    ) -> None:
        """Let the next call ask the token endpoint again: credentials were applied anew."""
        await self._row(connection, system).clear_problem(on=on)

    async def forget(
        self, connection: str, system: System, *, on: Connection | None = None
    ) -> None:
        """Delete the stored token, because its credentials are no longer in use.

        Args:
            connection: name of the connection.
            system: whose token.
            on: the transaction that replaces the credentials; None: one of its own.
        """
        self._cache.pop((connection, system), None)
        await self._row(connection, system).forget(on=on)

    async def clocks(self) -> list[TokenClock]:
        """Return when each token expires, and why its last renewal failed."""
        return await clocks(self._database)

    async def rewrap(self) -> Rewrapped:
        """Wrap every token's data key with the current master key."""
        return await rewrap_tokens(self._database, self._ring)

    async def aclose(self) -> None:
        """Wait for renewals under way, so that no new pair is lost."""
        if self._renewals:
            await asyncio.wait(self._renewals.values())

    # Getting one.

    async def _obtain(self, key: _Key, renew: Renew) -> Token:
        row = self._row(*key)
        while True:
            cached = self._cache.get(key)
            stored = await row.read(cached.token if cached else None)
            usable = self._usable(key, stored.token)
            if usable is not None and self._is_fresh(usable):
                self._remember(key, usable, _CACHE_SECONDS)
                return usable
            if stored.problem is not None and stored.problem.cause not in _PASSING_CAUSES:
                raise stored.problem.failure()
            renewal = self._renewals.get(key)
            if renewal is None and await row.lease(
                stored.version, holder=self._holder, seconds=self._lease_seconds
            ):
                renewal = self._start(key, row, stored, renew)
            elif usable is not None:
                self._remember(key, usable, _RENEWING_CACHE_SECONDS, although_due=True)
                return usable
            if renewal is None:
                await asyncio.sleep(random.uniform(*_POLL_SECONDS))  # noqa: S311 - jitter
                continue
            try:
                # Shielded: a caller that gives up must not stop the renewal and lose its pair.
                token = await asyncio.shield(renewal)
            except Retryable:
                if usable is None or not self._lives(usable):
                    raise
                self._remember(key, usable, _FAILED_CACHE_SECONDS, although_due=True)
                return usable
            if token.version > self._refused.get(key, -1):
                return token

    def _usable(self, key: _Key, token: Token | None) -> Token | None:
        """Return the stored token, unless it has expired or was refused."""
        if token is None or token.version <= self._refused.get(key, -1):
            return None
        return token if self._lives(token) else None

    def _lives(self, token: Token) -> bool:
        life = (token.expires_at - token.obtained_at).total_seconds()
        margin = min(_MOST_MARGIN_SECONDS, 0.05 * life)
        return self._clock() < token.expires_at - timedelta(seconds=margin)

    def _is_fresh(self, token: Token) -> bool:
        if not is_known(token.obtained_at, self._clock()):
            return False  # the clock was put right since: nobody knows how old it is
        life = token.expires_at - token.obtained_at
        return self._clock() < token.obtained_at + life * self._renew_from

    def _remember(
        self, key: _Key, token: Token, seconds: float, *, although_due: bool = False
    ) -> None:
        self._cache[key] = _Cached(token, time.monotonic() + seconds, although_due)

    # Renewing.

    def _start(
        self, key: _Key, row: TokenRow, stored: StoredTokens, renew: Renew
    ) -> asyncio.Task[Token]:
        renewal = asyncio.create_task(self._renew(key, row, stored, renew))
        self._renewals[key] = renewal
        # The callers that wait get its failure; it is no error if none waits any more.
        renewal.add_done_callback(lambda done: done.cancelled() or done.exception())
        return renewal

    async def _renew(self, key: _Key, row: TokenRow, stored: StoredTokens, renew: Renew) -> Token:
        """Renew under our lease, and store the pair before it is used."""
        try:
            new = await self._ask(row, stored, renew)
            token = await self._store(row, self._dated(new, stored.token), stored.version)
            if token is None:
                # Our lease ran out, or our first attempt to store the pair did succeed.
                token = self._usable(key, (await row.read()).token)
            if token is None:
                raise Retryable(
                    f"The token of {row.connection} for {row.system} was changed by another "
                    "process during its renewal"
                )
            self._remember(key, token, _CACHE_SECONDS)
            return token
        finally:
            del self._renewals[key]

    async def _ask(self, row: TokenRow, stored: StoredTokens, renew: Renew) -> NewToken:
        try:
            return await renew(stored.token)
        except NeedsHuman as error:
            if error.cause in _PASSING_CAUSES:
                await self._release(row)
            else:
                problem = RenewalProblem(
                    cause=error.cause,
                    sentence=_without_secrets(str(error), stored.token),
                    remedy=error.remedy,
                )
                await row.store_problem(problem, version=stored.version)
            raise
        except Exception:
            await self._release(row)
            raise

    async def _release(self, row: TokenRow) -> None:
        try:
            await row.release(holder=self._holder)
        except (DatabaseAway, psycopg.Error) as error:
            # The lease runs out anyway; the failure of the renewal matters more and is raised.
            _log.warning("lease_not_released", reason=type(error).__name__)

    async def _store(self, row: TokenRow, token: Token, version: int) -> Token | None:
        """Store the pair, trying several times: the system may accept no other one from now on."""
        async for attempt in stamina.retry_context(
            on=(DatabaseAway, psycopg.OperationalError), attempts=_STORE_ATTEMPTS, timeout=None
        ):
            with attempt:
                return await row.store(token, version=version)
        raise AssertionError("the last attempt returns or raises")

    def _dated(self, new: NewToken, old: Token | None) -> Token:
        now = self._clock()
        refresh = new.refresh or (old.refresh if old else None)
        previous = None
        if old is not None:
            previous = old.refresh if new.refresh else old.previous_refresh
        return Token(
            access=new.access,
            expires_at=now + timedelta(seconds=new.expires_in_seconds),
            refresh=refresh,
            previous_refresh=previous,
            version=0,
            obtained_at=now,
        )

    def _row(self, connection: str, system: System) -> TokenRow:
        return TokenRow(self._database, self._ring, connection, system)


def _without_secrets(text: str, token: Token | None) -> str:
    """Remove the secrets of a token from a sentence that came from outside."""
    if token is None:
        return text
    held: list[Secret | None] = [token.access, token.refresh, token.previous_refresh]
    for secret in filter(None, held):
        text = text.replace(secret.reveal(), str(secret))
    return text
