"""The clients of both systems with a connection's credentials, each under its limits."""

from typing import Final

from ml_connector.app.installation.installation import Installation
from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import consents
from ml_connector.netsuite.account import Account, account_key
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.sign_in.oauth import NetSuiteCredentials, SignIn
from ml_connector.netsuite.sign_in.signing import load_key
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.session import Door
from ml_connector.shipbob.sign_in.access import Access, ShipBobCredentials
from ml_connector.shipbob.sign_in.oauth import Application
from ml_connector.vault.token_keeper import TokenKeeper
from ml_connector.words import Cause

_PERSONAL_PER_MINUTE: Final = 25
"""Calls a minute with the personal access token. Together with the connection's own limit they
stay below ShipBob's 150 (shipbob.md section 4)."""


def netsuite_client(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> tuple[NetSuite, SignIn]:
    """Return a NetSuite client of a connection, under its limit, and its sign-in.

    Raises:
        NeedsHuman: there is no private key, or it can't be used.
    """
    section = settings.netsuite
    if section.private_key is None:
        raise NeedsHuman(
            f'Connection "{settings.name}" has no private key for NetSuite',
            cause=Cause.CREDENTIALS_INVALID,
            remedy="Set private_key under [netsuite] and apply the connection again.",
            waiting_for=[AwaitedKind.CREDENTIALS.named("netsuite")],
        )
    account = Account.of(
        section.account_id, base_url=section.base_url, restlets_url=section.restlets_url
    )
    # One key however it is spelled: all connections to the account share its limit.
    limit_key = f"netsuite:{account_key(account.account_id)}"
    installation.limits.configure(limit_key, in_flight=settings.limits.netsuite_concurrency)
    auth = SignIn(
        transport=installation.transport,
        tokens=tokens,
        connection=settings.name,
        account=account,
        credentials=NetSuiteCredentials(
            client_id=section.client_id,
            certificate_id=section.certificate_id,
            key=load_key(section.private_key),
        ),
    )
    client = NetSuite(
        installation.transport,
        connection=settings.name,
        account=account,
        auth=auth,
        limit_key=limit_key,
    )
    return client, auth


def shipbob_client(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> tuple[ShipBob, Access]:
    """Return a ShipBob client of a connection, under its limit, and its access.

    Raises:
        NeedsHuman: there are no credentials, or they are of another ShipBob environment.
    """
    section = settings.shipbob
    limit_key, personal_key = _limit_shipbob(installation, settings)
    credentials = _shipbob_credentials(settings)
    access = credentials.access(
        installation.transport, tokens, api_url=section.api_url, auth_url=section.auth_url
    )
    doors = credentials.by_scope(api_url=section.api_url, auth_url=section.auth_url)

    async def granted_channel() -> int | None:
        async with installation.database.transaction() as on:
            grant = await consents.granted(on, settings.name)
        return grant["channel_id"] if grant else None

    client = ShipBob(
        installation.transport,
        connection=settings.name,
        api_url=section.api_url,
        version=section.version,
        channel_id=section.channel_id,
        granted_channel=granted_channel,
        auth=access,
        limit_key=limit_key,
        by_scope={scope: Door(auth=auth, limit_key=personal_key) for scope, auth in doors.items()},
    )
    return client, access


def _shipbob_credentials(settings: ConnectionSettings) -> ShipBobCredentials:
    section = settings.shipbob
    application = None
    if section.client_id is not None and section.client_secret is not None:
        application = Application(
            connection=settings.name,
            auth_url=section.auth_url,
            client_id=section.client_id,
            client_secret=section.client_secret,
        )
    return ShipBobCredentials(
        token=section.token, application=application, refresh_token=section.refresh_token
    )


def shipbob_limit(connection_name: str) -> str:
    """Return the key of the limit of a connection's calls to ShipBob."""
    return f"shipbob:{connection_name}"


def _limit_shipbob(installation: Installation, settings: ConnectionSettings) -> tuple[str, str]:
    """Set the limits of a connection's calls to ShipBob; return their keys.

    The second key is for the few calls that only a personal access token may make.
    """
    limit_key = shipbob_limit(settings.name)
    personal_key = f"{limit_key}:personal"
    per_minute = settings.limits.shipbob_per_minute
    installation.limits.configure(limit_key, per_minute=per_minute)
    installation.limits.configure(personal_key, per_minute=min(_PERSONAL_PER_MINUTE, per_minute))
    return limit_key, personal_key


def shipbob_billing_client(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper
) -> ShipBob:
    """Return a ShipBob client that reads billing: by the personal access token if there is one.

    Raises:
        NeedsHuman: there are no credentials, or they are of another ShipBob environment.
    """
    section = settings.shipbob
    if section.token is None:
        return shipbob_client(installation, settings, tokens)[0]
    access = ShipBobCredentials(token=section.token).access(
        installation.transport, tokens, api_url=section.api_url, auth_url=section.auth_url
    )
    return ShipBob(
        installation.transport,
        connection=settings.name,
        api_url=section.api_url,
        version=section.version,
        channel_id=section.channel_id,
        auth=access,
        limit_key=f"shipbob:{settings.name}",
    )


async def other_shipbob_clients(
    installation: Installation, settings: ConnectionSettings
) -> list[ShipBob]:
    """Return clients with those credentials of a connection that are not used for writing.

    Only they see what was made with these credentials before, such as webhook subscriptions.

    Raises:
        NeedsHuman: the personal access token is of another ShipBob environment.
    """
    section = settings.shipbob
    consented = section.client_id is not None and (
        section.refresh_token is not None
        or await installation.tokens.held(settings.name, "shipbob")
    )
    if section.token is None or not consented:
        return []
    alone = section.model_copy(
        update={
            "client_id": None,
            "client_secret": None,
            "refresh_token": None,
            "channel_id": None,
        }
    )
    client, _ = shipbob_client(
        installation, settings.model_copy(update={"shipbob": alone}), installation.tokens
    )
    return [client]
