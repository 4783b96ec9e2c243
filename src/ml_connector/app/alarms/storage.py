"""Alarms about storage: a disk that fills up, a database that stores nothing.

They are of the whole installation, so every connection's people hear of them. While nothing can
be stored, no alarm can be either: then the log, ``/readyz``, the metrics and ``alarms list`` say
it, none of which needs to write.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

import psycopg
import structlog

from ml_connector.app.alarms.sentences import AlarmText, little_room, takes_no_writes
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.app.installation.room import rooms
from ml_connector.config.log_counts import LogCounts
from ml_connector.config.settings import Settings
from ml_connector.ledger.alarms.alarms import end_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox.rehearsal import rehearse
from ml_connector.storage.database import Database
from ml_connector.words import AlarmKind

WATCH_EVERY_SECONDS: Final = 60.0

_ROOM: Final = "room"

_log = structlog.get_logger("storage")
_counts: Final = LogCounts(_log)


def fills_up(settings: Settings) -> list[AlarmText]:
    """Say which disks of the installation have little room left."""
    return [little_room(room) for room in rooms(settings) if room.is_little]


async def stores_nothing(database: Database) -> AlarmText | None:
    """Say that the database stores nothing; None when it would store a delivery now.

    Raises:
        DatabaseAway: it can't be reached.
    """
    try:
        await rehearse(database)
    except psycopg.Error as error:
        return takes_no_writes(str(error).splitlines()[0])
    return None


async def watch_storage(installation: Installation, *, now: datetime | None = None) -> None:
    """Raise and end the alarms about storage, and log what is wrong while it lasts."""
    found = fills_up(installation.settings)
    stopped = await stores_nothing(installation.database)
    for text in (*found, *([stopped] if stopped else ())):
        _counts.note("storage", text.remedy, reason=text.sentence, remedy=text.remedy)
    moment = now or datetime.now(UTC)
    watch = partial(_alarm, installation, found, now=moment)
    await for_each_connection(installation, "watch storage", watch, also_paused=True)


async def _alarm(
    installation: Installation,
    found: list[AlarmText],
    applied: AppliedConnection,
    *,
    now: datetime,
) -> None:
    async with installation.database.transaction() as on:
        if not found:
            await end_alarms(on, applied.name, AlarmKind.STORAGE, [_ROOM], now=now)
            return
        await raise_alarm(
            on,
            applied.name,
            AlarmKind.STORAGE,
            _ROOM,
            sentence=found[0].sentence,
            remedy=found[0].remedy,
            now=now,
        )
