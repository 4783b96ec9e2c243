"""The OAuth application with which a connection asks for consent."""

from typing import Final

from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.consent_refusals import ConsentRefused
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import connections
from ml_connector.shipbob.sign_in.oauth import Application

BEGUN_FIELD: Final = "shipbob.consent."
"""What nobody else may know of a consent under way is kept under this and its id."""

_SIGNS_IN: Final = frozenset({"shipbob.client_secret", "shipbob.token", "shipbob.refresh_token"})


def needed_for_consent(field: str) -> bool:
    """Whether a stored secret is one that a consent needs."""
    return field in _SIGNS_IN or field.startswith(BEGUN_FIELD)


async def settings_of(installation: Installation, name: str) -> ConnectionSettings:
    """Return the settings of a connection, with the secrets that sign in to ShipBob.

    Raises:
        ConsentRefused: there is no such connection, or what is stored of it can't be read.
    """
    async with installation.database.transaction() as on:
        applied = await connections.find(on, name)
        if applied is None:
            raise ConsentRefused(
                "There is no such connection",
                next_step="Check the name in the address: ml-connector connection list.",
            )
        try:
            return applied.settings(
                await installation.vault.some(name, _SIGNS_IN.__contains__, on=on)
            )
        except NeedsHuman as error:
            raise ConsentRefused(str(error), next_step=error.remedy) from error


async def application_of(
    installation: Installation, name: str, *, redirect_uri: str
) -> Application:
    """Return the application of a connection.

    Args:
        installation: where.
        name: of the connection.
        redirect_uri: where ShipBob sends the browser back to.

    Raises:
        ConsentRefused: the connection has none, or there is no such connection.
    """
    section = (await settings_of(installation, name)).shipbob
    if section.client_id is None or section.client_secret is None:
        raise ConsentRefused(
            f'Connection "{name}" has no OAuth application',
            where="client_id and client_secret in [shipbob]",
            next_step="Register an application with ShipBob, put client_id and client_secret"
            " into the connection's file, and apply it.",
        )
    return Application(
        connection=name,
        auth_url=section.auth_url,
        client_id=section.client_id,
        client_secret=section.client_secret,
        redirect_uri=redirect_uri,
    )
