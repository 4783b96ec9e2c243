"""The rows of tokens: sealed pairs, a lease for the process that renews, compare-and-set."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import msgspec
import structlog
from psycopg.rows import DictRow

from ml_connector.errors import NeedsHuman
from ml_connector.moments import come
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection, Database, one, rows
from ml_connector.vault.envelope import Rewrapped, Sealed, open_, rewrap, seal
from ml_connector.vault.masterkey import Ring
from ml_connector.words import Cause, System

_log = structlog.get_logger("tokens")

_MAKE: Final = """
    insert into token (connection, system) values (%(connection)s, %(system)s)
    on conflict do nothing
"""

_READ: Final = """
    select key_id, wrapped_key, ciphertext, obtained_at, expires_at, version, problem
    from token where connection = %(connection)s and system = %(system)s
"""

# A lease that lasts longer than any can is held to the longest, and is nobody's: its holder may
# be renewing just now, and ShipBob's refresh tokens are good once.
_LEASE: Final = f"""
    update token
    set lease_holder = case when lease_until <= clock_timestamp() then %(holder)s end,
        lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    where connection = %(connection)s and system = %(system)s and version = %(version)s
        and {come("lease_until", "make_interval(secs => %(seconds)s)")}
    returning lease_holder is not null as mine
"""  # noqa: S608 - a text of ours

_RELEASE: Final = """
    update token set lease_holder = null, lease_until = '-infinity'
    where connection = %(connection)s and system = %(system)s and lease_holder = %(holder)s
"""

# This does not check the lease: a pair that the system gave out must be stored unless another
# process stored a newer one. Null for the version means: store it in any case.
_STORE: Final = """
    update token set key_id = %(key_id)s, wrapped_key = %(wrapped_key)s,
        ciphertext = %(ciphertext)s, obtained_at = %(obtained_at)s, expires_at = %(expires_at)s,
        version = version + 1, lease_holder = null, lease_until = '-infinity', problem = null
    where connection = %(connection)s and system = %(system)s
        and (%(version)s::bigint is null or version = %(version)s)
    returning version
"""

_STORE_PROBLEM: Final = """
    update token set problem = %(problem)s::json, lease_holder = null, lease_until = '-infinity'
    where connection = %(connection)s and system = %(system)s and version = %(version)s
"""

_CLEAR_PROBLEM: Final = """
    update token set problem = null
    where connection = %(connection)s and system = %(system)s
"""

_FORGET: Final = """
    update token set key_id = null, wrapped_key = null, ciphertext = null, obtained_at = null,
        expires_at = null, version = version + 1, lease_holder = null,
        lease_until = '-infinity', problem = null
    where connection = %(connection)s and system = %(system)s
"""

_CLOCKS: Final = """
    select connection, system, expires_at, obtained_at, problem from token
    order by connection, system
"""

_SEALED_OTHERWISE: Final = """
    select connection, system, key_id, wrapped_key, ciphertext from token
    where key_id <> %(key_id)s order by connection, system for update
"""

_REWRAP: Final = """
    update token set key_id = %(key_id)s, wrapped_key = %(wrapped_key)s
    where connection = %(connection)s and system = %(system)s
"""


_HELD: Final = """
    select 1 from token where connection = %(connection)s and system = %(system)s
        and ciphertext is not null
"""


@dataclass(frozen=True)
class Token:
    """An access token that is stored and may be used.

    Attributes:
        access: goes into the Authorization header.
        expires_at: by our clock, aware, UTC.
        refresh: for the next renewal, where the system gives one.
        previous_refresh: kept until ``refresh`` has worked once.
        version: raised by every renewal.
        obtained_at: by our clock, aware, UTC.
    """

    access: Secret
    expires_at: datetime
    refresh: Secret | None
    previous_refresh: Secret | None
    version: int
    obtained_at: datetime


@dataclass(frozen=True)
class NewToken:
    """The answer of a token endpoint.

    Attributes:
        access: the access token.
        expires_in_seconds: its life from now.
        refresh: the next refresh token; None when the old one stays valid.
    """

    access: Secret
    expires_in_seconds: int
    refresh: Secret | None = None


class RenewalProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the last renewal failed, as it is stored."""

    cause: Cause
    sentence: str
    remedy: str

    def failure(self) -> NeedsHuman:
        """Return the failure to raise."""
        return NeedsHuman(self.sentence, cause=self.cause, remedy=self.remedy)


