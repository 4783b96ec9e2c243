"""ShipBob's consent for a connection that is being set up: there, and back to the set-up.

What must be known until the browser comes back is sealed with the draft; its state names it.
Only that state, which is good once and for ten minutes, ties ShipBob's answer to the draft.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import drafts
from ml_connector.app.set_up.draft_tokens import (
    GIVEN,
    PAIR,
    GivenConsent,
    channel_name,
    sealed,
    sealed_consent,
)
from ml_connector.app.sign_in.consent_exchange import HeldConsent, exchange
from ml_connector.app.sign_in.consent_paths import CALLBACK_PATH
from ml_connector.app.sign_in.consent_refusals import ConsentRefused
from ml_connector.app.sign_in.consents import Consented, Consents
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import UserError
from ml_connector.ledger.connections import drafts as kept
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in import oauth
from ml_connector.shipbob.sign_in.id_tokens import claims
from ml_connector.shipbob.sign_in.oauth import SCOPES, Application, Granted

BEGUN: Final = "shipbob.consent"
"""The field of a draft's secrets under which a consent that is under way is sealed."""

_LIVES: Final = timedelta(minutes=10)
_MARK: Final = "."
"""Divides the name of the draft from the rest of a state; no other consent's state has it."""


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    verifier: str
    nonce: str
    redirect_uri: str
    back: str
    person: str
    until: datetime

    def __repr__(self) -> str:
        return "_Begun(***)"


def needed_for_draft_consent(field: str) -> bool:
    """Whether a secret of a draft is one that a consent needs."""
    return field in {drafts.CLIENT_SECRET, BEGUN}


async def begin(
    installation: Installation, name: str, *, base: str | None, back: str, person: str
) -> str:
    """Begin a consent; return the address at ShipBob that the browser goes to.

    Args:
        installation: where.
        name: of the draft.
        base: this service's own address, where the browser is surely on this machine.
        back: where the browser goes on afterwards.
        person: who begins it.

    Raises:
        UserError: there is no such draft, or it has no application; or no address is known that
            ShipBob could send the browser back to.
        NeedsHuman: its secrets can't be opened.
    """
    public = installation.settings.public_url or base
    if not public:
        raise UserError(
            "ShipBob needs an address to send the browser back to",
            where="MLC_PUBLIC_URL",
            next_step="Set MLC_PUBLIC_URL to the address of this service, such as"
            " https://connector.example.com, and start it again; or use a token.",
        )
    redirect_uri = f"{public.rstrip('/')}{CALLBACK_PATH}"
    state = f"{name}{_MARK}{secrets.token_urlsafe(32)}"
    nonce, pair = secrets.token_urlsafe(16), oauth.new_pkce()
    begun = _Begun(
        state=state,
        verifier=pair.verifier.reveal(),
        nonce=nonce,
        redirect_uri=redirect_uri,
        back=back,
        person=person,
        until=datetime.now(UTC) + _LIVES,
    )
    async with installation.database.transaction() as on:
        settings = drafts.settings(await drafts.found(on, name), {})
        secret = await installation.drafts.get(name, drafts.CLIENT_SECRET, on=on)
        application = _application(settings, secret, redirect_uri)
        text = Secret(msgspec.json.encode(begun).decode())
        await installation.drafts.put(name, BEGUN, text, on=on)
    return oauth.authorization_url(
        application,
        state=state,
        nonce=nonce,
        challenge=pair.challenge,
        scopes=SCOPES,
        integration_name=channel_name(name),
    )


class EndedConsent(NamedTuple):
    """A consent that was given for a draft, and who began it."""

    consented: Consented
    person: str


