"""What becomes of stored tokens when a connection is applied with other credentials."""

import hmac
from collections.abc import Collection
from typing import Final

import structlog

from ml_connector.app.alarms.channels import URL_FIELD
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections import connections, consents
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection
from ml_connector.words import System

_REFRESH_TOKEN: Final = "shipbob.refresh_token"  # noqa: S105 - the name of a field
_WEBHOOK_SECRET: Final = "shipbob.webhook_secrets."  # noqa: S105 - the name of a field

_log = structlog.get_logger("apply")

_SYSTEMS: Final[tuple[System, ...]] = ("netsuite", "shipbob")
_TOKENS_OF: Final[dict[System, set[str]]] = {
    "netsuite": {"netsuite.private_key"},
    "shipbob": {_REFRESH_TOKEN},
}
"""The secrets that a stored token belongs to: when one changes, the token is worthless.

A consent outlives a new client_secret of the same application."""

_SIGNS_IN: Final[dict[System, set[str]]] = {
    "netsuite": {"netsuite.private_key"},
    "shipbob": {"shipbob.token", "shipbob.client_secret", _REFRESH_TOKEN},
}
"""The secrets that a sign-in needs: when one changes, a refused sign-in may be tried again."""


async def settle_tokens(
    installation: Installation,
    on: Connection,
    *,
    before: AppliedConnection | None,
    after: AppliedConnection,
    settings: ConnectionSettings,
    renewed: Collection[str],
) -> None:
    """Drop tokens of replaced credentials; let new credentials try to sign in.

    A system whose sign-in did not change keeps its token, and its refusal if it was refused.

    Args:
        installation: where.
        on: the transaction that stores the connection.
        before: the connection as it was; None: it is new.
        after: as it is now.
        settings: what the file says.
        renewed: the fields of the secrets that are new, changed or gone.
    """
    for system in _SYSTEMS:
        if not _TOKENS_OF[system].isdisjoint(renewed) or (
            system == "shipbob" and _is_another_application(before, after)
        ):
            await installation.tokens.forget(after.name, system, on=on)
        elif _concerns(system, before, after) or not _SIGNS_IN[system].isdisjoint(renewed):
            await installation.tokens.clear_problem(after.name, system, on=on)
    if settings.shipbob.refresh_token is not None:
        await consents.note_configured(on, after.name, settings.shipbob.refresh_token.reveal())


def is_another_sign_in(
    before: AppliedConnection | None, after: AppliedConnection, renewed: Collection[str]
) -> bool:
    """Whether ShipBob may know the connection as another merchant now."""
    return _concerns("shipbob", before, after) or not _SIGNS_IN["shipbob"].isdisjoint(renewed)


async def without_spent(
    installation: Installation, settings: ConnectionSettings
) -> tuple[ConnectionSettings, bool]:
    """Leave out a refresh token of the file that was configured before the stored one.

    A refresh token can be used once. Using a spent one may end the consent that replaced it.

    Returns:
        the settings, and whether something was left out.
    """
    given = settings.shipbob.refresh_token
    if given is None:
        return settings, False
    async with installation.database.transaction() as on:
        if await connections.find(on, settings.name) is None:
            return settings, False
        if not await consents.was_configured(on, settings.name, given.reveal()):
            return settings, False
        stored = await _stored_refresh_token(installation, settings.name, on)
    if stored == given:
        return settings, False
    section = settings.shipbob.model_copy(update={"refresh_token": stored})
    return settings.model_copy(update={"shipbob": section}), True


async def _stored_refresh_token(
    installation: Installation, name: str, on: Connection
) -> Secret | None:
    if _REFRESH_TOKEN not in await installation.vault.fields(name, on=on):
        return None
    return await installation.vault.get(name, _REFRESH_TOKEN, on=on)


async def keep_secrets(
    installation: Installation, on: Connection, settings: ConnectionSettings
) -> set[str]:
    """Store the secrets of the file; return the fields that are new, changed or gone."""
    vault = installation.vault
    stored = await stored_secrets(installation, settings.name, on)
    given = settings.secrets()
    changed: set[str] = set()
    for field, secret in given.items():
        if field not in stored or not same_secret(stored[field], secret):
            await vault.put(settings.name, field, secret, on=on)
            changed.add(field)
    for field in await vault.fields(settings.name, on=on) - given.keys():
        replaced = (
            bool(settings.shipbob.webhook_secrets) and field.startswith(_WEBHOOK_SECRET)
        ) or ("urls" in settings.alarms.model_fields_set and field.startswith(URL_FIELD))
        if replaced or field not in stored:
            await vault.delete(settings.name, field, on=on)
            changed.add(field)
    return changed


async def stored_secrets(
    installation: Installation, name: str, on: Connection
) -> dict[str, Secret]:
    """Return the stored secrets that can be opened; the others are lost."""
    opened: dict[str, Secret] = {}
    for field in await installation.vault.fields(name, on=on):
        try:
            secret = await installation.vault.get(name, field, on=on)
        except ConnectorError as error:
            _log.warning("secret_dropped", connection=name, field=field, reason=str(error))
        else:
            if secret is not None:
                opened[field] = secret
    return opened


def same_secret(one: Secret, other: Secret) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.reveal().encode(), other.reveal().encode())


def _is_another_application(before: AppliedConnection | None, after: AppliedConnection) -> bool:
    """Whether a stored consent belongs to an application that is not used any more."""
    if before is None:
        return False
    old, new = before.section("shipbob"), after.section("shipbob")
    return any(old.get(key) != new.get(key) for key in ("client_id", "auth_url"))


def _concerns(system: System, before: AppliedConnection | None, after: AppliedConnection) -> bool:
    """Whether the settings of a system have changed, or the connection is new."""
    return before is None or before.stored.get(system) != after.stored.get(system)
