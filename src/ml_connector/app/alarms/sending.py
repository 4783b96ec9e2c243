"""Telling people of alarms: one message per group and channel, sent again until it is taken."""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from ml_connector.app.alarms.channels import AlarmChannel, is_channel, send
from ml_connector.app.alarms.sentences import message_of
from ml_connector.app.installation.installation import Installation
from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.alarms import outbox
from ml_connector.ledger.alarms.alarms import due, told
from ml_connector.ledger.alarms.outbox import Message
from ml_connector.ledger.connections import connections
from ml_connector.ledger.journal import chain

TELL_EVERY_SECONDS: Final = 15.0

_LEASE: Final = timedelta(minutes=2)
_log = structlog.get_logger("alarms")


async def tell(installation: Installation, *, now: datetime | None = None) -> None:
    """Write a message for each group of alarms that is due, and send the unsent messages."""
    moment = now or datetime.now(UTC)
    await _write(installation, moment)
    async with installation.database.transaction() as on:
        taken = await outbox.take(on, now=moment, lease=_LEASE)
    for message in taken:
        await _send(installation, message, moment)


async def _write(installation: Installation, now: datetime) -> None:
    async with installation.database.transaction() as on:
        channels = {
            one.name: sorted(
                field
                for field in await installation.vault.fields(one.name, on=on)
                if is_channel(field)
            )
            for one in await connections.every(on)
        }
        heads = await chain.head(on)
        for group in await due(on, now=now):
            # Without a channel an alarm stays due, so that a channel added later gets it.
            if fields := channels.get(group.connection):
                title, body = message_of(group, heads.get(group.connection))
                await outbox.add(
                    on,
                    group.connection,
                    fields,
                    kind=group.kind,
                    title=title,
                    body=body,
                    now=now,
                )
                await told(on, group, now=now)


async def _send(installation: Installation, message: Message, now: datetime) -> None:
    error = await _try(installation, message)
    async with installation.database.transaction() as on:
        if error:
            await outbox.failed(on, message, error, now=now)
        else:
            await outbox.sent(on, message, now=now)
    if error:
        _log.warning(
            "alarm_not_sent",
            connection=message.connection,
            channel=message.channel,
            kind=message.kind,
            reason=error,
        )


async def _try(installation: Installation, message: Message) -> str:
    try:
        url = await installation.vault.get(message.connection, message.channel)
        if url is None:
            return "the channel was taken out of the connection"
        channel = AlarmChannel(field=message.channel, url=url)
        return await send(channel, title=message.title, body=message.body)
    except (UserError, ConnectorError) as error:
        return str(error)
