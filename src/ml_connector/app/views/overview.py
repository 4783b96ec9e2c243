"""The overview of a connection: six figures, events per hour, what is stopped, latest events."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.app.views.health import ConnectionHealth, connection_health
from ml_connector.app.views.paging import Counted, counted
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.figures import arrivals, posted, subjects
from ml_connector.ledger.inbox import outcomes
from ml_connector.storage.database import Connection, Database

SOON_SECONDS: Final = 5.0
"""Both systems agree soon when a webhook's run has ended so long after it came."""

SPANS_OF: Final = 500
"""Of so many webhooks, the newest, it is known how soon both systems agreed."""

LATEST: Final = 10
_MOST_OPEN: Final = 10_000
_GROUPS: Final = 4


class Soon(msgspec.Struct, frozen=True, kw_only=True):
    """How soon both systems agreed: of the newest webhooks today that are done.

    Attributes:
        events: of which it is known.
        within: how many of them took no longer than ``SOON_SECONDS``.
        median_seconds, p99_seconds: None without any.
    """

    events: int
    within: int
    median_seconds: float | None
    p99_seconds: float | None

    @property
    def percent(self) -> float | None:
        """The share that took no longer, rounded down to a tenth; None without any."""
        return int(self.within * 1000 / self.events) / 10 if self.events else None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The six figures.

    Attributes:
        events_today: since midnight in the connection's zone.
        events_before: in the same time of the same day a week ago.
        waiting_since: of the oldest that waits for data; None where nothing waits.
        documents: posted this month, by kind.
        money: the amounts posted this month, by currency.
        unexplained: lines that are neither posted, nor waiting, nor refused.
    """

    events_today: Counted
    events_before: Counted
    soon: Soon
    waiting: Counted
    waiting_since: datetime | None
    stopped: Counted
    trying_again: Counted
    month: str
    documents: dict[str, int]
    money: dict[str, Decimal]
    unexplained: int


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one hour: done, on their way or waiting for data, and stopped."""

    at: datetime
    done: int
    open: int
    stopped: int


class StoppedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Stopped subjects of one flow and cause.

    Attributes:
        needs_person: one of them at least does not go on by itself.
    """

    flow: str
    cause: str
    count: int
    since: datetime | None
    keys: tuple[str, ...]
    sentence: str
    remedy: str
    needs_person: bool


class LatestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a line of the latest ones.

    Attributes:
        document: the kind of the last document of its subject; None where none was posted.
        seconds: from its arrival until it was done; None where it is not.
    """

    id: int
    at: datetime
    source: str
    topic: str
    flow: str | None
    subject_id: int | None
    subject: str | None
    status: str
    attempt: int
    cause: str | None
    sentence: str | None
    document: str | None
    document_id: str | None
    title: str | None
    seconds: float | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All that the overview of a connection shows."""

    connection: str
    zone: str
    at: datetime
    health: ConnectionHealth
    figures: Figures
    hours: tuple[Hour, ...]
    stopped: tuple[StoppedGroup, ...]
    latest: tuple[LatestEvent, ...]


async def overview(database: Database, applied: AppliedConnection, *, now: datetime) -> Overview:
    """Return the overview of a connection.

    Args:
        database: for reading; no system is asked.
        applied: the connection.
        now: aware.
    """
    zone = zone_of(applied)
    async with database.transaction() as on:
        return Overview(
            connection=applied.name,
            zone=zone.key,
            at=now,
            health=await connection_health(on, applied, now=now),
            figures=await figures(on, applied.name, zone, now=now),
            hours=await hours(on, applied.name, zone, now=now),
            stopped=await stopped_groups(on, applied.name, most=_GROUPS),
            latest=await latest_events(on, applied.name, limit=LATEST),
        )


def zone_of(applied: AppliedConnection) -> ZoneInfo:
    """Return the zone that a connection's times are shown in; UTC where it can't be read."""
    try:
        return applied.schedule.zone
    except NeedsHuman:
        return ZoneInfo("UTC")


# What was posted in a month is much to count, and nobody minds half a minute.
_COUNTED_EVERY_SECONDS: Final = 30.0
_Posted = tuple[dict[str, int], dict[str, Decimal]]
_POSTED: Final[dict[tuple[str, str, datetime], tuple[float, _Posted]]] = {}


async def _posted(on: Connection, name: str, month: datetime) -> _Posted:
    """Return documents and money posted since a month began, of half a minute ago at most."""
    key = (on.info.dsn, name, month)
    counted_at, found = _POSTED.get(key, (float("-inf"), ({}, {})))
    if monotonic() > counted_at + _COUNTED_EVERY_SECONDS:
        found = (
            await posted.documents(on, name, since=month),
            await posted.money(on, name, since=month),
        )
        _POSTED[key] = (monotonic(), found)
    return found


async def figures(on: Connection, name: str, zone: ZoneInfo, *, now: datetime) -> Figures:
    """Return the six figures of a connection."""
    here = now.astimezone(zone)
    today = datetime.combine(here.date(), time(), zone)
    month = datetime.combine(here.date().replace(day=1), time(), zone)
    week = timedelta(days=7)
    most = arrivals.MOST_COUNTED
    open_ones = await subjects.count_open(on, name, most=_MOST_OPEN)
    documents, money = await _posted(on, name, month)
    return Figures(
        events_today=counted(await arrivals.count(on, name, since=today, until=_end(now)), most),
        events_before=counted(
            await arrivals.count(on, name, since=today - week, until=now - week), most
        ),
        soon=await _soon(on, name, today),
        waiting=counted(open_ones["parked"], _MOST_OPEN),
        waiting_since=await subjects.oldest(on, name, "parked") if open_ones["parked"] else None,
        stopped=counted(open_ones["dead"], _MOST_OPEN),
        trying_again=counted(open_ones["retrying"], _MOST_OPEN),
        month=f"{here:%Y-%m}",
        documents=documents,
        money=money,
        unexplained=sum(
            row["n"] for row in await outcomes.unexplained(on) if row["connection"] == name
        ),
    )


async def hours(on: Connection, name: str, zone: ZoneInfo, *, now: datetime) -> tuple[Hour, ...]:
    """Return the events of today hour by hour, also of hours without any."""
    here = now.astimezone(zone)
    since = datetime.combine(here.date(), time(), zone).astimezone(UTC)
    found = {
        row["hour"]: row for row in await arrivals.per_hour(on, name, since=since, until=_end(now))
    }
    none: dict[str, int] = {"events": 0, "open": 0, "stopped": 0}
    # A zone may be half an hour off: hours are those of UTC, and shown in the zone.
    first = since.replace(minute=0)
    number = int((now - first).total_seconds() // 3600) + 1
    return tuple(
        _hour(at, found.get(at, none))
        for at in (first + timedelta(hours=n) for n in range(number))
    )


async def stopped_groups(on: Connection, name: str, *, most: int) -> tuple[StoppedGroup, ...]:
    """Return what is stopped, by flow and cause, the largest groups first."""
    found = await outcomes.stopped(on, name)
    found.sort(key=lambda row: (-row["count"], row["flow"], row["cause"] or ""))
    return tuple(
        StoppedGroup(
            flow=row["flow"],
            cause=row["cause"] or "",
            count=row["count"],
            since=row["oldest"],
            keys=tuple(row["keys"]),
            sentence=(row["sentences"] or [""])[0] or "",
            remedy=row["remedy"] or "",
            needs_person=row["dead"],
        )
        for row in found[:most]
    )


async def latest_events(
    on: Connection, name: str, *, limit: int, since: datetime | None = None
) -> tuple[LatestEvent, ...]:
    """Return the latest events of a connection, the newest first."""
    return tuple(map(_event, await arrivals.latest(on, name, limit=limit, since=since)))


async def _soon(on: Connection, name: str, today: datetime) -> Soon:
    row = await arrivals.spans(on, name, since=today, within=SOON_SECONDS, most=SPANS_OF)
    return Soon(
        events=row["events"],
        within=row["soon"],
        median_seconds=row["median"],
        p99_seconds=row["p99"],
    )


def _end(now: datetime) -> datetime:
    """Return the end of what counts as now: clocks of two machines may differ a little."""
    return now + timedelta(minutes=2)


def _hour(at: datetime, row: dict[str, Any]) -> Hour:
    return Hour(
        at=at,
        done=max(0, row["events"] - row["open"] - row["stopped"]),
        open=row["open"],
        stopped=row["stopped"],
    )


def _event(row: dict[str, Any]) -> LatestEvent:
    done = row["done_at"] if row["status"] == "done" else None
    return LatestEvent(
        id=row["id"],
        at=row["received_at"],
        source=row["source"],
        topic=row["topic"],
        flow=row["flow"],
        subject_id=row["subject_id"],
        subject=row["subject"],
        status=row["status"],
        attempt=row["attempt"] or 0,
        cause=row["cause"],
        sentence=row["sentence"],
        document=row["document"],
        document_id=row["remote_id"],
        title=row["title"],
        seconds=(done - row["received_at"]).total_seconds() if done else None,
    )
