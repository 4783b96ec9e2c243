"""Alarms: what a person should hear of, who is told, and trying a channel out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ml_connector.app.alarms.channels import URL_FIELD, is_channel
from ml_connector.errors import UserError
from ml_connector.ledger.alarms import alarms, outbox
from ml_connector.ledger.alarms.alarms import Alarm
from ml_connector.ledger.connections import acts
from ml_connector.storage.database import Connection
from ml_connector.vault.secrets import Vault

TEST: Final = "test"
"""The kind of a message that tries a channel out."""


class ShownAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm; ``ended_at`` is None while its trouble goes on."""

    id: int
    connection: str
    kind: str
    key: str
    sentence: str
    remedy: str
    times: int
    raised_at: datetime
    last_raised_at: datetime
    told_at: datetime | None
    ended_at: datetime | None = None


class ShownChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel: its address is a secret, so it is only numbered.

    Attributes:
        name: as the address of its page and the API have it.
        waiting: messages that it has not taken yet.
        error: why it did not take the newest of them.
    """

    name: str
    last_sent_at: datetime | None
    waiting: int
    error: str | None


class AlarmPage(msgspec.Struct, frozen=True, kw_only=True):
    """The alarms of a connection that go on, those that ended lately, and who is told."""

    open: tuple[ShownAlarm, ...]
    ended: tuple[ShownAlarm, ...]
    channels: tuple[ShownChannel, ...]


async def alarm_page(on: Connection, vault: Vault, name: str, *, ended: int) -> AlarmPage:
    """Return the alarms of a connection.

    Args:
        on: for reading.
        vault: no secret of it is opened.
        name: of the connection.
        ended: how many of those that are over, the latest.
    """
    found = await alarms.open_alarms(on, [name])
    return AlarmPage(
        open=tuple(map(_alarm, found)),
        ended=tuple(ShownAlarm(**row) for row in await alarms.ended(on, name, most=ended)),
        channels=tuple(
            [await _channel(on, name, field) for field in await _fields(on, vault, name)]
        ),
    )


async def test_channel(
    on: Connection, vault: Vault, name: str, channel: str, *, by: str, now: datetime
) -> None:
    """Write a test message for a channel; a worker sends it, and its outcome is shown then.

    Args:
        on: the transaction to be part of.
        vault: no secret of it is opened: strangers talk to the process that calls this.
        name: of the connection.
        channel: as ``ShownChannel.name`` has it.
        by: the person.
        now: aware.

    Raises:
        UserError: there is no such channel.
    """
    field = f"{URL_FIELD}{channel}"
    if field not in await _fields(on, vault, name):
        raise UserError(
            f'Connection "{name}" has no channel {channel} for alarms',
            next_step="Look at the list of its channels: it may have been taken out.",
        )
    await outbox.add(
        on,
        name,
        [field],
        kind=TEST,
        title=f"ml-connector {name}: a test",
        body="This channel hears of alarms. Nothing is wrong, nothing is to be done.",
        now=now,
    )
    await acts.record(on, by, "alarms.test", connection=name, details={"channel": channel})


async def _fields(on: Connection, vault: Vault, name: str) -> Sequence[str]:
    return sorted(field for field in await vault.fields(name, on=on) if is_channel(field))


async def _channel(on: Connection, name: str, field: str) -> ShownChannel:
    found: dict[str, Any] = await outbox.state(on, name, field)
    return ShownChannel(name=field.removeprefix(URL_FIELD), **found)


def _alarm(one: Alarm) -> ShownAlarm:
    return ShownAlarm(
        id=one.id,
        connection=one.connection,
        kind=one.kind,
        key=one.key,
        sentence=one.sentence,
        remedy=one.remedy,
        times=one.times,
        raised_at=one.raised_at,
        last_raised_at=one.last_raised_at,
        told_at=one.told_at,
    )
