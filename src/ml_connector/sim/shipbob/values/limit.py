"""The rate limit: a sliding window per user and application (reference shipbob.md, 4)."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)


class Limit:
    """Counts calls in the last minute of simulated time.

    Args:
        per_minute: how many calls a minute one application may make; 0 means no limit.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def take(self, application: str, now: datetime) -> timedelta | None:
        """Count one call.

        Returns:
            ``None`` when it is allowed, else how long to wait. A refused call does not count.
        """
        if not self.per_minute:
            return None
        calls = self._in_window(application, now)
        if len(calls) >= self.per_minute:
            return calls[-self.per_minute] + WINDOW - now
        calls.append(now)
        return None

    def remaining(self, application: str, now: datetime) -> int:
        """How many calls are left, as ``x-remaining-calls`` tells it."""
        if not self.per_minute:
            return 150
        return max(self.per_minute - len(self._in_window(application, now)), 0)

    def in_use(self, now: datetime) -> dict[str, int]:
        """Calls in the last minute, by application."""
        return {name: len(self._in_window(name, now)) for name in list(self._calls)}

    def _in_window(self, application: str, now: datetime) -> deque[datetime]:
        calls = self._calls[application]
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        return calls
