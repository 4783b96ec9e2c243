"""Reads shared by everybody who asks at the same time and as urgently: many keys, one fetch."""

import asyncio
import math
import time
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from itertools import islice
from typing import Final, Generic, TypeVar

from ml_connector.errors import Retryable, Unreadable
from ml_connector.transport.call import Priority, comes_in_crowds, present_priority
from ml_connector.transport.spoiled import gathering
from ml_connector.words import Cause

_LOOKS: Final = 3
"""So often it is looked whether further keys come, while a fetch waits for them."""

_MOMENT_SECONDS: Final = 0.02
"""So long a fetch that others could join waits for those who were answered with the first."""

_CROWD_MOMENT_SECONDS: Final = 0.5
"""The same for work that nobody waits for and that comes in crowds."""

_MOST_SUSPECTS: Final = 10_000

_AT_A_TIME: Final = 4
"""So many go on with their answers before other work gets its turn: not hundreds at once."""

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """Collects keys while a fetch is under way and gets them all with the next one.

    An idle batch fetches at once, with every key asked for in the same turn of the event
    loop. A key asked for while it is being fetched joins the next fetch, so that an answer is
    never older than the question. Work of different priorities shares no fetch: nobody waits
    for one that is less urgent.

    Args:
        fetch: gets the values of these keys; a key it leaves out has no value.
        most: keys in one fetch, at most.
        at_once: fetches under way at the same time, at most.
        apart_seconds: while further keys keep coming, a fetch that is not full begins so long
            after the one before: where calls are dearer than a moment's wait.
        burst: fetches after a pause that need not be apart.
        crowd_apart_seconds: the same as ``apart_seconds`` for work that nobody waits for, which
            comes in crowds.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        most: int,
        at_once: int = 1,
        apart_seconds: float = 0.0,
        burst: int = 1,
        crowd_apart_seconds: float = 0.0,
    ) -> None:
        if most < 1 or at_once < 1 or burst < 1:
            raise ValueError("a batch needs room for one key and one fetch")

        def line(*, in_crowds: bool) -> _OfPriority[K, V]:
            crowd = in_crowds and crowd_apart_seconds > 0
            return _OfPriority(
                fetch,
                most=most,
                at_once=at_once,
                apart_seconds=max(apart_seconds, crowd_apart_seconds) if crowd else apart_seconds,
                burst=burst,
                crowd=crowd,
            )

        self._lines = {
            (priority, in_crowds): line(in_crowds=in_crowds)
            for priority in Priority
            for in_crowds in (False, True)
        }

    async def get(self, key: K) -> V | None:
        """Return the value of a key, or None when there is none.

        Raises whatever the fetch with this key raised; other fetches are not touched by it.
        Where an answer about several can't be read, they are asked for in halves, so that only
        those fail whose own rows are spoiled.
        """
        return await self._lines[present_priority(), comes_in_crowds()].get(key)


async def each(
    batch: Batch[str, V], keys: Collection[str], spoiled: dict[str, Unreadable] | None
) -> dict[str, V | None]:
    """Return the values of several keys, asked for at once: in one fetch, where it has room.

    Args:
        batch: gets them.
        keys: each is asked for once.
        spoiled: takes the keys whose values can't be read; None: each is a failure.
    """
    ordered = sorted(keys)
    if spoiled is None:
        values = await asyncio.gather(*map(batch.get, ordered))
        return dict(zip(ordered, values, strict=True))
    answers = await asyncio.gather(*map(batch.get, ordered), return_exceptions=True)
    found: dict[str, V | None] = {}
    for key, answer in zip(ordered, answers, strict=True):
        if isinstance(answer, Unreadable):
            spoiled[key] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found[key] = answer
    return found


class _OfPriority(Generic[K, V]):
    """What is asked for by work of one priority."""

    def __init__(
        self,
        fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        most: int,
        at_once: int,
        apart_seconds: float,
        burst: int,
        crowd: bool,
    ) -> None:
        self._crowd = crowd
        self._moment = _CROWD_MOMENT_SECONDS if crowd else _MOMENT_SECONDS
        self._fetch = fetch
        self._most = most
        self._at_once = at_once
        self._apart = apart_seconds
        self._early = (burst - 1) * apart_seconds
        self._next = -math.inf  # when the next fetch is due at a steady pace
        self._apart_from: _Suspects[K] = _Suspects()
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        # Each who asks has one of their own: who stops waiting takes nothing from the others.
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(key, []).append(answer)
        if self._working < self._at_once:
            self._working += 1
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _work(self) -> None:
        try:
            while self._asked:
                await self._gather()
                self._next = max(self._next, time.monotonic()) + self._apart
                keys = self._apart_from.together(self._asked, self._most)
                await self._answer({key: self._asked.pop(key) for key in keys})
        except BaseException:
            _cancel(self._asked)
            self._asked.clear()
            raise
        finally:
            # In the same breath as the look at what is asked: no key is left unserved.
            self._working -= 1

    async def _gather(self) -> None:
        """Let others join until the fetch is due or full, or nobody comes who is waited for."""
        if self._apart:
            await asyncio.sleep(min(self._apart, self._moment))
        due = self._next - self._early
        while (left := due - time.monotonic()) > 0 and len(self._asked) < self._most:
            before = len(self._asked)
            await asyncio.sleep(min(left, self._apart / _LOOKS))
            if len(self._asked) == before and not self._crowd:
                return

    async def _answer(self, asked: Mapping[K, Sequence[asyncio.Future[V | None]]]) -> None:
        try:
            with gathering(None):
                found = await self._fetch(tuple(asked))
            self._apart_from.answered(asked)
            await self._hand_out(found, asked)
        except Unreadable as error:
            if len(asked) == 1:
                _fail(asked, error)
                return
            for half in _halves(asked):
                await self._answer(half)
        except Exception as error:  # noqa: BLE001 - it goes to those who asked
            if isinstance(error, Retryable) and error.cause is Cause.UPSTREAM_UNAVAILABLE:
                self._apart_from.failed(asked)
            _fail(asked, error)
        except BaseException:
            _cancel(asked)
            raise

    async def _hand_out(
        self, found: Mapping[K, V], asked: Mapping[K, Sequence[asyncio.Future[V | None]]]
    ) -> None:
        for number, (key, answers) in enumerate(asked.items(), start=1):
            for answer in answers:
                if not answer.done():
                    answer.set_result(found.get(key))
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)


class _Suspects(Generic[K]):
    """Keys of fetches that the other system could not answer, be it for one of them alone.

    The next fetch with such a key holds half as many, and none of the others: so the key that
    fails for good is soon asked for alone, and hides behind nobody.
    """

    def __init__(self) -> None:
        self._most: dict[K, int] = {}

    def failed(self, keys: Collection[K]) -> None:
        if len(self._most) + len(keys) > _MOST_SUSPECTS:
            self._most.clear()
        self._most.update(dict.fromkeys(keys, max(1, len(keys) // 2)))

    def answered(self, keys: Iterable[K]) -> None:
        if self._most:
            for key in keys:
                self._most.pop(key, None)

    def together(self, asked: Iterable[K], most: int) -> list[K]:
        """Return the keys to fetch next, of those that are asked for."""
        if not self._most:
            return list(islice(asked, most))
        first = next(iter(asked))
        if first not in self._most:
            return list(islice((key for key in asked if key not in self._most), most))
        most = min(most, self._most[first])
        return list(islice((key for key in asked if key in self._most), most))


def _halves(
    asked: Mapping[K, Sequence[asyncio.Future[V | None]]],
) -> Iterator[Mapping[K, Sequence[asyncio.Future[V | None]]]]:
    keys = list(asked)
    middle = len(keys) // 2
    for half in (keys[:middle], keys[middle:]):
        yield {key: asked[key] for key in half}


def _fail(asked: Mapping[K, Sequence[asyncio.Future[V | None]]], error: Exception) -> None:
    for answer in _waiting(asked):
        answer.set_exception(error)
        answer.exception()  # nobody may be waiting any more; that is no fault


def _waiting(
    asked: Mapping[K, Sequence[asyncio.Future[V | None]]],
) -> Iterator[asyncio.Future[V | None]]:
    return (answer for answers in asked.values() for answer in answers if not answer.done())


def _cancel(asked: Mapping[K, Sequence[asyncio.Future[V | None]]]) -> None:
    for answer in _waiting(asked):
        answer.cancel()
