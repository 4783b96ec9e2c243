"""Keeping webhook subscriptions as they should be: one of each group of topics, enabled.

Source: ShipBob reference, sections 7.1 and 7.5. ShipBob disables an endpoint that failed for
five days and enables nothing again; the secret is shown once, when a subscription is made.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from ml_connector.app.connections.apply import webhook_url
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.group_outcomes import SubscriptionChanges
from ml_connector.app.webhooks.subscribe import Subscriptions
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.ledger.connections import subscriptions
from ml_connector.shipbob.client import ShipBob
from ml_connector.transport.guard.guard import is_literal_loopback

SET_PUBLIC_URL: Final = (
    "Set MLC_PUBLIC_URL to the https address under which ShipBob can reach this service, such"
    " as https://connector.example.com, for the service too; then run: ml-connector sync webhooks."
)


def subscribable_url(settings: Settings, connection: ConnectionSettings) -> str:
    """Return the address to subscribe, which ShipBob must be able to reach.

    Raises:
        UserError: no public address is set, or it is not https, which ShipBob demands (section
            7.1). Http is accepted when service and simulator are both on this machine.
    """
    if not settings.public_url:
        raise UserError(
            "ShipBob can't be told where to send webhooks: the public address is not set",
            where="MLC_PUBLIC_URL",
            next_step=SET_PUBLIC_URL,
        )
    url = webhook_url(settings, connection.name)
    parts = urlsplit(url)
    simulated = is_literal_loopback(urlsplit(connection.shipbob.api_url).hostname or "")
    local = is_literal_loopback(parts.hostname or "")
    if parts.hostname and (parts.scheme == "https" or (local and simulated)):
        return url
    raise UserError(
        f"ShipBob sends webhooks to https addresses only, not to {settings.public_url}",
        where="MLC_PUBLIC_URL",
        next_step=SET_PUBLIC_URL,
    )


async def sync_webhooks(
    installation: Installation,
    client: ShipBob,
    settings: ConnectionSettings,
    *,
    others: Sequence[ShipBob] = (),
    rotate: bool = False,
    ask_again: bool = True,
    dry_run: bool = False,
) -> SubscriptionChanges:
    """Bring the subscriptions of a connection to what they should be. Repeating is harmless.

    A new one is made, and its secret stored, before an old one is removed. When ShipBob refuses
    a group of topics, the other groups are not affected.

    Args:
        installation: where.
        client: makes the subscriptions.
        settings: of the connection.
        others: clients with other credentials of the same account. Subscriptions of our address
            that were made with them are removed: otherwise everything would come twice.
        rotate: make all anew, with new secrets.
        ask_again: ask for topics that ShipBob refused before, too.
        dry_run: write nothing to ShipBob; return what would be done.

    Raises:
        UserError: there is no public address.
        ConnectorError: ShipBob can't be asked, or does not permit it.
    """
    url = subscribable_url(installation.settings, settings)
    async with installation.database.transaction() as on:
        await subscriptions.lock(on, settings.name)
        compared = Subscriptions(installation, client, settings, url=url, dry_run=dry_run)
        changes = await compared.reconcile(others, rotate=rotate, ask_again=ask_again)
        if not dry_run:
            now = datetime.now(UTC)
            await subscriptions.note_look(on, settings.name, _as_json(changes), now=now)
        return changes


def _as_json(changes: SubscriptionChanges) -> dict[str, Any]:
    return {
        one.group: {
            "state": "refused" if one.state == "refused" else "enabled",
            "id": one.id,
            "topics": list(one.topics),
            "left_out": list(one.left_out),
            "sentence": one.sentence,
        }
        for one in changes.groups
    }
