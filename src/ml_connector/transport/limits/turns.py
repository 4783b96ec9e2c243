"""Turns under a limit that are taken before the calls that need them.

The clock of a write begins when it is written down, so its turns are taken before that: then
nothing that waits for the limit can use its time up (ADR 0026).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Turns:
    """Turns that one run has taken ahead; who has none waits in the queue, as without them."""

    def __init__(self, limit_key: str = "", left: int = 0) -> None:
        self._limit_key = limit_key
        self._left = left

    def add(self, limit_key: str) -> None:
        """Add one more turn under the same limit."""
        self._limit_key = limit_key
        self._left += 1

    def use(self, limit_key: str) -> bool:
        """Use one up for a call under this limit, if there is one."""
        if self._left == 0 or self._limit_key != limit_key:
            return False
        self._left -= 1
        return True

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the calls within the block use these turns up."""
        before = _in_use.set(self)
        try:
            yield
        finally:
            _in_use.reset(before)


_in_use: Final[ContextVar[Turns | None]] = ContextVar("turns taken ahead", default=None)


def use_turn(limit_key: str) -> bool:
    """Use a turn up that was taken ahead for a call under this limit, if there is one."""
    turns = _in_use.get()
    return turns is not None and turns.use(limit_key)