async def finish(installation: Installation, *, state: str, code: str, error: str) -> EndedConsent:
    """Exchange ShipBob's code for tokens, and seal them with the draft.

    Raises:
        ConsentRefused: the state is unknown, used or too old; consent was denied; ShipBob
            refused the code. ``back`` says where the browser goes on.
    """
    name = state.partition(_MARK)[0]
    begun, secret = await _take(installation, name, state)
    try:
        granted = await _exchanged(installation, name, begun, secret, code=code, error=error)
    except ConsentRefused as refused:
        refused.back = begun.back
        raise
    now = datetime.now(UTC)
    pair = sealed(granted.token, now=now)
    given = GivenConsent(
        person=begun.person,
        scopes=granted.scopes or SCOPES,
        account=claims(granted.id_token).sub,
        given_at=now,
    )
    async with installation.database.transaction() as on:
        await installation.drafts.put(name, GIVEN, sealed_consent(given), on=on)
        await drafts.keep_secret(installation, on, name, PAIR, pair, person=begun.person)
    missing = set(SCOPES) - set(granted.scopes) - {"offline_access"}
    consented = Consented(
        connection=name,
        channel="",
        channel_clear=True,
        missing=sorted(missing) if granted.scopes else (),
        woken=0,
        back=begun.back,
    )
    return EndedConsent(consented, begun.person)


async def _exchanged(
    installation: Installation,
    name: str,
    begun: _Begun,
    secret: Secret | None,
    *,
    code: str,
    error: str,
) -> Granted:
    async with installation.database.transaction() as on:
        settings = drafts.settings(await drafts.found(on, name), {})
    return await exchange(
        installation.transport,
        _application(settings, secret, begun.redirect_uri),
        HeldConsent(verifier=begun.verifier, nonce=begun.nonce),
        api_url=settings.shipbob.api_url,
        code=code,
        error=error,
    )


async def _take(installation: Installation, name: str, state: str) -> tuple[_Begun, Secret | None]:
    """Return what was begun with this state, only once, and the application's secret."""
    async with installation.database.transaction() as on:
        await kept.lock(on, name)
        found = await installation.drafts.get(name, BEGUN, on=on)
        begun = None if found is None else msgspec.json.decode(found.reveal(), type=_Begun)
        fits = begun is not None and secrets.compare_digest(begun.state, state)
        if begun is not None and fits:
            await installation.drafts.delete(name, BEGUN, on=on)
        secret = await installation.drafts.get(name, drafts.CLIENT_SECRET, on=on)
    if begun is None or not fits or begun.until < datetime.now(UTC):
        raise ConsentRefused(
            "This consent was not begun here, was finished already, or took more than ten minutes",
            next_step="Begin it again in the set-up.",
        )
    return begun, secret


def _application(
    settings: ConnectionSettings, secret: Secret | None, redirect_uri: str
) -> Application:
    section = settings.shipbob
    if not section.client_id or secret is None:
        raise UserError(
            "The OAuth application's client id and secret are needed first",
            where="client_id",
            next_step="Register an application with ShipBob, and type both here.",
        )
    return Application(
        connection=settings.name,
        auth_url=section.auth_url,
        client_id=section.client_id,
        client_secret=secret,
        redirect_uri=redirect_uri,
    )


class EveryConsent:
    """Begins and ends consents of connections, and ends those of drafts.

    Args:
        installation: where.
        given: is told of which draft a consent was given, and who began it.
    """

    def __init__(
        self, installation: Installation, given: Callable[[str, str], Awaitable[None]]
    ) -> None:
        self._installation = installation
        self._given = given
        self._of_connections = Consents(installation)

    async def begin(self, name: str, *, ticket: str, local_base: str | None) -> str:
        """Begin one of a connection; see ``Consents.begin``."""
        return await self._of_connections.begin(name, ticket=ticket, local_base=local_base)

    async def finish(self, *, state: str, code: str, error: str) -> Consented:
        """Store what a consent gave.

        Raises:
            ConsentRefused: the state is unknown, used or too old; consent was denied; ShipBob
                refused the code.
            UserError: the draft is not there any more.
            NeedsHuman: secrets can't be opened.
        """
        if _MARK in state:
            ended = await finish(self._installation, state=state, code=code, error=error)
            await self._given(ended.consented.connection, ended.person)
            return ended.consented
        return await self._of_connections.finish(state=state, code=code, error=error)
