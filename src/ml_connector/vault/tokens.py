"""Tokens of the two systems: renewed early, by one at a time across all processes."""

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
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database, DatabaseAway
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
"""Asks the token endpoint, given the token stored now. Raises a ConnectorError otherwise."""

# From this share of its life on a token is renewed; the jitter spreads the processes.
_RENEW_FROM: Final = 0.80
_RENEW_JITTER: Final = 0.05

# A token this close to its end (at most 5 % of its life) is not begun with any more.
_MOST_MARGIN_SECONDS: Final = 5.0

# Longer than the call to a token endpoint and its second try may take.
_LEASE_SECONDS: Final = 60.0

# How old our picture of the row may be: for a good token, and for one that somebody else
# is renewing or that could not be renewed just now.
_CACHE_SECONDS: Final = 30.0
_RENEWING_CACHE_SECONDS: Final = 1.0
_FAILED_CACHE_SECONDS: Final = 15.0

# Waiting for another process that renews, when there is no valid token to go on with.
_POLL_SECONDS: Final = (0.05, 0.15)

_STORE_ATTEMPTS: Final = 5

# Tried again by itself: the token endpoint was away, nobody has to repair anything.
_PASSING_CAUSES: Final = frozenset({Cause.UPSTREAM_UNAVAILABLE, Cause.RATE_LIMITED})

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_Key = tuple[str, System]


@dataclass(frozen=True)
class _Cached:
    token: Token
    good_until: float  # monotonic
    although_due: bool  # somebody renews it, or that just failed: go on with it meanwhile


def utc_now() -> datetime:
    """The time, aware, UTC."""
    return datetime.now(UTC)


class Tokens:
    """Gives out valid tokens.

    A token is renewed from 80 % of its life on, while everybody goes on with the old one; it
    is waited for only when there is none valid. A new pair is stored before anybody uses it.

    Args:
        database: where the sealed tokens are.
        ring: the master keys.
        holder: name of this process.
        clock: the time, aware, UTC.
    """

    def __init__(
        self,
        database: Database,
        ring: Ring,
        *,
        holder: str,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._ring = ring
        self._holder = f"{holder}/{secrets.token_hex(4)}"
        self._clock = clock
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
            renew: asks the token endpoint; called by one at a time across all processes.

        Raises:
            NeedsHuman: the renewal was refused, now or before: it is not asked again until
                ``clear_problem``.
            Retryable: the renewal failed in passing and no valid token is left.
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

        It is renewed, unless somebody did already.

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
        """Whether a token is stored, whatever is wrong with it: a consent was given once."""
        return await self._row(connection, system).held()

    async def put(self, connection: str, system: System, new: NewToken) -> Token:
        """Store a token that came otherwise, such as by consent; clears the problem."""
        row = self._row(connection, system)
        stored = await row.store(self._dated(new, None), version=None)
        if stored is None:
            raise LookupError(f"no token row for {connection} and {system}")
        self._remember((connection, system), stored, _CACHE_SECONDS)
        return stored

    async def clear_problem(
        self, connection: str, system: System, *, on: Connection | None = None
    ) -> None:
        """Credentials were applied anew: the next call asks the token endpoint again."""
        await self._row(connection, system).clear_problem(on=on)

    async def forget(
        self, connection: str, system: System, *, on: Connection | None = None
    ) -> None:
        """Drop the stored token: it belongs to credentials that are no longer in use.

        Args:
            connection: name of the connection.
            system: whose token.
            on: the transaction that replaces the credentials; None: one of its own.
        """
        self._cache.pop((connection, system), None)
        await self._row(connection, system).forget(on=on)

    async def clocks(self) -> list[TokenClock]:
        """How long each token has to live, and what is wrong with it."""
        return await clocks(self._database)

    async def rewrap(self) -> int:
        """Wrap every token's data key with the current master key; returns how many were not."""
        return await rewrap_tokens(self._database, self._ring)

    async def aclose(self) -> None:
        """Wait for renewals under way: a pair given out must not be lost."""
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
                stored.version, holder=self._holder, seconds=_LEASE_SECONDS
            ):
                renewal = self._start(key, row, stored, renew)
            elif usable is not None:
                self._remember(key, usable, _RENEWING_CACHE_SECONDS, although_due=True)
                return usable
            if renewal is None:
                await asyncio.sleep(random.uniform(*_POLL_SECONDS))  # noqa: S311 - jitter
                continue
            try:
                # Shielded: a caller that gives up must not lose a pair that is being given out.
                token = await asyncio.shield(renewal)
            except Retryable:
                if usable is None or not self._lives(usable):
                    raise
                self._remember(key, usable, _FAILED_CACHE_SECONDS, although_due=True)
                return usable
            if token.version > self._refused.get(key, -1):
                return token

    def _usable(self, key: _Key, token: Token | None) -> Token | None:
        """The stored token, unless it is over or was refused."""
        if token is None or token.version <= self._refused.get(key, -1):
            return None
        return token if self._lives(token) else None

    def _lives(self, token: Token) -> bool:
        life = (token.expires_at - token.obtained_at).total_seconds()
        margin = min(_MOST_MARGIN_SECONDS, 0.05 * life)
        return self._clock() < token.expires_at - timedelta(seconds=margin)

    def _is_fresh(self, token: Token) -> bool:
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
        # Its failure goes to those who wait for it; that nobody does any more is no fault.
        renewal.add_done_callback(lambda done: done.cancelled() or done.exception())
        return renewal

    async def _renew(self, key: _Key, row: TokenRow, stored: StoredTokens, renew: Renew) -> Token:
        """Renew under the lease that was taken, and store the pair before anybody has it."""
        try:
            new = await self._ask(row, stored, renew)
            token = await self._store(row, self._dated(new, stored.token), stored.version)
            if token is None:
                # Our lease ran out, or our own first try to store it did succeed.
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
            # The lease runs out by itself; why the renewal failed is what has to be told.
            _log.warning("lease_not_released", reason=type(error).__name__)

    async def _store(self, row: TokenRow, token: Token, version: int) -> Token | None:
        """Store the pair, stubbornly: the system may honour no other one from now on."""
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
    """Take the secrets of a token out of a sentence that came from outside."""
    if token is None:
        return text
    held: list[Secret | None] = [token.access, token.refresh, token.previous_refresh]
    for secret in filter(None, held):
        text = text.replace(secret.reveal(), str(secret))
    return text
