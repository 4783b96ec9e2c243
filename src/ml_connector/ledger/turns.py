"""Turns: when each thing that is done for a connection from time to time was done last.

A thing is a flow that is swept, or the look at a certificate. A turn is taken by the one
process whose transaction updates the row first.
"""

from datetime import datetime
from typing import Final, NamedTuple

from ml_connector.moments import come, known
from ml_connector.storage.database import Connection, one, rows

_LONGEST_PAUSE_SECONDS: Final = 3600.0
_IS_OVER: Final = come("not_before", f"make_interval(secs => {_LONGEST_PAUSE_SECONDS})")


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
        f" returning case when {known('taken_at')} then nullif(taken_at, '-infinity') end as last,"
        f" now() as now, not {_IS_OVER} as too_soon",
        {"name": connection_name, "what": what, "daily": daily},
    )
    assert row is not None  # noqa: S101 - RETURNING gives the row
    return Turn(row["last"], row["now"], row["too_soon"])


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
    await rows(
        connection,
        "insert into turn (connection, what, taken_at) values (%(name)s, %(what)s, %(now)s)"
        " on conflict (connection, what) do update set taken_at = excluded.taken_at",
        {"name": connection_name, "what": what, "now": now},
    )
