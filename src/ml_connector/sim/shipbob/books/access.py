"""Who may call: channels, applications, tokens and grants (reference shipbob.md, 3)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

import msgspec

from ml_connector.sim.shipbob.values.vocabulary import OAUTH_SCOPES, PAT_SCOPES, READ_SCOPES

PAT_APPLICATION: Final = "SMA"
"""The application that the first personal access token creates (section 3.1)."""

ACCESS_LIFETIME: Final = timedelta(hours=1)
REFRESH_LIFETIME: Final = timedelta(days=30)
"""If unused (section 3.2, [S])."""
CODE_LIFETIME: Final = timedelta(minutes=2)

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Channel(msgspec.Struct, kw_only=True):
    """One installation of an application, the unit that may write."""

    id: int
    name: str
    application_name: str
    scopes: tuple[str, ...]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token stands for.

    Attributes:
        application: what the rate limit counts by.
        channel: the only channel this caller may write to.
        scopes: what it may do.
        expires_at: the end of an OAuth access token; a personal access token has none.
    """

    application: str
    channel: Channel
    scopes: frozenset[str]
    expires_at: datetime | None = None


class Application(msgspec.Struct, kw_only=True):
    """An OAuth application as registered with ShipBob."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code on its way from the browser to the token endpoint."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    channel_id: int
    challenge: str
    nonce: str
    expires_at: datetime


class Grant(msgspec.Struct, kw_only=True):
    """A consent. Its refresh token changes with every use."""

    client_id: str
    channel_id: int
    scopes: tuple[str, ...]
    refresh_token: str
    used_at: datetime
    revoked: bool = False


class Access:
    """All channels, applications, tokens and grants of one merchant.

    Args:
        random: where tokens come from, so that a seed repeats a run.
        grace: a refresh token that was used may be used again (section 12).
    """

    def __init__(self, random: Random, *, grace: bool = False) -> None:
        self._random = random
        self._grace = grace
        self._channel_ids = count(100102)
        self.channels: dict[int, Channel] = {}
        self.applications: dict[str, Application] = {}
        self.callers: dict[str, Caller] = {}
        self.codes: dict[str, Code] = {}
        self.grants: dict[str, Grant] = {}
        self.spent: dict[str, Grant] = {}
        self.add_channel(
            name="ShipBob Default",
            application_name="ShipBob",
            scopes=READ_SCOPES,
            channel_id=100101,
        )

    def add_channel(
        self,
        *,
        name: str,
        application_name: str,
        scopes: Iterable[str],
        channel_id: int | None = None,
    ) -> Channel:
        """A new channel.

        Raises:
            ValueError: the id is taken.
        """
        number = self._free_channel_id() if channel_id is None else channel_id
        if number in self.channels:
            raise ValueError(f"Channel {number} exists already.")
        channel = Channel(
            id=number, name=name, application_name=application_name, scopes=tuple(scopes)
        )
        self.channels[number] = channel
        return channel

    def writing_channel(self) -> Channel:
        """The first channel that can write.

        Raises:
            LookupError: there is none.
        """
        for channel in self.channels.values():
            if any(scope.endswith("_write") for scope in channel.scopes):
                return channel
        raise LookupError("No channel can write: call add_token or add_channel first.")

    def add_token(
        self, token: str | None, scopes: Iterable[str] | None, channel: Channel | None
    ) -> str:
        """A personal access token. The first one creates the application ``SMA``."""
        allowed = PAT_SCOPES if scopes is None else tuple(scopes)
        own = channel or self._pat_channel(allowed)
        text = token or self.secret(48)
        self.callers[text] = Caller(
            application=f"pat:{own.application_name}", channel=own, scopes=frozenset(allowed)
        )
        return text

    def caller(self, token: str, now: datetime) -> Caller | None:
        """Who holds this access token, or ``None`` when it is unknown, revoked or expired."""
        caller = self.callers.get(token)
        if caller is None or (caller.expires_at is not None and caller.expires_at <= now):
            return None
        return caller

    def revoke_token(self, token: str) -> None:
        """From now on the token is answered with 401."""
        self.callers.pop(token, None)

    def add_application(
        self,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        name: str = "My application",
        redirect_uris: Iterable[str] = (),
        scopes: Iterable[str] = OAUTH_SCOPES,
    ) -> Application:
        """Register an OAuth application."""
        application = Application(
            client_id=client_id or self.secret(24),
            client_secret=client_secret or self.secret(40),
            name=name,
            redirect_uris=tuple(redirect_uris),
            scopes=tuple(scopes),
        )
        self.applications[application.client_id] = application
        return application

    def install(self, application: Application, scopes: Iterable[str], name: str = "") -> Channel:
        """What a consent does besides the code: the application gets a channel."""
        asked = tuple(scope for scope in scopes if scope not in {"openid", "offline_access"})
        return self.add_channel(
            name=name or application.name, application_name=application.name, scopes=asked
        )

    def grant(
        self, client_id: str, channel_id: int, scopes: Iterable[str], now: datetime
    ) -> Grant:
        """A fresh refresh token, as after a first exchange of a code."""
        grant = Grant(
            client_id=client_id,
            channel_id=channel_id,
            scopes=tuple(scopes),
            refresh_token=self.secret(43),
            used_at=now,
        )
        self.grants[grant.refresh_token] = grant
        return grant

    def rotate(self, refresh_token: str, client_id: str, now: datetime) -> Grant | None:
        """Spend a refresh token for a new one.

        Returns:
            the grant with its new token, or ``None``: unknown, spent, revoked, of another
            application, or unused for 30 days. All of them are ``invalid_grant``.
        """
        grant = self.grants.get(refresh_token)
        if grant is None and self._grace:
            grant = self.spent.get(refresh_token)
        if grant is None or grant.client_id != client_id or grant.revoked:
            return None
        if grant.used_at + REFRESH_LIFETIME <= now:
            return None
        self.grants.pop(grant.refresh_token, None)
        self.spent[refresh_token] = grant
        grant.refresh_token = self.secret(43)
        grant.used_at = now
        self.grants[grant.refresh_token] = grant
        return grant

    def issue(self, token: str, channel_id: int, scopes: Iterable[str], now: datetime) -> None:
        """Let an access token in for one hour."""
        channel = self.channels[channel_id]
        self.callers[token] = Caller(
            application=f"oauth:{channel.application_name}",
            channel=channel,
            scopes=frozenset(scopes),
            expires_at=now + ACCESS_LIFETIME,
        )

    def secret(self, length: int) -> str:
        """Random letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def _pat_channel(self, scopes: tuple[str, ...]) -> Channel:
        for channel in self.channels.values():
            if channel.application_name == PAT_APPLICATION:
                return channel
        return self.add_channel(
            name="Personal Access Token", application_name=PAT_APPLICATION, scopes=scopes
        )

    def _free_channel_id(self) -> int:
        return next(number for number in self._channel_ids if number not in self.channels)
