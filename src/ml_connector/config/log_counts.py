"""Log lines about what happens often: counts, so that nobody can fill a disk with them."""

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakSet

import structlog

EVERY_SECONDS: Final = 60.0
_MOST_KINDS: Final = 1_000


@dataclass
class _Kind:
    """One kind of thing that happens.

    Attributes:
        silent: how often it has happened since the last line.
        fields: of the latest.
    """

    logged_at: float
    silent: int = 0
    fields: dict[str, Any] = field(default_factory=dict)


_every: "Final[WeakSet[LogCounts]]" = WeakSet()


def flush_counts(*, everything: bool = False) -> None:
    """Write all counts of this process whose time has come; at its end, everything."""
    for counts in tuple(_every):
        counts.flush(everything=everything)


class CountedRecords(logging.Filter):
    """Lets the first record of each message of a library through, and counts the others.

    For loggers whose records strangers can cause, as many as they like.
    """

    def __init__(self, counts: "LogCounts") -> None:
        super().__init__()
        self._counts = counts

    def filter(self, record: logging.LogRecord) -> bool:
        """Count a warning or an error; whether it is written itself, for its traceback."""
        if record.levelno < logging.WARNING:
            return True
        first = self._counts.note(record.name, record.msg, reason=record.getMessage().strip())
        return first and record.exc_info is not None


class LogCounts:
    """Logs the first of each kind at once, and then one line a minute at most, with the count.

    Args:
        log: where to.
        every_seconds: the least time between two lines about one kind.
        clock: in seconds, from anywhere.
    """

    def __init__(
        self,
        log: structlog.stdlib.BoundLogger,
        *,
        every_seconds: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._every = every_seconds
        self._clock = clock
        self._kinds: dict[tuple[str, Hashable], _Kind] = {}
        _every.add(self)

    def __len__(self) -> int:
        """Return how many kinds are counted."""
        return len(self._kinds)

    def note(self, event: str, about: Hashable, **fields: Any) -> bool:
        """Count one; return whether a line was written about it now.

        Args:
            event: the name of the line.
            about: what tells kinds of one event apart; the caller sees that there are few.
            fields: of the line; those of the latest count.
        """
        key = (event, about)
        known = self._kinds.get(key)
        if known is not None and self._clock() - known.logged_at < self._every:
            known.silent += 1
            known.fields = fields
            return False
        if known is None and len(self._kinds) >= _MOST_KINDS:
            self.flush(everything=True)
        self._write(event, key, fields, (known.silent if known else 0) + 1)
        return True

    def flush(self, *, everything: bool = False) -> None:
        """Write the counts whose time has come, and forget kinds that have ceased.

        Args:
            everything: also what was written about less than a minute ago.
        """
        now = self._clock()
        for key, kind in list(self._kinds.items()):
            if now - kind.logged_at < self._every and not everything:
                continue
            if kind.silent:
                self._write(key[0], key, kind.fields, kind.silent)
            else:
                del self._kinds[key]
        if everything:
            self._kinds.clear()

    def _write(
        self, event: str, key: tuple[str, Hashable], fields: dict[str, Any], times: int
    ) -> None:
        self._kinds[key] = _Kind(self._clock())
        self._log.warning(event, **fields, times=times)
