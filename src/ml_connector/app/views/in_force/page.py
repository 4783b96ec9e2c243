"""The page of settings and limits."""

import msgspec

from ml_connector.app.users.roles import may
from ml_connector.app.views.in_force.meters import Meters, meters
from ml_connector.app.views.in_force.settings import (
    SettingInForce,
    applied_states,
    of_connection,
    of_installation,
    secrets_of,
)
from ml_connector.config.settings import Settings
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.connections.subscriptions import SECRET_FIELD
from ml_connector.storage.database import Connection
from ml_connector.vault.secrets import Vault
from ml_connector.words import Role


class SettingsInForce(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force.

    Attributes:
        connection: its name; None where there is none yet.
        meters: None without a connection, and where its settings can't be read.
        installation: empty for whom may not change connections: it names folders and machines.
    """

    connection: str | None
    meters: Meters | None
    settings: tuple[SettingInForce, ...]
    secrets: tuple[SettingInForce, ...]
    installation: tuple[SettingInForce, ...]


async def settings_in_force(
    on: Connection,
    vault: Vault,
    settings: Settings,
    applied: AppliedConnection | None,
    *,
    role: Role,
) -> SettingsInForce:
    """Return every setting in force with its source, and how much of each limit is in use.

    Args:
        on: for reading.
        vault: no secret of it is opened.
        settings: of the installation.
        applied: the connection; None where there is none yet.
        role: of who looks.
    """
    installation = of_installation(settings) if may(role, "connections") else ()
    if applied is None:
        return SettingsInForce(
            connection=None, meters=None, settings=(), secrets=(), installation=installation
        )
    fields = await vault.fields(applied.name, on=on)
    return SettingsInForce(
        connection=applied.name,
        meters=await meters(on, applied),
        settings=of_connection(applied.stored, await applied_states(on, applied)),
        secrets=secrets_of(
            [one for one in fields if not one.startswith((SECRET_FIELD, "shipbob.consent."))]
        ),
        installation=installation,
    )
