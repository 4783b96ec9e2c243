"""Messages about alarms: one for each channel, kept until the channel took it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.rows import DictRow

from ml_connector.moments import come
from ml_connector.storage.database import Connection, one, rows

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
GIVE_UP_AFTER: Final = timedelta(days=3)
"""A message about an alarm this old helps nobody: if it goes on, a newer one tells of it."""

_IS_DUE: Final = come("next_at", "%(longest)s", now="%(now)s")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one channel should be told.

    Attributes:
        channel: the secret that holds its address.
        attempts: how often it was tried in vain.
    """

    id: int
    connection: str
    channel: str
    kind: str
    title: str
    body: str
    made_at: datetime
    attempts: int


async def add(
    on: Connection,
    connection: str,
    channels: Sequence[str],
    *,
    kind: str,
    title: str,
    body: str,
    now: datetime,
) -> None:
    """Write a message for each channel, to be sent at once."""
    for channel in channels:
        await rows(
            on,
            "insert into alarm_message (connection, channel, kind, title, body, made_at, next_at)"
            " values (%(name)s, %(channel)s, %(kind)s, %(title)s, %(body)s, %(now)s, %(now)s)",
            {
                "name": connection,
                "channel": channel,
                "kind": kind,
                "title": title,
                "body": body,
                "now": now,
            },
        )


async def take(on: Connection, *, now: datetime, lease: timedelta) -> list[Message]:
    """Return the messages to be sent now, the oldest first; nobody else gets them meanwhile."""
    found = await rows(
        on,
        "update alarm_message set next_at = %(until)s where id in (select id from alarm_message"  # noqa: S608 - a text of ours
        f"  where {_IS_DUE} order by id limit 20 for update skip locked) returning *",
        {"now": now, "until": now + lease, "longest": LONGEST_WAIT},
    )
    return sorted((_message(row) for row in found), key=lambda message: message.id)


async def sent(on: Connection, message: Message, *, now: datetime) -> None:
    """Note that the channel took a message."""
    await rows(
        on,
        "update alarm_message set sent_at = %(now)s, next_at = null, error = null,"
        " attempts = attempts + 1 where id = %(id)s",
        {"id": message.id, "now": now},
    )


async def failed(on: Connection, message: Message, error: str, *, now: datetime) -> None:
    """Note why a channel did not take a message, and when it is tried again."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(message.attempts, 10))
    again = now + wait if now - message.made_at < GIVE_UP_AFTER else None
    await rows(
        on,
        "update alarm_message set next_at = %(again)s, error = %(error)s,"
        " attempts = attempts + 1 where id = %(id)s",
        {"id": message.id, "again": again, "error": error},
    )


async def state(on: Connection, connection: str, channel: str) -> dict[str, Any]:
    """Return how a channel does: last_sent_at, waiting, and the error of the newest failure."""
    found = await one(
        on,
        "select max(sent_at) as last_sent_at, count(next_at) as waiting,"
        " (array_agg(error order by id desc) filter (where error is not null"
        "   and sent_at is null))[1] as error"
        " from alarm_message where connection = %(name)s and channel = %(channel)s",
        {"name": connection, "channel": channel},
    )
    assert found is not None  # noqa: S101 - an aggregate always gives a row
    return found


def _message(row: DictRow) -> Message:
    return Message(
        id=row["id"],
        connection=row["connection"],
        channel=row["channel"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        made_at=row["made_at"],
        attempts=row["attempts"],
    )
