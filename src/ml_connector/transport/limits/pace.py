"""How fast the calls of a minute follow each other, and how many go at once. Pure."""

from dataclasses import dataclass
from typing import Final

from ml_connector.transport.call import Priority

MOST_BURST: Final = 10

WINDOW_SECONDS: Final = 61.0
"""A minute and a little: clocks do not go alike, and we count by the second."""


@dataclass(frozen=True)
class Pace:
    """The numbers of a GCRA limiter.

    Attributes:
        gap_seconds: between two calls in the long run.
        burst: calls that an idle limiter lets through at once.
    """

    gap_seconds: float
    burst: int

    def early_seconds(self, priority: Priority) -> float:
        """How far ahead of the steady pace a call may be.

        Bulk calls leave half of the burst, a push a quarter. A live call therefore always finds
        room before the others do, for as long as they have not waited too long
        (``queue.PATIENCE_SECONDS``).
        """
        return (self.burst - 1 - self.kept(priority)) * self.gap_seconds

    def kept(self, priority: Priority) -> int:
        """How many calls of the burst, and of the minute, are left to more urgent ones."""
        if priority is Priority.LIVE:
            return 0
        return self.burst // (4 if priority is Priority.PUSH else 2)


def pace(per_minute: int) -> Pace:
    """Choose gap and burst so that no sliding minute sees more than ``per_minute`` calls.

    GCRA lets at most ``burst + 60 / gap`` calls into a closed window of 60 seconds, so the
    burst is taken out of what flows steadily.
    """
    burst = max(1, min(MOST_BURST, per_minute // 6))
    return Pace(gap_seconds=WINDOW_SECONDS / max(1, per_minute - burst), burst=burst)
