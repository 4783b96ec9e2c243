"""Reads shared by everybody who asks at the same time: many keys, one fetch."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Final, Generic, TypeVar

_LOOKS: Final = 8
"""So often it is looked whether further keys come, while a fetch waits for them."""

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """Collects keys while a fetch is under way and gets them all with the next one.

    An idle batch fetches at once, with every key asked for in the same turn of the event
    loop. A key asked for while it is being fetched joins the next fetch, so that an answer is
    never older than the question.

    Args:
        fetch: gets the values of these keys; a key it leaves out has no value.
        most: keys in one fetch, at most.
        at_once: fetches under way at the same time, at most.
        apart_seconds: while further keys keep coming, a fetch that is not full begins so long
            after the one before: where calls are dearer than a moment's wait.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
        *,
        most: int,
        at_once: int = 1,
        apart_seconds: float = 0.0,
    ) -> None:
        if most < 1 or at_once < 1:
            raise ValueError("a batch needs room for one key and one fetch")
        self._fetch = fetch
        self._most = most
        self._at_once = at_once
        self._apart = apart_seconds
        self._began = -math.inf
        self._asked: dict[K, asyncio.Future[V | None]] = {}
        self._working = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V | None:
        """Return the value of a key, or None when there is none.

        Raises whatever the fetch with this key raised; other fetches are not touched by it.
        """
        answer = self._asked.get(key)
        if answer is None:
            answer = asyncio.get_running_loop().create_future()
            self._asked[key] = answer
            if self._working < self._at_once:
                self._working += 1
                task = asyncio.create_task(self._work())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        # Shielded: one who stops waiting must not take the answer from the others.
        return await asyncio.shield(answer)

    async def _work(self) -> None:
        try:
            while self._asked:
                await self._gather()
                self._began = time.monotonic()
                keys = list(islice(self._asked, self._most))
                await self._answer({key: self._asked.pop(key) for key in keys})
        except BaseException:
            for answer in self._asked.values():
                answer.cancel()
            self._asked.clear()
            raise
        finally:
            # In the same breath as the look at what is asked: no key is left unserved.
            self._working -= 1

    async def _gather(self) -> None:
        """Let others join until the fetch is due or full, or nobody comes any more."""
        due = self._began + self._apart
        while (left := due - time.monotonic()) > 0 and len(self._asked) < self._most:
            before = len(self._asked)
            await asyncio.sleep(min(left, self._apart / _LOOKS))
            if len(self._asked) == before:
                return

    async def _answer(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            found = await self._fetch(tuple(asked))
        except Exception as error:  # noqa: BLE001 - it goes to those who asked
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # nobody may be waiting any more; that is no fault
        except BaseException:
            for answer in asked.values():
                answer.cancel()
            raise
        else:
            for key, answer in asked.items():
                answer.set_result(found.get(key))
