"""Alarms about what is stored of a connection and can't be read: its secrets, its settings."""

from datetime import datetime
from typing import Final

from ml_connector.app.alarms.sentences import unreadable
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.secrets import webhook_secrets
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection
from ml_connector.words import AlarmKind

_SECRETS: Final = "secrets"
_SETTINGS: Final = "settings"


async def watch_what_is_stored(
    installation: Installation, on: Connection, applied: AppliedConnection, *, now: datetime
) -> None:
    """Try to open every secret of a connection and to read its settings; raise and end alarms.

    Whoever needs one of them stops, often without a word to anybody: a refused webhook, a sweep
    that is left out, a channel that hears of nothing.
    """
    opened = await installation.vault.usable(applied.name, on=on)
    of_webhooks = webhook_secrets(opened).unusable
    refused = [*of_webhooks, *(one for one in opened.unusable.values() if one not in of_webhooks)]
    await _judge(on, applied.name, AlarmKind.CREDENTIALS, _SECRETS, refused, now=now)
    refused_settings: list[NeedsHuman] = []
    try:
        applied.settings(opened.secrets)
    except NeedsHuman as error:
        refused_settings.append(error)
    await _judge(on, applied.name, AlarmKind.STORAGE, _SETTINGS, refused_settings, now=now)


async def _judge(
    on: Connection,
    name: str,
    kind: AlarmKind,
    key: str,
    found: list[NeedsHuman],
    *,
    now: datetime,
) -> None:
    """Raise the alarm while something is wrong, and end it when nothing is."""
    if not found:
        await end_alarms(on, name, kind, [key], now=now)
        return
    sentence, remedy = unreadable(found)
    await raise_alarm(on, name, kind, key, sentence=sentence, remedy=remedy, now=now)
