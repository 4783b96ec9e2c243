"""Waiting for what happens elsewhere: for the condition itself, never for a time.

The suite measures no time: a busy machine takes long for everything. What is quick is measured
by ``make bench``.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar, overload

from ml_connector.storage.database import Database

T = TypeVar("T")

HANGS_AFTER_SECONDS: Final = 240.0
"""The one limit of every wait. It is there so that a hang ends, and no measure of anything."""


def wait_until(ask: Callable[[], T], *, every_seconds: float = 0.05) -> T:
    """Ask again and again; return the first answer that is true.

    Raises:
        AssertionError: it hangs; says what the last answer was.
    """
    ends = time.monotonic() + HANGS_AFTER_SECONDS
    while not (answer := ask()):
        _still_patient(ends, answer)
        time.sleep(every_seconds)
    return answer


@overload
async def until(ask: Callable[[], Awaitable[T]]) -> T: ...
@overload
async def until(ask: Callable[[], T]) -> T: ...
async def until(ask: Callable[[], Awaitable[T] | T]) -> T:
    """Let the other tasks of the loop work until the answer is true; return it.

    Raises:
        AssertionError: it hangs; says what the last answer was.
    """
    ends = time.monotonic() + HANGS_AFTER_SECONDS
    while True:
        asked = ask()
        answer = await asked if inspect.isawaitable(asked) else asked
        if answer:
            return answer
        _still_patient(ends, answer)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def unless_it_hangs() -> AsyncIterator[None]:
    """For what is awaited once, such as a read from a socket, and can't be asked again.

    Raises:
        TimeoutError: it hangs.
    """
    async with asyncio.timeout(HANGS_AFTER_SECONDS):
        yield


def _still_patient(ends: float, answer: object) -> None:
    if time.monotonic() > ends:
        raise AssertionError(f"not within {HANGS_AFTER_SECONDS:g} s; last answer: {answer!r}")


async def settle() -> None:
    """Let every other task of the loop go on as far as it can without the outside."""
    for _ in range(20):
        await asyncio.sleep(0)


async def answers_of(database: Database, *, times: int = 30) -> None:
    """Wait for so many answers of the database: the others get as many in the same time.

    For what must *not* happen: whoever would do it needs a few answers, however slow they are.
    """
    for _ in range(times):
        await database.fetch("select 1")
