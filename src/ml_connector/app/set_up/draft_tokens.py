"""The tokens of a connection that is being set up.

NetSuite's last as long as the look. A pair of ShipBob's that a consent gave is sealed with the
draft, and replaced there as soon as it is renewed: a refresh token can be used once.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from ml_connector.app.connections.asking import PassingTokens
from ml_connector.app.installation.installation import Installation
from ml_connector.ledger.connections import drafts as kept
from ml_connector.secret import Secret
from ml_connector.vault.token_keeper import TokenKeeper
from ml_connector.vault.tokens import NewToken, Renew, Token
from ml_connector.words import System

PAIR: Final = "shipbob.pair"
"""The field of a draft's secrets under which the pair is sealed."""

GIVEN: Final = "shipbob.given"
"""The field under which it is sealed what a consent gave besides the pair."""

_SOON: Final = timedelta(minutes=5)
"""A token that ends sooner is renewed: what it is for must not end in the middle."""


class _Pair(msgspec.Struct, frozen=True, kw_only=True):
    access: str
    refresh: str
    expires_at: datetime
    obtained_at: datetime
    version: int = 0

    def __repr__(self) -> str:
        return "_Pair(***)"


class GivenConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent that was given for a draft; a connection is told of it when it is applied.

    Attributes:
        person: who gave it.
        scopes: that were granted.
        account: at ShipBob, of who consented.
    """

    person: str
    scopes: tuple[str, ...]
    account: str | None
    given_at: datetime


def sealed_consent(given: GivenConsent) -> Secret:
    """Return a consent as it is sealed. Pure."""
    return Secret(msgspec.json.encode(given).decode())


def given_consent(secrets: Mapping[str, Secret]) -> GivenConsent | None:
    """Return the consent that was given for a draft; None: there is none. Pure."""
    found = secrets.get(GIVEN)
    return None if found is None else msgspec.json.decode(found.reveal(), type=GivenConsent)


def channel_name(draft: str) -> str:
    """Return what ShipBob is asked to call the channel that a consent makes."""
    return f"ml-connector {draft}"


def sealed(new: NewToken, *, now: datetime, refresh: str = "", version: int = 0) -> Secret:
    """Return a pair as it is sealed. Pure.

    Args:
        new: as ShipBob gave it.
        now: when.
        refresh: goes on being used where ShipBob gave no other one.
        version: of the pair that it replaces.
    """
    pair = _Pair(
        access=new.access.reveal(),
        refresh=new.refresh.reveal() if new.refresh else refresh,
        expires_at=now + timedelta(seconds=new.expires_in_seconds),
        obtained_at=now,
        version=version + 1,
    )
    return Secret(msgspec.json.encode(pair).decode())


def refresh_token(pair: Secret) -> Secret:
    """Return the refresh token of a sealed pair. Pure."""
    return Secret(_read(pair).refresh)


def pair_of(installation: Installation, draft: str) -> TokenKeeper:
    """Return what keeps the pair of a draft that a consent was given for."""
    return _SealedPair(installation, draft)


class DraftTokens(PassingTokens):
    """Tokens of a draft.

    Args:
        installation: where the pair is sealed.
        draft: its name.
        consented: whether there is a pair.
    """

    def __init__(self, installation: Installation, draft: str, *, consented: bool) -> None:
        super().__init__(shipbob=_SealedPair(installation, draft) if consented else None)


class _SealedPair:
    """Keeps ShipBob's pair of one draft; who renews it locks the draft meanwhile."""

    def __init__(self, installation: Installation, draft: str) -> None:
        self._installation = installation
        self._draft = draft

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        """Return a token that lives for a while."""
        del connection, system
        return await self._token(renew, refused=-1)

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        """Return another token than the one that was refused."""
        del connection, system
        return await self._token(renew, refused=token.version)

    async def held(self, connection: str, system: System) -> bool:
        """Say that a consent was given."""
        del connection
        return system == "shipbob"

    async def _token(self, renew: Renew, *, refused: int) -> Token:
        async with self._installation.database.transaction() as on:
            await kept.lock(on, self._draft)
            found = await self._installation.drafts.get(self._draft, PAIR, on=on)
            pair = None if found is None else _read(found)
            now = datetime.now(UTC)
            if pair is not None and pair.version > refused and now < pair.expires_at - _SOON:
                return _token(pair)
            new = await renew(None if pair is None else _token(pair))
            before = ("", 0) if pair is None else (pair.refresh, pair.version)
            made = sealed(new, now=now, refresh=before[0], version=before[1])
            await self._installation.drafts.put(self._draft, PAIR, made, on=on)
        return _token(_read(made))


def _read(sealed_pair: Secret) -> _Pair:
    return msgspec.json.decode(sealed_pair.reveal(), type=_Pair)


def _token(pair: _Pair) -> Token:
    return Token(
        access=Secret(pair.access),
        expires_at=pair.expires_at,
        refresh=Secret(pair.refresh),
        previous_refresh=None,
        version=pair.version,
        obtained_at=pair.obtained_at,
    )
