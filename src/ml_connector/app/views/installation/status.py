"""The state of an installation on one screen: what runs, what is open, what to do next.

Read from the database alone; neither of the two systems is asked.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ml_connector import __version__
from ml_connector.app.alarms.sentences import AlarmText
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.kept_backups import KeptBackup
from ml_connector.app.views.connections import ShownConnection, shown_connection
from ml_connector.app.views.health import ConnectionHealth, connection_health
from ml_connector.app.views.installation.system import ShownRoom, system_page
from ml_connector.causes.table import IN_WORDS, Who, who_acts
from ml_connector.ledger.alarms.alarms import Alarm, open_alarms
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.figures import subjects
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection

MOST_COUNTED: Final = 10_000

_WHO: Final[tuple[Who, ...]] = ("warehouse", "finance", "it")


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """What of a connection is not done.

    Attributes:
        waiting: for data; ``stopped``: for a person; ``retrying``: tried again by itself.
        by_who: how many of those that wait or have stopped each can act on.
    """

    waiting: int
    stopped: int
    retrying: int
    by_who: dict[Who, int]


class ConnectionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A connection, the health of its two systems, and what is open."""

    connection: ShownConnection
    health: ConnectionHealth
    work: OpenWork


class ShownTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that goes on; ``connection`` is empty for one of the whole installation."""

    connection: str
    kind: str
    sentence: str
    remedy: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        running: a worker of the service lives.
        backup: the newest in the data folder of this machine; None where there is none.
        next_step: what to do first.
    """

    version: str
    at: datetime
    running: bool
    workers: int
    connections: tuple[ConnectionStatus, ...]
    alarms: tuple[ShownTrouble, ...]
    rooms: tuple[ShownRoom, ...]
    backup: KeptBackup | None
    next_step: str


async def status(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    *,
    storage: Sequence[AlarmText],
    now: datetime,
) -> Status:
    """Return the state of an installation.

    Args:
        installation: where.
        on: for reading.
        names: of the connections that are meant.
        storage: what is the matter with the storage right now.
        now: aware.
    """
    page = await system_page(on, installation.settings)
    shown = tuple(
        [
            await _connection(on, one, now=now)
            for one in await connections.every(on)
            if one.name in names
        ]
    )
    alarms = tuple(_troubles(storage, await open_alarms(on, names)))
    found = Status(
        version=__version__,
        at=now,
        running=any(one.lives for one in page.workers),
        workers=sum(one.lives for one in page.workers),
        connections=shown,
        alarms=alarms,
        rooms=page.rooms,
        backup=page.backups[0] if page.backups else None,
        next_step="",
    )
    return msgspec.structs.replace(found, next_step=next_step(found))


async def _connection(
    on: Connection, applied: AppliedConnection, *, now: datetime
) -> ConnectionStatus:
    counts = await subjects.count_open(on, applied.name, most=MOST_COUNTED)
    by_who = Counter[Who]()
    for row in await outcomes.stopped(on, applied.name):
        state = "dead" if row["dead"] else "parked"
        by_who[who_acts(row["cause"] or "", state)] += row["count"]
    return ConnectionStatus(
        connection=shown_connection(applied),
        health=await connection_health(on, applied, now=now),
        work=OpenWork(
            waiting=counts["parked"],
            stopped=counts["dead"],
            retrying=counts["retrying"],
            by_who={who: by_who[who] for who in _WHO},
        ),
    )


def _troubles(storage: Sequence[AlarmText], found: Sequence[Alarm]) -> Iterator[ShownTrouble]:
    for text in storage:
        yield ShownTrouble(
            connection="", kind="storage", sentence=text.sentence, remedy=text.remedy
        )
    for one in found:
        yield ShownTrouble(
            connection=one.connection, kind=one.kind, sentence=one.sentence, remedy=one.remedy
        )


def next_step(found: Status) -> str:
    """Return what to do first. Pure."""
    return next(filter(None, _steps(found)), _nothing(found))


def _steps(found: Status) -> Iterator[str]:
    """Yield what there is to do, the most urgent first; empty where it is not."""
    if not found.connections:
        yield (
            "Set up a connection in the console, or write its file and run:"
            " ml-connector connection apply FILE"
        )
    yield _release(found)
    yield "" if found.running else "Start the service: ml-connector serve"
    yield from (one.remedy for one in found.alarms if one.kind in _STOPS_ALL)
    yield _decide(found)
    yield from (one.remedy for one in found.alarms)
    yield _go_live(found)
    yield "" if found.backup else "Make a backup: ml-connector backup FILE"


def _release(found: Status) -> str:
    held = [one.connection.name for one in found.connections if one.connection.held]
    return f"Release {held[0]}: ml-connector connection release {held[0]}" if held else ""


def _decide(found: Status) -> str:
    stopped = sum(one.work.stopped for one in found.connections)
    work = "1 subject that has" if stopped == 1 else f"{stopped} subjects that have"
    listed = "ml-connector events list --status dead"
    return f"Decide about {work} stopped ({_whose(found)}): {listed}" if stopped else ""


def _go_live(found: Status) -> str:
    dry = [one.connection.name for one in found.connections if one.connection.mode == "dry-run"]
    return (
        f"{dry[0]} is a dry run: see what it would post with ml-connector plan receiving, then"
        f" ml-connector connection set-mode {dry[0]} live"
        if dry
        else ""
    )


_STOPS_ALL: Final = frozenset({"storage", "credentials", "certificate", "consent", "webhooks"})
"""Kinds of alarms on which much else waits."""


def _whose(found: Status) -> str:
    """Return who can act, most first."""
    total = Counter[Who]()
    for one in found.connections:
        total.update(one.work.by_who)
    return ", ".join(f"{IN_WORDS[who]} {count}" for who, count in total.most_common() if count)


def _nothing(found: Status) -> str:
    waiting = sum(one.work.waiting for one in found.connections)
    if not waiting:
        return "Nothing has to be done."
    return f"Nothing has to be done here; {waiting} wait: ml-connector events list --status parked"
