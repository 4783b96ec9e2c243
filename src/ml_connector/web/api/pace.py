"""How many calls a token may make a minute, and how many tokens somebody may try."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException

_WINDOW_SECONDS: Final = 60.0
_MOST_KNOWN: Final = 10_000


class TooManyCalls(HTTPException):
    """There were too many calls within a minute."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS


class CallPace:
    """Counts calls by who makes them, in this process.

    Args:
        most: within a minute from the first of them on.
        clock: monotonic seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._of: dict[str, tuple[float, int]] = {}

    def count(self, who: str) -> None:
        """Count a call.

        Raises:
            TooManyCalls: it is one too many.
        """
        now = self._clock()
        began, times = self._of.get(who, (now, 0))
        if now >= began + _WINDOW_SECONDS:
            began, times = now, 0
        if who not in self._of and len(self._of) >= _MOST_KNOWN:
            self._forget(now)
        self._of[who] = (began, times + 1)
        if times + 1 > self._most:
            wait = max(1, round(began + _WINDOW_SECONDS - now))
            raise TooManyCalls(
                detail=f"At most {self._most} calls a minute", headers={"retry-after": str(wait)}
            )

    def _forget(self, now: float) -> None:
        """Forget those whose minute is over; where there are none, all: somebody floods us."""
        self._of = {
            who: (began, times)
            for who, (began, times) in self._of.items()
            if now < began + _WINDOW_SECONDS
        }
        if len(self._of) >= _MOST_KNOWN:
            self._of = {}
