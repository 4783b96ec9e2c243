"""Time that has passed, by a clock that nobody sets and that goes on while the machine sleeps."""

import time
from typing import Final

# The clock of ``time.monotonic`` stands still while the machine is suspended (Linux man-pages,
# clock_gettime(2)); what was written down with the database's clock does not.
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def seconds() -> float:
    """Return seconds since some moment in the past; only differences mean anything.

    Where the system has no such clock, it is that of ``time.monotonic``.
    """
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
