"""An event loop with a clock of its own, which goes on only when everybody waits for it.

What sleeps for an hour sleeps for an hour of this clock, in no time at all, and is never late.
It is for what waits for the clock alone: an answer of a database or of a server takes time
that this clock knows nothing of.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest import mock

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Instead of waiting it puts the clock forward."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout and 0)
        if timeout is not None and not ready:
            self.now += max(0.0, timeout)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do this work by such a clock; ``time.monotonic`` and ``elapsed.seconds`` show it too."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        loop = runner.get_loop()
        with (
            mock.patch("time.monotonic", loop.time),
            mock.patch("time.clock_gettime", side_effect=lambda _: loop.time()),
        ):
            return runner.run(work)
