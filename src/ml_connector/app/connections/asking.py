"""Asking both systems before a connection is saved: one call that proves they can be used."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from ml_connector.app.connections.checks import Check, outcome_of
from ml_connector.app.connections.ids import id_checks, unlisted_centers
from ml_connector.app.installation.clients import netsuite_client, shipbob_client
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsHuman, UserError
from ml_connector.netsuite.queries import setup
from ml_connector.shipbob.payloads import Channel
from ml_connector.vault.token_keeper import TokenKeeper
from ml_connector.vault.tokens import NewToken, Renew, Token
from ml_connector.words import Cause, System

_FEW: Final = 5


class PassingTokens:
    """Tokens for settings that are not stored yet, kept in memory only.

    Args:
        shipbob: the keeper of ShipBob's stored tokens, when the file brings no new refresh token.
            The one in the file may be spent long ago, and using it again would end the consent.

    Attributes:
        renewed: the tokens that were obtained, by system. A pair of ShipBob's has replaced the
            refresh token of the file, and must be stored.
    """

    def __init__(self, *, shipbob: TokenKeeper | None = None) -> None:
        self.renewed: dict[System, NewToken] = {}
        self._shipbob = shipbob
        self._tokens: dict[System, Token] = {}

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        """Return the token of a system, asking for one the first time."""
        if system == "shipbob" and self._shipbob is not None:
            return await self._shipbob.valid(connection, system, renew)
        if system not in self._tokens:
            self._tokens[system] = await self._renew(system, renew)
        return self._tokens[system]

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        """Return another token than the one that was refused."""
        if system == "shipbob" and self._shipbob is not None:
            return await self._shipbob.refused(connection, system, token, renew)
        self._tokens[system] = await self._renew(system, renew)
        return self._tokens[system]

    async def held(self, connection: str, system: System) -> bool:
        """Whether a token is stored, which only a stored connection can have."""
        return (
            system == "shipbob"
            and self._shipbob is not None
            and await self._shipbob.held(connection, system)
        )

    async def _renew(self, system: System, renew: Renew) -> Token:
        new = await renew(self._tokens.get(system))
        self.renewed[system] = new
        now = datetime.now(UTC)
        return Token(
            access=new.access,
            expires_at=now + timedelta(seconds=new.expires_in_seconds),
            refresh=new.refresh,
            previous_refresh=None,
            version=0,
            obtained_at=now,
        )


class Answers(NamedTuple):
    """What both systems said.

    Attributes:
        channels: all that ShipBob lists; None where it was not asked, or did not say.
    """

    checks: Sequence[Check] = ()
    channels: Sequence[int] | None = None


async def ask_both(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> Answers:
    """Check settings: a token of each system, one call with it, and every id that they name.

    Harmless to both. ShipBob is not asked while something is wrong with NetSuite: a refresh
    token is good only once.
    """
    found = await _ask_netsuite(installation, settings, tokens)
    if all(one.outcome == "ok" for one in found if one.needed):
        answered = await _ask_shipbob(installation, settings, tokens)
        return Answers([*found, *answered.checks], answered.channels)
    found.append(
        Check(
            system="shipbob",
            name="token",
            outcome="failed",
            found="not asked while a check of NetSuite fails",
        )
    )
    return Answers(found)


async def _ask_netsuite(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> list[Check]:
    async def token() -> str:
        _, auth = netsuite_client(installation, settings, tokens)
        await auth.token()
        return f"account {settings.netsuite.account_id}"

    async def query() -> str:
        client, _ = netsuite_client(installation, settings, tokens)
        return f"account time {await setup.account_clock(client.query)}"

    found = await _in_turn("netsuite", [("token", token), ("SuiteQL", query)])
    if any(one.outcome != "ok" for one in found):
        return found
    client, _ = netsuite_client(installation, settings, tokens)
    return found + await id_checks(client, settings)


async def _ask_shipbob(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> Answers:
    listed: list[Channel] = []
    strange: list[Check] = []

    async def token() -> str:
        _, auth = shipbob_client(installation, settings, tokens)
        bearer = await auth.bearer()
        return "personal access token" if bearer.token is None else "consent, renewed by itself"

    async def channel() -> str:
        client, _ = shipbob_client(installation, settings, tokens)
        listed.extend(await client.channels())
        wanted = await client.channel_id()
        if all(one.id != wanted for one in listed):
            there = ", ".join(f"{one.id} ({one.name})" for one in listed[:_FEW]) or "none"
            raise NeedsHuman(
                f"there is no channel {wanted}",
                cause=Cause.RECORD_NOT_FOUND,
                remedy=f"Correct channel_id under [shipbob]: ShipBob lists {there}.",
            )
        return f"writes to channel {wanted}"

    async def centers() -> str:
        client, _ = shipbob_client(installation, settings, tokens)
        known = await client.centers.listed()
        strange.extend(unlisted_centers(settings, [str(one.id) for one in known]))
        return ", ".join(f"{one.id} {one.name}" for one in known[:_FEW]) or "none"

    found = await _in_turn(
        "shipbob", [("token", token), ("channel", channel), ("fulfillment centers", centers)]
    )
    return Answers([*found, *strange], [one.id for one in listed] or None)


async def _in_turn(
    system: System, asked: Sequence[tuple[str, Callable[[], Awaitable[str]]]]
) -> list[Check]:
    """Ask one after the other; after the first failure nothing more is asked.

    That a held connection's grant is not renewed speaks against nothing.
    """
    found: list[Check] = []
    for name, ask in asked:
        try:
            found.append(Check(system=system, name=name, outcome="ok", found=await ask()))
        except (ConnectorError, UserError) as error:
            remedy = error.remedy if isinstance(error, ConnectorError) else error.next_step
            found.append(
                Check(
                    system=system,
                    name=name,
                    outcome=outcome_of(error),
                    found=str(error),
                    remedy=remedy,
                    needed=getattr(error, "cause", None) is not Cause.CONNECTION_HELD,
                )
            )
            break
    return found
