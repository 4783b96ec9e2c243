"""Alarms that are read from the books: bugs, refused credentials, work that waits too long."""

from datetime import UTC, datetime
from typing import Final

from ml_connector.app.alarms.sentences import stopped
from ml_connector.app.alarms.stored import watch_what_is_stored
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import every
from ml_connector.ledger.alarms.alarms import end_alarms, open_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection
from ml_connector.words import AlarmKind, Cause

WATCH_EVERY_SECONDS: Final = 60.0

_PREFIX: Final = "stopped:"
"""Keys of alarms that are raised and ended here."""

_KINDS: Final = frozenset(
    {AlarmKind.BUG, AlarmKind.CREDENTIALS, AlarmKind.DRIFT, AlarmKind.PARKED}
)
"""Kinds of those alarms."""


async def watch_books(installation: Installation, *, now: datetime | None = None) -> None:
    """Raise and end the alarms about stopped subjects of every connection."""
    moment = now or datetime.now(UTC)

    async def watch(applied: AppliedConnection) -> None:
        async with installation.database.transaction() as on:
            await watch_what_is_stored(installation, on, applied, now=moment)
        async with installation.database.transaction() as on:
            await _watch(on, applied, now=moment)

    await for_each_connection(
        installation, "watch the books", watch, also_paused=True, also_held=True
    )


async def _watch(on: Connection, applied: AppliedConnection, *, now: datetime) -> None:
    patience = every(applied.alarms.parked_after)
    going_on: set[tuple[str, str]] = set()
    for row in await outcomes.stopped(on, applied.name):
        kind = _kind(row["cause"])
        old = not hasattr(patience, "hour") and now - row["oldest"] >= patience
        if kind is AlarmKind.PARKED and not old:
            continue
        key = f"{_PREFIX}{row['flow']}:{row['cause']}"
        going_on.add((kind, key))
        sentence, remedy = stopped(row, kind)
        await raise_alarm(on, applied.name, kind, key, sentence=sentence, remedy=remedy, now=now)
    for alarm in await open_alarms(on, [applied.name]):
        if (
            alarm.kind in _KINDS
            and alarm.key.startswith(_PREFIX)
            and (alarm.kind, alarm.key) not in going_on
        ):
            await end_alarms(on, applied.name, AlarmKind(alarm.kind), [alarm.key], now=now)


def _kind(cause: str | None) -> AlarmKind:
    match cause:
        case Cause.BUG | Cause.UNEXPLAINED:
            return AlarmKind.BUG
        case Cause.CREDENTIALS_INVALID:
            return AlarmKind.CREDENTIALS
        case Cause.STOCK_DRIFT:
            return AlarmKind.DRIFT
        case _:
            return AlarmKind.PARKED
