"""Looking after webhooks every few minutes: subscriptions, silence, refused deliveries, clocks.

ShipBob disables an endpoint that failed for five days and enables nothing again by itself
(shipbob.md section 7.5).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from ml_connector.app.alarms.sentences import (
    AlarmText,
    subscription_was_disabled,
    subscriptions_not_right,
    subscriptions_refused,
    webhooks_refused,
)
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.clients import other_shipbob_clients
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.group_outcomes import SubscriptionChanges
from ml_connector.app.webhooks.health import (
    clock_trouble,
    health,
    lately,
    silence,
)
from ml_connector.app.webhooks.sync import sync_webhooks
from ml_connector.errors import ConnectorError, NeedsHuman, UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.alarms.alarms import end_alarms, end_told, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection
from ml_connector.words import AlarmKind

LOOK_EVERY_SECONDS: Final = 300.0

_log = structlog.get_logger("webhooks")


async def watch_webhooks(installation: Installation, contexts: ConnectionContexts) -> None:
    """Look after the webhooks of every connection that is neither paused nor held."""
    await for_each_connection(installation, "webhooks", partial(_watch, installation, contexts))


async def _watch(
    installation: Installation, contexts: ConnectionContexts, applied: AppliedConnection
) -> None:
    if installation.settings.public_url and applied.mode == "live":
        await _subscriptions(installation, contexts, applied.name)
    async with installation.database.transaction() as on:
        await _arrivals(on, applied.name)


async def _subscriptions(
    installation: Installation, contexts: ConnectionContexts, name: str
) -> None:
    try:
        context = await contexts.open(name)
        looked = await sync_webhooks(
            installation,
            context.shipbob,
            context.settings,
            others=await other_shipbob_clients(installation, context.settings),
            ask_again=False,
        )
    except NeedsHuman as error:
        await _not_right(installation, name, str(error), error.remedy)
    except UserError as error:
        await _not_right(installation, name, str(error), error.next_step)
    except ConnectorError as error:
        _log.warning("webhooks_not_looked_at", connection=name, reason=str(error))
    else:
        await _tell(installation, name, looked)


async def _tell(installation: Installation, name: str, looked: SubscriptionChanges) -> None:
    async with installation.database.transaction() as on:
        await end_alarms(on, name, AlarmKind.WEBHOOKS, ["subscriptions"])
        for id_ in looked.recreated:
            # It is repaired, but a person should know that it happened and what was not delivered.
            await _raise(on, name, "disabled", subscription_was_disabled(id_))
        if not looked.recreated:
            await _end_when_told(on, name)
        nothing = [one.group for one in looked.groups if one.state == "refused"]
        if not looked.works:
            refused = subscriptions_refused(looked.groups[0].sentence)
            await _raise(on, name, "subscriptions", refused)
        elif nothing:
            _log.info("topics_not_offered", connection=name, groups=nothing)


async def _end_when_told(on: Connection, name: str) -> None:
    """End the alarm about a repaired subscription after a person was told of it."""
    await end_told(on, name, AlarmKind.WEBHOOKS, "disabled")


async def _arrivals(on: Connection, name: str) -> None:
    """Raise and end the alarms about how webhooks arrive."""
    now = datetime.now(UTC)
    found = await health(on, name)
    troubles: dict[str, AlarmText] = {}
    if quiet := await silence(on, name, FLOWS, now=now):
        troubles["silence"] = quiet
    for refusal in found.refusals:
        if lately(refusal, now=now):
            troubles[f"refused:{refusal['reason']}"] = webhooks_refused(refusal["reason"])
    if clock := clock_trouble(found.clock_offset_seconds):
        troubles["clock"] = clock
    for key, text in troubles.items():
        await _raise(on, name, key, text)
    await _end_others(on, name, list(troubles))


async def _end_others(on: Connection, name: str, going_on: Sequence[str]) -> None:
    await end_alarms(on, name, AlarmKind.WEBHOOKS, but=["subscriptions", "disabled", *going_on])


async def _not_right(installation: Installation, name: str, sentence: str, remedy: str) -> None:
    _log.warning("webhooks_not_right", connection=name, reason=sentence, remedy=remedy)
    async with installation.database.transaction() as on:
        await _raise(on, name, "subscriptions", subscriptions_not_right(sentence, remedy))


async def _raise(on: Connection, name: str, key: str, text: AlarmText) -> None:
    await raise_alarm(
        on, name, AlarmKind.WEBHOOKS, key, sentence=text.sentence, remedy=text.remedy
    )