@dataclass(frozen=True)
class TokenClock:
    """When a token was obtained and expires, for metrics and ping.

    Attributes:
        connection: name of the connection.
        system: whose token it is.
        expires_at: None when there is none yet.
        obtained_at: None when there is none yet.
        problem: why the last renewal failed; None when it did not.
    """

    connection: str
    system: System
    expires_at: datetime | None
    obtained_at: datetime | None
    problem: RenewalProblem | None


@dataclass(frozen=True)
class StoredTokens:
    """A row as it was read.

    Attributes:
        token: None when there is none yet.
        version: of the row, also when it holds no token.
        problem: why the last renewal failed.
    """

    token: Token | None
    version: int
    problem: RenewalProblem | None


class _TokenPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    access: str
    refresh: str | None = None
    previous_refresh: str | None = None

    def __repr__(self) -> str:
        return "_Pair(***)"


@dataclass(frozen=True)
class TokenRow:
    """The row of one connection and system.

    Attributes:
        connection: name of the connection.
        system: whose token it is.
    """

    database: Database = field(repr=False)
    ring: Ring = field(repr=False)
    connection: str
    system: System

    async def read(self, known: Token | None = None) -> StoredTokens:
        """Read the row; it is made when it does not exist yet.

        Args:
            known: the token read before; it is returned when its version is still stored.

        Raises:
            NeedsHuman: the pair can't be opened, and nothing else would bring another one.
        """
        async with self.database.transaction() as connection:
            row = await one(connection, _READ, self._key())
            if row is None:
                await rows(connection, _MAKE, self._key())
                row = await one(connection, _READ, self._key())
        if row is None:
            raise LookupError(f"no token row for {self.connection} and {self.system}")
        if known is not None and known.version == row["version"]:
            token: Token | None = known
        else:
            token = self._open(row)
        return StoredTokens(token, row["version"], _problem(row))

    async def held(self) -> bool:
        """Whether a pair is stored, also one that can't be used."""
        return bool(await self.database.fetch(_HELD, self._key()))

    async def lease(self, version: int, *, holder: str, seconds: float) -> bool:
        """Take the lease to renew this version; False when another process has it."""
        parameters = {"version": version, "holder": holder, "seconds": seconds}
        leased = await self.database.fetch(_LEASE, self._key() | parameters)
        return any(row["mine"] for row in leased)

    async def release(self, *, holder: str) -> None:
        """Give the lease back."""
        await self.database.fetch(_RELEASE, self._key() | {"holder": holder})

    async def store(self, token: Token, *, version: int | None) -> Token | None:
        """Store a token in place of this version; of any version when that is None.

        Returns:
            the token as it is stored, or None when another process stored one meanwhile.
        """
        pair = _TokenPair(
            access=token.access.reveal(),
            refresh=token.refresh.reveal() if token.refresh else None,
            previous_refresh=token.previous_refresh.reveal() if token.previous_refresh else None,
        )
        sealed = seal(self.ring, msgspec.json.encode(pair), bound_to=self._bound_to())
        parameters = {
            "key_id": sealed.key_id,
            "wrapped_key": sealed.wrapped_key,
            "ciphertext": sealed.ciphertext,
            "obtained_at": token.obtained_at,
            "expires_at": token.expires_at,
            "version": version,
        }
        async with self.database.transaction() as connection:
            await rows(connection, _MAKE, self._key())
            row = await one(connection, _STORE, self._key() | parameters)
        return None if row is None else replace(token, version=row["version"])

    async def store_problem(self, problem: RenewalProblem, *, version: int) -> None:
        """Store why the renewal of this version failed, and give the lease back."""
        text = msgspec.json.encode(problem).decode()
        parameters = {"problem": text, "version": version}
        await self.database.fetch(_STORE_PROBLEM, self._key() | parameters)

    async def clear_problem(self, *, on: Connection | None = None) -> None:
        """Let the token endpoint be asked again."""
        await self._run(_CLEAR_PROBLEM, on)

    async def forget(self, *, on: Connection | None = None) -> None:
        """Drop the pair and the problem; the next renewal begins from the credentials."""
        await self._run(_FORGET, on)

    async def _run(self, statement: str, on: Connection | None) -> None:
        if on is None:
            await self.database.fetch(statement, self._key())
        else:
            await rows(on, statement, self._key())

    def _open(self, row: DictRow) -> Token | None:
        if row["ciphertext"] is None:
            return None
        sealed = Sealed(row["key_id"], bytes(row["wrapped_key"]), bytes(row["ciphertext"]))
        try:
            plaintext = open_(self.ring, sealed, bound_to=self._bound_to())
        except NeedsHuman as refused:
            # The private key brings another token of NetSuite's at any time; a token of ShipBob's
            # is half of what renews it. One whose master key is away may come back.
            if self.system != "netsuite" or self.ring.find(sealed.key_id) is None:
                raise
            _log.warning("token_unreadable", connection=self.connection, reason=str(refused))
            return None
        pair = msgspec.json.decode(plaintext, type=_TokenPair)
        return Token(
            access=Secret(pair.access),
            expires_at=row["expires_at"],
            refresh=_secret(pair.refresh),
            previous_refresh=_secret(pair.previous_refresh),
            version=row["version"],
            obtained_at=row["obtained_at"],
        )

    def _key(self) -> dict[str, object]:
        return {"connection": self.connection, "system": self.system}

    def _bound_to(self) -> str:
        return bound_to(self.connection, self.system)


