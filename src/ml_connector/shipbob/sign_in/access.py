"""How calls to ShipBob are authorised: a personal access token, or OAuth (section 3)."""

import time
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in import oauth
from ml_connector.shipbob.sign_in.hosts import check_issuer
from ml_connector.shipbob.sign_in.oauth import Application, Sends
from ml_connector.vault.tokens import NewToken, Renew, Token
from ml_connector.words import Cause, System


class Keeps(Protocol):
    """The part of ``vault.tokens.Tokens`` that is used here."""

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        """Return a token that can be used, renewed when it is time."""
        ...

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        """Return another token after the system refused this one."""
        ...

    async def held(self, connection: str, system: System) -> bool:
        """Return whether a token is stored."""
        ...


PERSONAL_SCOPES: Final = ("billing_read", "pricing_read")
"""Scopes that are not in ShipBob's list for OAuth (section 3.2)."""

# How often the stored tokens are checked for a consent that was given meanwhile.
_LOOK_FOR_CONSENT_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """The content of the Authorization header, and the stored token it comes from, if any."""

    access: Secret
    token: Token | None = None


class Access(Protocol):
    """Gives out the authorisation of calls."""

    async def bearer(self) -> Bearer:
        """Return the authorisation of a call."""
        ...

    async def renewed(self, refused: Bearer) -> Bearer:
        """Return another authorisation after ShipBob refused this one.

        Raises:
            NeedsHuman: there is none to be had.
        """
        ...


class PersonalAccess:
    """A personal access token (section 3.1), which does not expire and can't be renewed.

    Raises:
        NeedsHuman: the token belongs to another ShipBob environment.
    """

    def __init__(self, token: Secret, *, api_url: str, auth_url: str) -> None:
        check_issuer(token, api_url=api_url, auth_url=auth_url)
        self._bearer = Bearer(access=token)

    async def bearer(self) -> Bearer:
        """Return the token."""
        return self._bearer

    async def renewed(self, refused: Bearer) -> NoReturn:
        """Raise NeedsHuman: a person must make a new token."""
        del refused
        raise NeedsHuman(
            "ShipBob does not accept the personal access token",
            cause=Cause.CREDENTIALS_INVALID,
            remedy="Let the account's root user make a new one (Integrations > API Tokens in"
            " ShipBob's dashboard), put it into the connection's file and apply it.",
        )


class ConsentAccess:
    """OAuth tokens that a consent gave and that are renewed (section 3.2).

    Args:
        transport: sends renewals.
        tokens: keeps the pairs and lets one process at a time renew.
        application: our OAuth application.
        api_url: where the tokens will be used.
        first_refresh: the refresh token that the connection was configured with, used as
            long as none is stored.
    """

    def __init__(
        self,
        transport: Sends,
        tokens: Keeps,
        application: Application,
        *,
        api_url: str,
        first_refresh: Secret | None = None,
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._application = application
        self._api_url = api_url
        self._first_refresh = first_refresh

    async def bearer(self) -> Bearer:
        """Return a valid access token.

        Raises:
            NeedsHuman: consent must be given (again).
            Retryable: it could not be renewed this time.
        """
        connection = self._application.connection
        return self._as_bearer(await self._tokens.valid(connection, "shipbob", self._renew))

    async def renewed(self, refused: Bearer) -> Bearer:
        """Return another access token than the refused one.

        Raises:
            NeedsHuman, Retryable: as for ``bearer``.
        """
        if refused.token is None:
            return await self.bearer()
        return self._as_bearer(
            await self._tokens.refused(
                self._application.connection, "shipbob", refused.token, self._renew
            )
        )

    async def _renew(self, current: Token | None) -> NewToken:
        return await oauth.renew(self._transport, self._application, current, self._first_refresh)

    def _as_bearer(self, token: Token) -> Bearer:
        check_issuer(token.access, api_url=self._api_url, auth_url=self._application.auth_url)
        return Bearer(access=token.access, token=token)


class ChosenAccess:
    """The personal access token until consent was given in the browser, OAuth afterwards.

    Args:
        consent: used as soon as a pair of tokens is stored.
        personal: used until then.
        tokens: tells whether a pair is stored.
        connection: name of the connection.
    """

    def __init__(
        self, *, consent: ConsentAccess, personal: PersonalAccess, tokens: Keeps, connection: str
    ) -> None:
        self._consent = consent
        self._personal = personal
        self._tokens = tokens
        self._connection = connection
        self._consented = False
        self._look_at = float("-inf")

    async def bearer(self) -> Bearer:
        """Return the authorisation of a call.

        Raises:
            NeedsHuman, Retryable: as for ``ConsentAccess``. After a consent was lost the personal
                token is not used, because it writes to another channel.
        """
        if not self._consented and time.monotonic() >= self._look_at:
            self._consented = await self._tokens.held(self._connection, "shipbob")
            self._look_at = time.monotonic() + _LOOK_FOR_CONSENT_SECONDS
        return await (self._consent if self._consented else self._personal).bearer()

    async def renewed(self, refused: Bearer) -> Bearer:
        """Return another authorisation after ShipBob refused this one.

        Raises:
            NeedsHuman, Retryable: as for the access that the refused one came from.
        """
        if refused.token is None:
            return await self._personal.renewed(refused)
        return await self._consent.renewed(refused)


@dataclass(frozen=True, kw_only=True)
class ShipBobCredentials:
    """The credentials of a connection for ShipBob: a personal access token, OAuth, or both.

    Attributes:
        token: a personal access token.
        application: the OAuth application, if there is one.
        refresh_token: from a consent that was given elsewhere.
    """

    token: Secret | None = None
    application: Application | None = None
    refresh_token: Secret | None = None

    def access(self, transport: Sends, tokens: Keeps, *, api_url: str, auth_url: str) -> Access:
        """Return the authorisation of calls: OAuth after a consent, else the personal token.

        Raises:
            NeedsHuman: there is neither, or the token belongs to another ShipBob environment.
        """
        personal = (
            PersonalAccess(self.token, api_url=api_url, auth_url=auth_url) if self.token else None
        )
        if self.application is not None:
            consent = ConsentAccess(
                transport,
                tokens,
                self.application,
                api_url=api_url,
                first_refresh=self.refresh_token,
            )
            if personal is None or self.refresh_token is not None:
                return consent
            return ChosenAccess(
                consent=consent,
                personal=personal,
                tokens=tokens,
                connection=self.application.connection,
            )
        if personal is not None:
            return personal
        raise NeedsHuman(
            "The connection has no credentials for ShipBob",
            cause=Cause.CREDENTIALS_INVALID,
            remedy="Give it a token, or client_id and client_secret, in [shipbob].",
        )

    def by_scope(self, *, api_url: str, auth_url: str) -> dict[str, Access]:
        """Return the authorisation of calls with a certain scope, where it is another one.

        Only personal access tokens are known to get ``billing_read`` (section 1.7). Their calls
        have a rate limit of their own (section 4).

        Raises:
            NeedsHuman: the token belongs to another ShipBob environment.
        """
        if self.token is None or self.application is None:
            return {}
        personal = PersonalAccess(self.token, api_url=api_url, auth_url=auth_url)
        return dict.fromkeys(PERSONAL_SCOPES, personal)
