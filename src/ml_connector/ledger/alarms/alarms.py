"""Alarms: trouble that a person should hear of, noted in one place.

Code that notices trouble calls ``raise_alarm``, as often as it likes, and ``end_alarms`` when
the trouble is over. Code that tells people asks ``due`` in a transaction, sends each group as
one message, and calls ``told`` in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg.rows import DictRow

from ml_connector.moments import known
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import AlarmKind

QUIET: Final = timedelta(hours=1)
"""At most one message in this time about alarms of one kind of one connection."""

REMIND_AFTER: Final = timedelta(hours=24)
"""Trouble that goes on for longer is told again."""

_RAISE: Final = """
    insert into alarm (connection, kind, key, sentence, remedy, raised_at, last_raised_at)
    values (%(connection)s, %(kind)s, %(key)s, %(sentence)s, %(remedy)s, %(now)s, %(now)s)
    on conflict (connection, kind, key) where ended_at is null do update
    set sentence = excluded.sentence, remedy = excluded.remedy, times = alarm.times + 1,
        last_raised_at = greatest(alarm.last_raised_at, excluded.last_raised_at)
    returning times
"""

_END: Final = """
    update alarm set ended_at = %(now)s
    where connection = %(connection)s and kind = %(kind)s and ended_at is null
    and (%(keys)s::text[] is null or key = any (%(keys)s))
    and not key = any (%(but)s)
    returning id
"""

# Only one transaction tells at a time: two would send the same message twice.
_LOCK: Final = "select pg_try_advisory_xact_lock(hashtextextended('tell alarms', 0)) as mine"

# A group is due when it has something to say and was not told of anything lately.
# A message of the future was sent by a clock that was put right since: nobody knows when.
_DUE: Final = f"""
    select * from alarm as a
    where ended_at is null
    and (told_at is null or told_at <= %(remind)s or not {known("told_at", now="%(now)s")})
    and not exists (
        select 1 from alarm as told
        where told.connection = a.connection and told.kind = a.kind
        and told.told_at > %(quiet)s and {known("told.told_at", now="%(now)s")}
    )
    order by connection, kind, raised_at, id
"""  # noqa: S608 - a text of ours

_OPEN: Final = """
    select * from alarm
    where ended_at is null and connection = any (%(names)s)
    order by connection, kind, raised_at, id
"""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Trouble that is not over.

    Attributes:
        key: what exactly it is about, within the kind: a subject, a certificate, a month.
        sentence: what is wrong, for a person.
        remedy: what to do.
        times: how often it was raised.
        told_at: when people were last told; None: never.
    """

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


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alarms of one kind of one connection: one message.

    Attributes:
        alarms: the oldest first; at least one.
    """

    connection: str
    kind: str
    alarms: tuple[Alarm, ...]


async def raise_alarm(
    on: Connection,
    connection: str,
    kind: AlarmKind,
    key: str,
    *,
    sentence: str,
    remedy: str,
    now: datetime | None = None,
) -> bool:
    """Note that something is wrong; return whether that is new.

    While it is not over, raising it again is harmless: it renews the sentence and counts.

    Args:
        on: the transaction to be part of.
        connection: name of the connection, which must exist.
        kind: what sort of trouble; alarms of one kind go out in one message.
        key: what exactly it is about, within the kind.
        sentence: for a person; never with a secret or a whole answer in it.
        remedy: what to do.
        now: aware; None: the present.
    """
    row = await one(
        on,
        _RAISE,
        {
            "connection": connection,
            "kind": kind,
            "key": key,
            "sentence": sentence,
            "remedy": remedy,
            "now": now or datetime.now(UTC),
        },
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return bool(row["times"] == 1)


async def end_alarms(
    on: Connection,
    connection: str,
    kind: AlarmKind,
    keys: Sequence[str] | None = None,
    *,
    but: Sequence[str] = (),
    now: datetime | None = None,
) -> int:
    """Note that the trouble is over; return how many alarms that ended.

    Args:
        on: the transaction to be part of.
        connection: name of the connection.
        kind: what sort of trouble.
        keys: which; None: all of the kind.
        but: those of the kind that go on.
        now: aware; None: the present.
    """
    ended = await rows(
        on,
        _END,
        {
            "connection": connection,
            "kind": kind,
            "keys": None if keys is None else list(keys),
            "but": list(but),
            "now": now or datetime.now(UTC),
        },
    )
    return len(ended)


async def end_told(on: Connection, connection: str, kind: AlarmKind, key: str) -> None:
    """Note that the trouble of an alarm is over once people were told of it, or after a day."""
    await rows(
        on,
        "update alarm set ended_at = now() where connection = %(connection)s"
        " and kind = %(kind)s and key = %(key)s and ended_at is null"
        " and (told_at is not null or raised_at < now() - interval '24 hours')",
        {"connection": connection, "kind": kind, "key": key},
    )


async def due(
    on: Connection,
    *,
    now: datetime,
    quiet: timedelta = QUIET,
    remind_after: timedelta = REMIND_AFTER,
) -> list[Group]:
    """Return what people should be told now, one group for each message.

    Empty while another process tells: the lock is held until the transaction ends.

    Args:
        on: the transaction in which ``told`` is called as well.
        now: aware.
        quiet: at most one message in this time about one kind of one connection; alarms that
            come up meanwhile go into the next.
        remind_after: trouble that goes on for longer than this since it was told is told again.
    """
    lock = await one(on, _LOCK)
    if lock is None or not lock["mine"]:
        return []
    found = await rows(on, _DUE, {"remind": now - remind_after, "quiet": now - quiet, "now": now})
    groups: dict[tuple[str, str], list[Alarm]] = {}
    for row in found:
        groups.setdefault((row["connection"], row["kind"]), []).append(_alarm(row))
    return [
        Group(connection=name, kind=kind, alarms=tuple(alarms))
        for (name, kind), alarms in groups.items()
    ]


async def told(on: Connection, group: Group, *, now: datetime) -> None:
    """Note that people were told of this group."""
    await rows(
        on,
        "update alarm set told_at = %(now)s where id = any (%(ids)s)",
        {"now": now, "ids": [alarm.id for alarm in group.alarms]},
    )


async def open_alarms(on: Connection, names: Sequence[str]) -> list[Alarm]:
    """Return what is wrong with these connections and not over, the oldest first."""
    return [_alarm(row) for row in await rows(on, _OPEN, {"names": list(names)})]


async def ended(on: Connection, name: str, *, most: int) -> list[dict[str, Any]]:
    """Return the alarms of a connection that ended, the latest first."""
    return await rows(
        on,
        "select id, connection, kind, key, sentence, remedy, times, raised_at, last_raised_at,"
        " told_at, ended_at from alarm where connection = %(name)s and ended_at is not null"
        " order by id desc limit %(most)s",
        {"name": name, "most": most},
    )


async def count_open(on: Connection) -> list[dict[str, Any]]:
    """Return how many alarms are not over, by connection and kind."""
    return await rows(
        on,
        "select connection, kind, count(*) as n from alarm where ended_at is null group by 1, 2",
    )


def _alarm(row: DictRow) -> Alarm:
    return Alarm(
        id=row["id"],
        connection=row["connection"],
        kind=row["kind"],
        key=row["key"],
        sentence=row["sentence"],
        remedy=row["remedy"],
        times=row["times"],
        raised_at=row["raised_at"],
        last_raised_at=row["last_raised_at"],
        told_at=row["told_at"],
    )
