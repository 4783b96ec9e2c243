"""Alarms that are read from the books: bugs, refused credentials, work that waits too long."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

from ml_connector.app.alarms.sentences import AlarmText, retrying, stopped
from ml_connector.app.alarms.stored import watch_what_is_stored
from ml_connector.app.chores.every_connection import for_each_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.ledger.alarms.alarms import end_alarms, open_alarms, raise_alarm
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection
from ml_connector.words import AlarmKind, Cause

WATCH_EVERY_SECONDS: Final = 60.0

_PREFIX: Final = "stopped:"
"""Keys of alarms that are raised and ended here."""

_KINDS: Final = frozenset(
    {
        AlarmKind.BUG,
        AlarmKind.CREDENTIALS,
        AlarmKind.DRIFT,
        AlarmKind.PARKED,
        AlarmKind.RETRYING,
    }
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


class _Trouble(NamedTuple):
    """An alarm to raise."""

    kind: AlarmKind
    key: str
    text: AlarmText


async def _watch(on: Connection, applied: AppliedConnection, *, now: datetime) -> None:
    going_on: set[tuple[str, str]] = set()
    for kind, key, (sentence, remedy) in await _troubles(on, applied, now=now):
        going_on.add((kind, key))
        await raise_alarm(on, applied.name, kind, key, sentence=sentence, remedy=remedy, now=now)
    for alarm in await open_alarms(on, [applied.name]):
        if (
            alarm.kind in _KINDS
            and alarm.key.startswith(_PREFIX)
            and (alarm.kind, alarm.key) not in going_on
        ):
            await end_alarms(on, applied.name, AlarmKind(alarm.kind), [alarm.key], now=now)


async def _troubles(
    on: Connection, applied: AppliedConnection, *, now: datetime
) -> list[_Trouble]:
    """Return what is wrong with subjects: those that are stopped, and those tried for long."""
    settings = applied.alarms
    found: list[_Trouble] = []
    for row in await outcomes.stopped(on, applied.name):
        kind = _kind(row["cause"])
        if kind is not AlarmKind.PARKED or now - row["oldest"] >= settings.parked_for:
            key = f"{_PREFIX}{row['flow']}:{row['cause']}"
            found.append(_Trouble(kind, key, stopped(row, kind)))
    for row in await outcomes.retrying(on, applied.name, before=now - settings.retrying_for):
        key = f"{_PREFIX}{row['flow']}:{row['cause']}"
        found.append(_Trouble(AlarmKind.RETRYING, key, retrying(row)))
    return found


def _kind(cause: str | None) -> AlarmKind:
    match cause:
        case Cause.BUG | Cause.UNEXPLAINED | Cause.EVENT_UNREADABLE:
            return AlarmKind.BUG
        case Cause.CREDENTIALS_INVALID:
            return AlarmKind.CREDENTIALS
        case Cause.STOCK_DRIFT:
            return AlarmKind.DRIFT
        case _:
            return AlarmKind.PARKED
