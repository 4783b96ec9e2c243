"""How often somebody tried to sign in lately, by address, by name, and by both together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ml_connector.moments import come
from ml_connector.storage.database import Connection, rows

_OVER: Final = come("t.since + %(window)s", "%(window)s", now="now()")


class TryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many tries there may be.

    Attributes:
        of: ``address``, ``name`` or ``both``.
        times: within the window.
        window: from the first of them on.
    """

    of: str
    times: int
    window: timedelta


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Tries of one window, this one included.

    Attributes:
        until: when the window is over.
        now: the database's clock.
    """

    of: str
    times: int
    until: datetime
    now: datetime


async def count(
    on: Connection, whose: Sequence[tuple[TryLimit, str]]
) -> list[tuple[TryLimit, Tried]]:
    """Count a try under each of these, and return what it is the how-manieth of.

    Tries are counted before the password is looked at, so that many at once gain nothing.

    Args:
        on: a transaction, which should commit at once.
        whose: each limit with the address, the name or both.
    """
    counted = []
    for limit, who in sorted(whose, key=lambda one: one[0].of):
        found = await rows(
            on,
            "insert into sign_in_try as t (of, who, times, since)"  # noqa: S608 - our own words
            " values (%(of)s, %(who)s, 1, now()) on conflict (of, who) do update set"
            f"  times = case when {_OVER} then 1 else t.times + 1 end,"
            f"  since = case when {_OVER} then now() else t.since end"
            " returning of, times, since + %(window)s as until, now() as now",
            {"of": limit.of, "who": who, "window": limit.window},
        )
        counted.append((limit, msgspec.convert(found[0], Tried)))
    return counted


async def forget(on: Connection, of: str, who: str) -> None:
    """Forget the tries of one who signed in."""
    await rows(
        on, "delete from sign_in_try where of = %(of)s and who = %(who)s", {"of": of, "who": who}
    )


async def forget_old(on: Connection, before: timedelta) -> None:
    """Forget tries that began longer ago than any window lasts."""
    await rows(on, "delete from sign_in_try where since < now() - %(before)s", {"before": before})
