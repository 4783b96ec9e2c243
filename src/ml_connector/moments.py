"""Stored moments, and a clock that was wrong when they were stored.

A clock that was ahead and is put right leaves moments behind that are further away than they can
be. Who waits for one would wait for as long as the clock was ahead, and who counts from one would
count nothing. So whoever reads a moment knows the longest that it may be away:

- A moment that somebody waits for and that is further away *has come*, where doing the thing too
  early only costs a call or a message.
- Where it would do harm, the row itself is set to the longest from now on. (A limit that is only
  looked at would move along with the clock, and never come.)
- A moment at which something was done, and that lies ahead, *is not known*.
"""

from datetime import datetime, timedelta
from typing import Final

CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""So far may the clocks of two machines differ that both are right; and a statement, which takes
a minute at most, sees how a transaction has ended that began after its own."""

_DIFFER: Final = f"interval '{CLOCKS_DIFFER.total_seconds():g} seconds'"


def has_come(moment: datetime, now: datetime, *, longest: timedelta) -> bool:
    """Whether a moment is over, or further away than it can be. Pure."""
    return moment <= now or moment > now + longest + CLOCKS_DIFFER


def is_known(moment: datetime | None, now: datetime) -> bool:
    """Whether a moment at which something was done can be the true one. Pure."""
    return moment is not None and moment <= now + CLOCKS_DIFFER


def come(moment: str, longest: str, *, now: str = "clock_timestamp()") -> str:
    """Return the SQL of ``has_come``.

    Args:
        moment: an expression for the moment.
        longest: an expression for the interval.
        now: an expression for the present.
    """
    return f"({moment} <= {now} or {moment} > {now} + {longest} + {_DIFFER})"


def known(moment: str, *, now: str = "now()") -> str:
    """Return the SQL of ``is_known``."""
    return f"({moment} <= {now} + {_DIFFER})"
