"""Waiting for what happens in other processes: ask again and again, never just sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    ask: Callable[[], T], timeout_seconds: float = 30.0, *, every_seconds: float = 0.05
) -> T:
    """Return the first answer that is true.

    Raises:
        AssertionError: there was none in time; says what the last answer was.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_seconds:g} s; last answer: {answer!r}")
        time.sleep(every_seconds)