def bound_to(connection: str, system: System) -> str:
    """Return the name of the row that the sealed pair is bound to."""
    return f"{connection}/token.{system}"


async def clocks(database: Database) -> list[TokenClock]:
    """Return the clocks of all tokens, without opening one."""
    return [
        TokenClock(
            connection=row["connection"],
            system=row["system"],
            expires_at=row["expires_at"],
            obtained_at=row["obtained_at"],
            problem=_problem(row),
        )
        for row in await database.fetch(_CLOCKS)
    ]


async def rewrap_tokens(database: Database, ring: Ring) -> Rewrapped:
    """Wrap every pair's data key with the current master key; damaged ones are left alone."""
    damaged: set[str] = set()
    async with database.transaction() as connection:
        found = await rows(connection, _SEALED_OTHERWISE, {"key_id": ring.current.key_id})
        for row in found:
            old = Sealed(row["key_id"], bytes(row["wrapped_key"]), bytes(row["ciphertext"]))
            belongs_to = bound_to(row["connection"], row["system"])
            try:
                new = rewrap(ring, old, bound_to=belongs_to)
            except NeedsHuman:
                damaged.add(belongs_to)
                continue
            parameters = {
                "connection": row["connection"],
                "system": row["system"],
                "key_id": new.key_id,
                "wrapped_key": new.wrapped_key,
            }
            await rows(connection, _REWRAP, parameters)
    return Rewrapped(wrapped=len(found) - len(damaged), damaged=frozenset(damaged))


def _problem(row: DictRow) -> RenewalProblem | None:
    stored = row["problem"]
    if stored is None:
        return None
    try:
        return msgspec.convert(stored, RenewalProblem)
    except msgspec.ValidationError:
        # It only says not to ask again: then it is asked once more, and noted anew.
        _log.warning("renewal_problem_unreadable")
        return None


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)
