"""ShipBob's consent in the browser: links, the way to ShipBob, the way back.

Source: ShipBob reference, section 3.2. ADR 0010 decides who may begin one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.consent_application import (
    BEGUN_FIELD,
    application_of,
    settings_of,
)
from ml_connector.app.sign_in.consent_channel import written_channel
from ml_connector.app.sign_in.consent_exchange import HeldConsent, exchange
from ml_connector.app.sign_in.consent_paths import CALLBACK_PATH, START_PATH
from ml_connector.app.sign_in.consent_refusals import (
    ConsentRefused,
    TooManyConsents,
    plain_word,
)
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.errors import UserError
from ml_connector.flows import WAKINGS
from ml_connector.ledger.alarms.alarms import end_alarms
from ml_connector.ledger.connections import acts, connections, consents
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.connections.consents import Begun
from ml_connector.ledger.inbox import waits
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in import oauth
from ml_connector.shipbob.sign_in.id_tokens import claims
from ml_connector.shipbob.sign_in.oauth import SCOPES, Granted
from ml_connector.storage.database import Connection
from ml_connector.transport.guard.guard import is_literal_loopback
from ml_connector.transport.http.holds import Reach
from ml_connector.words import AlarmKind

"""A person needs a moment to sign in to ShipBob; its code then lives two minutes."""

MOST_UNDER_WAY: Final = 10
"""So many consents of one connection may be begun and not over: each is a row and a secret."""

_THIS_MACHINE: Final = "a browser on this machine"

_log = structlog.get_logger("consent")


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A one-time link.

    Attributes:
        redirect_uri: must be registered for the application at ShipBob, exactly.
    """

    url: str
    redirect_uri: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Consented:
    """A consent that was given and stored.

    Attributes:
        channel: the channel that it writes to, or why that is not clear.
        channel_clear: whether the channel is clear.
        missing: permissions that were asked for and not granted.
        woken: stopped subjects that run again.
        back: where the browser goes on; empty: nowhere.
    """

    connection: str
    channel: str
    channel_clear: bool
    missing: Sequence[str]
    woken: int
    back: str = ""


