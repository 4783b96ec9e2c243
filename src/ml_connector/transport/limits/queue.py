"""Who waits in this process for one limit, and whose turn is next. Pure."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ml_connector.transport import elapsed
from ml_connector.transport.call import Priority
from ml_connector.transport.limits.grants import Pass

OTHERS_FIRST: Final[Mapping[Priority, int]] = {
    Priority.LIVE: 0,
    Priority.PUSH: 4,
    Priority.BULK: 8,
    Priority.REPORT: 16,
}
"""So many turns may go to more urgent calls before one goes to a call of this priority: a
waiting push has at least every fifth turn, a sweep every ninth, a report every seventeenth."""

PATIENCE_SECONDS: Final[Mapping[Priority, float]] = {
    Priority.LIVE: 0.0,
    Priority.PUSH: 5.0,
    Priority.BULK: 15.0,
    Priority.REPORT: 30.0,
}
"""After so long a wait, a call competes with other processes as a live one does."""


@dataclass(frozen=True, eq=False)
class Waiter:
    """A call, or a write that is to come, that waits for its turn.

    Attributes:
        writes: it goes before the reads of its priority.
        since: when it came (``elapsed.seconds``).
    """

    priority: Priority
    writes: bool
    passed: "asyncio.Future[Pass]"
    since: float = field(default_factory=elapsed.seconds)

    def competes_as(self, now: float) -> Priority:
        """Return the priority with which the database is asked for the turn."""
        waited = now - self.since
        return Priority.LIVE if waited >= PATIENCE_SECONDS[self.priority] else self.priority


class Queue:
    """Those who wait, in the order of their priority, each priority with a share of the turns."""

    def __init__(self) -> None:
        self._lines: dict[Priority, tuple[deque[Waiter], deque[Waiter]]] = {
            priority: (deque(), deque()) for priority in Priority
        }
        self._passed_over = dict.fromkeys(Priority, 0)

    def __iter__(self) -> Iterator[Waiter]:
        for writes, reads in self._lines.values():
            yield from writes
            yield from reads

    def add(self, waiter: Waiter) -> None:
        """Let somebody wait."""
        writes, reads = self._lines[waiter.priority]
        (writes if waiter.writes else reads).append(waiter)

    def first(self) -> Waiter | None:
        """Return the most urgent one."""
        return next((one for one in map(self._head, Priority) if one is not None), None)

    def next(self) -> Waiter | None:
        """Return whose turn it is: the most urgent one, or one passed over often enough."""
        for priority in Priority:
            often = self._passed_over[priority] >= OTHERS_FIRST[priority] > 0
            if often and (head := self._head(priority)) is not None:
                return head
        return self.first()

    def let_through(self, waiter: Waiter, passed: Pass) -> None:
        """Give a waiter, who is the head of a line, its turn."""
        self._passed_over[waiter.priority] = 0
        for priority in Priority:
            if priority > waiter.priority and self._head(priority) is not None:
                self._passed_over[priority] += 1
        waiter.passed.set_result(passed)
        self._head(waiter.priority)

    def clear(self) -> None:
        """Forget everybody."""
        for writes, reads in self._lines.values():
            writes.clear()
            reads.clear()

    def _head(self, priority: Priority) -> Waiter | None:
        for line in self._lines[priority]:
            while line and line[0].passed.done():
                line.popleft()
            if line:
                return line[0]
        return None
