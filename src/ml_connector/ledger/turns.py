"""Turns: when each thing that is done for a connection from time to time was done last.

A thing is a flow that is swept, or the look at a certificate. A turn is taken by the one
process whose transaction updates the row first.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from ml_connector.moments import come, known
from ml_connector.storage.database import Connection, one, rows

_LONGEST_PAUSE_SECONDS: Final = 3600.0
_IS_OVER: Final = come("not_before", f"make_interval(secs => {_LONGEST_PAUSE_SECONDS})")

_DAY_MAY_DIFFER: Final = timedelta(hours=12)
"""A daily turn that lies this far ahead was taken by a clock that was set to another time of the
same day: it is that day's all the same. One that lies further ahead is of another year."""


_MANY_DAYS: Final = timedelta(days=30)
"""So long after the turn before, a turn looks like one of a clock that was set forward."""


class DailyTurn(NamedTuple):
    """When a daily turn was taken, by clocks that may have been wrong. All functions are pure.

    Attributes:
        at: the last time; None: it was given back.
        before: the time before; or one that lies ahead of a clock that was set back since, or
            far behind one that was set forward: a clock that is put right needs it.
    """

    at: datetime | None
    before: datetime | None

    def seen_at(self, now: datetime) -> "DailyTurn":
        """Return the same as a clock sees it that shows this moment; ``at`` is the last turn.

        Where all that is known lies ahead, the clock was put right by a year or set back by one:
        the turn counts as taken now, so that the thing is done at its next time of day, and what
        lies ahead is kept for a clock that is put forward again.
        """
        if self.at is None:
            return self
        known_ = [one for one in self if one is not None and not _is_ahead(one, now)]
        if known_:
            return DailyTurn(max(known_), self.before)
        return DailyTurn(now, max(one for one in self if one is not None))

    def taken_at(self, now: datetime) -> "DailyTurn":
        """Return it after the turn was taken at this moment."""
        if self.at is None or _is_ahead(self.at, now):
            return DailyTurn(now, self.before)
        if self.before is not None and (
            _is_ahead(self.before, now) or self.at - self.before > _MANY_DAYS
        ):
            return DailyTurn(now, self.before)
        return DailyTurn(now, self.at)


def _is_ahead(moment: datetime, now: datetime) -> bool:
    return moment > now + _DAY_MAY_DIFFER


class Turn(NamedTuple):
    """A turn, as it stands.

    Attributes:
        last: when it was taken last; None: never, or it was given back, or that is not known.
        now: the database's present, by the clock of ``last``.
        is_too_soon: the pause after it was given back is not over.
    """

    last: datetime | None
    now: datetime
    is_too_soon: bool


async def lock(connection: Connection, connection_name: str, what: str, *, daily: bool) -> Turn:
    """Return a turn; nobody else can take it until the transaction ends.

    Args:
        connection: inside a transaction.
        connection_name: whose.
        what: the thing that is done.
        daily: the first turn counts as taken now, so that the thing is first done at its time
            of day; else the first one is due at once.
    """
    row = await one(
        connection,
        "insert into turn (connection, what, taken_at)"  # noqa: S608 - a text of ours
        " values (%(name)s, %(what)s,"
        " case when %(daily)s then now() else '-infinity'::timestamptz end)"
        " on conflict (connection, what) do update set what = turn.what"
        " returning nullif(taken_at, '-infinity') as at, taken_before as before,"
        f" {known('taken_at')} as known, now() as now, not {_IS_OVER} as too_soon",
        {"name": connection_name, "what": what, "daily": daily},
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    if not daily:
        return Turn(row["at"] if row["known"] else None, row["now"], row["too_soon"])
    taken = DailyTurn(row["at"], row["before"])
    seen = taken.seen_at(row["now"])
    if seen.at == row["now"] != taken.at:
        await _keep(connection, connection_name, what, seen)
    return Turn(seen.at, row["now"], row["too_soon"])


async def take(connection: Connection, connection_name: str, what: str) -> None:
    """Take a turn that is there, now."""
    await rows(
        connection,
        "update turn set taken_at = now() where connection = %(name)s and what = %(what)s",
        {"name": connection_name, "what": what},
    )


async def give_back(
    connection: Connection, connection_name: str, what: str, *, pause_seconds: float
) -> None:
    """Let a turn be due again after a pause, at most an hour: the thing could not be done."""
    await rows(
        connection,
        "update turn set taken_at = '-infinity', not_before = now() +"
        " make_interval(secs => %(pause)s) where connection = %(name)s and what = %(what)s",
        {
            "name": connection_name,
            "what": what,
            "pause": min(pause_seconds, _LONGEST_PAUSE_SECONDS),
        },
    )


async def taken_at(connection: Connection, connection_name: str, what: str) -> datetime | None:
    """Return when a turn was taken last; None: never."""
    row = await one(
        connection,
        "select taken_at from turn where connection = %(name)s and what = %(what)s",
        {"name": connection_name, "what": what},
    )
    return row["taken_at"] if row else None


async def take_at(
    connection: Connection, connection_name: str, what: str, *, now: datetime
) -> None:
    """Take a turn, whether it was ever taken or not.

    Args:
        connection: inside a transaction.
        connection_name: whose.
        what: the thing that is done.
        now: when, aware.
    """
    row = await one(
        connection,
        "select nullif(taken_at, '-infinity') as at, taken_before as before from turn"
        " where connection = %(name)s and what = %(what)s for update",
        {"name": connection_name, "what": what},
    )
    taken = DailyTurn(row["at"], row["before"]) if row else DailyTurn(None, None)
    await _keep(connection, connection_name, what, taken.taken_at(now))


async def _keep(connection: Connection, connection_name: str, what: str, taken: DailyTurn) -> None:
    await rows(
        connection,
        "insert into turn (connection, what, taken_at, taken_before)"
        " values (%(name)s, %(what)s, %(at)s, %(before)s)"
        " on conflict (connection, what) do update"
        " set taken_at = excluded.taken_at, taken_before = excluded.taken_before",
        {"name": connection_name, "what": what, "at": taken.at, "before": taken.before},
    )