class Consents:
    """Begins and ends consents.

    Args:
        installation: where.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._database = installation.database

    async def invite(
        self, applied: AppliedConnection, *, person: str, channel_name: str, billing: bool
    ) -> Invitation:
        """Make a link that can be used for half an hour, until a consent was given with it.

        Args:
            applied: the connection.
            person: who makes it, for the record.
            channel_name: what ShipBob will call the new channel.
            billing: ask for ``billing_read`` too, where the application is registered for it.

        Raises:
            UserError: the connection has no OAuth application, or no address is set.
        """
        await application_of(self._installation, applied.name, redirect_uri="")
        base = self._installation.settings.public_url
        if not base:
            raise UserError(
                "ShipBob needs an address to send the browser back to",
                where="MLC_PUBLIC_URL",
                next_step="Set MLC_PUBLIC_URL to the address of this service, such as"
                " https://connector.example.com, for the service too. For a simulator on this"
                " machine: http://127.0.0.1:8700.",
            )
        ticket = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + consents.LINK_LIVES
        redirect_uri = f"{base.rstrip('/')}{CALLBACK_PATH}"
        async with self._database.transaction() as on:
            await consents.add_link(
                on,
                applied.name,
                person=person,
                ticket=ticket,
                until=until,
                scopes=(*SCOPES, "billing_read") if billing else SCOPES,
                channel_name=channel_name,
                redirect_uri=redirect_uri,
            )
            await acts.record(
                on,
                person,
                "consent.link",
                connection=applied.name,
                details={"billing": billing},
            )
        query = urlencode({"connection": applied.name, "link": ticket})
        return Invitation(
            url=f"{base.rstrip('/')}{START_PATH}?{query}",
            redirect_uri=redirect_uri,
            until=until,
        )

    async def begin(self, name: str, *, ticket: str, local_base: str | None) -> str:
        """Begin a consent; return the address at ShipBob that the browser goes to.

        Args:
            name: of the connection.
            ticket: of the link; empty: begun without one.
            local_base: the service's own address, when the browser is surely on this machine;
                None otherwise.

        Raises:
            ConsentRefused: a link is needed and there is none or it is over, or the connection
                has no OAuth application.
            TooManyConsents: as many as may be are under way.
        """
        now = datetime.now(UTC)
        await self._clean_up(now)
        async with self._database.transaction() as on:
            link = await consents.find_link(on, name, ticket, now=now) if ticket else None
            before = await consents.granted(on, name)
        public = self._installation.settings.public_url
        if link is None and (ticket or local_base is None or not _is_local(public)):
            raise ConsentRefused(
                "This link is not good any more" if ticket else "A link is needed to begin here",
                next_step=f"Run: ml-connector connection consent {plain_word(name)}. It prints a"
                " link that is good for 30 minutes, until consent was given with it.",
            )
        base = (public or local_base or "").rstrip("/")
        redirect_uri = link.redirect_uri if link else f"{base}{CALLBACK_PATH}"
        application = await application_of(self._installation, name, redirect_uri=redirect_uri)
        state, nonce, pair = secrets.token_urlsafe(32), secrets.token_urlsafe(16), oauth.new_pkce()
        scopes = link.scopes if link else SCOPES
        channel_name = link.channel_name if link else f"ml-connector {name}"
        if before is not None:
            # A second consent may make a second channel, which has another name then.
            channel_name = f"{channel_name} {now:%Y-%m-%d %H:%M:%S}"
        async with self._database.transaction() as on:
            await _see_that_there_is_room(on, name, now=now)
            id_ = await consents.begin(
                on,
                name,
                link_id=link.id if link else None,
                person=link.person if link else _THIS_MACHINE,
                state=state,
                until=now + consents.STATE_LIVES,
                scopes=scopes,
                redirect_uri=redirect_uri,
                channel_name=channel_name,
            )
            held = HeldConsent(verifier=pair.verifier.reveal(), nonce=nonce)
            await self._installation.vault.put(
                name, f"{BEGUN_FIELD}{id_}", Secret(msgspec.json.encode(held).decode()), on=on
            )
        return oauth.authorization_url(
            application,
            state=state,
            nonce=nonce,
            challenge=pair.challenge,
            scopes=scopes,
            integration_name=channel_name,
        )

    async def finish(self, *, state: str, code: str, error: str) -> Consented:
        """Exchange ShipBob's code for tokens, store them, and let waiting subjects run again.

        Args:
            state: the one that the consent was begun with.
            code: the one that ShipBob gave; empty when there is none.
            error: OAuth's error code; empty when nothing went wrong.

        Raises:
            ConsentRefused: the state is unknown, used or too old; consent was denied; ShipBob
                refused the code.
        """
        begun, held = await self._take(state)
        try:
            granted = await self._exchange(begun, held, code=code, error=error)
        except ConsentRefused as refused:
            async with self._database.transaction() as on:
                await consents.over(on, begun, str(refused))
            _log.warning("consent_refused", connection=begun.connection, reason=str(refused))
            raise
        await self._installation.tokens.put(begun.connection, "shipbob", granted.token)
        return await self._granted(begun, granted)

    async def _take(self, state: str) -> tuple[Begun, HeldConsent]:
        """Return the consent that was begun with this state, and its secrets; only once."""
        async with self._database.transaction() as on:
            begun = await consents.take(on, state, now=datetime.now(UTC)) if state else None
            if begun is not None:
                field = f"{BEGUN_FIELD}{begun.id}"
                kept = await self._installation.vault.get(begun.connection, field, on=on)
                await self._installation.vault.delete(begun.connection, field, on=on)
        if begun is None:
            raise ConsentRefused(
                "This consent was not begun here, was finished already, or took more than"
                " ten minutes",
                next_step="Open the link again. If it is not good any more:"
                " ml-connector connection consent prints another.",
            )
        if kept is None:
            raise ConsentRefused(
                "The beginning of this consent is lost", next_step="Open the link again."
            )
        return begun, msgspec.json.decode(kept.reveal(), type=HeldConsent)

    async def _exchange(
        self, begun: Begun, held: HeldConsent, *, code: str, error: str
    ) -> Granted:
        settings = await settings_of(self._installation, begun.connection)
        application = await application_of(
            self._installation, begun.connection, redirect_uri=begun.redirect_uri
        )
        return await exchange(
            # A held connection too: a person gives it, and it renews no other one.
            self._installation.reaching(Reach.READS_AND_SIGN_IN).transport,
            application,
            held,
            api_url=settings.shipbob.api_url,
            code=code,
            error=error,
        )

    async def _granted(self, begun: Begun, granted: Granted) -> Consented:
        name, now = begun.connection, datetime.now(UTC)
        async with self._database.transaction() as on:
            await consents.grant(
                on,
                begun,
                scopes=granted.scopes or begun.scopes,
                account=claims(granted.id_token).sub,
                now=now,
            )
            await consents.over(on, begun, "given")
            await connections.note_change(on, name)
            await end_alarms(on, name, AlarmKind.CREDENTIALS, ["shipbob"])
            await end_alarms(on, name, AlarmKind.CONSENT)
            woken = await wake_what_waited(self._installation, on, name, because="consent given")
            await acts.record(
                on,
                begun.person,
                "consent.given",
                connection=name,
                details={"scopes": granted.scopes},
            )
        _log.info("consent_given", connection=name, woken=woken)
        channel, clear = await written_channel(
            self._installation, name, channel_name=begun.channel_name
        )
        missing = set(begun.scopes) - set(granted.scopes) - {"offline_access"}
        return Consented(
            connection=name,
            channel=channel,
            channel_clear=clear,
            missing=sorted(missing) if granted.scopes else (),
            woken=woken,
        )

    async def _clean_up(self, now: datetime) -> None:
        """Delete the secrets of consents that nobody finished."""
        async with self._database.transaction() as on:
            for row in await consents.left_over(on, now=now):
                await self._installation.vault.delete(
                    row["connection"], f"{BEGUN_FIELD}{row['id']}", on=on
                )


async def _see_that_there_is_room(on: Connection, name: str, *, now: datetime) -> None:
    """See that one more consent may be begun.

    Raises:
        TooManyConsents: as many as may be are under way.
    """
    if await consents.count_under_way(on, name, now=now) >= MOST_UNDER_WAY:
        raise TooManyConsents(
            f"{MOST_UNDER_WAY} consents of this connection are under way",
            next_step="Finish one of them in the browser, or begin again in ten minutes.",
        )


async def wake_what_waited(
    installation: Installation, on: Connection, name: str, *, because: str
) -> int:
    """Let the subjects run again that wait for working credentials; return how many."""
    awaited = await waits.waiting(on, name)
    things = {thing for thing in awaited if WAKINGS[thing.kind].by_signing_in}
    woken = await wake(on, installation.lanes, name, things, because=because)
    return len(woken)


def _is_local(public_url: str | None) -> bool:
    """Whether this service has no public address, or one on this machine."""
    if not public_url:
        return True
    try:
        return is_literal_loopback(urlsplit(public_url).hostname or "")
    except ValueError:
        return False
