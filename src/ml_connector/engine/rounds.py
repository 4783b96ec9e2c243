"""The round of a day: what each sweep reads of everything that was made, whatever its dates. Pure.

Sweeps go by what a source says of itself: dates, marks, numbers, statuses. A subject of which it
says nothing new is found by the round: once a day everything that was made in a long span is read,
an hour's share with the first sweep of each hour.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

SPAN: Final = timedelta(days=110)
"""How long ago what a round reads may have been made.

No less than a month end looks at: 45 days before the first day of the month before this one.
"""

_HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)


class Span(NamedTuple):
    """Some of what was made at the source, by the time at which it was.

    Attributes:
        begin: aware.
        end: likewise.
    """

    begin: datetime
    end: datetime


def shares(begin: datetime, end: datetime, *, span: timedelta = SPAN) -> Iterator[Span]:
    """Yield the spans of what is due to be read between two moments; those side by side as one.

    Each hour of a day, by UTC, has its share of all that was made up to that day: the first hour
    the oldest. A sweep at an interval of a day reads all of it.

    Args:
        begin: the moment of the sweep before, aware.
        end: that of this one.
        span: how long ago the oldest was made.
    """
    due: Span | None = None
    hour = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    while hour <= end:
        one = _share(hour, span)
        if due is not None and due.end == one.begin:
            due = Span(due.begin, one.end)
        else:
            if due is not None:
                yield due
            due = one
        hour += _HOUR
    if due is not None:
        yield due


def _share(hour: datetime, span: timedelta) -> Span:
    day = hour.replace(hour=0)
    length = span / _HOURS
    begin = day - span + hour.hour * length
    return Span(begin, begin + length)
