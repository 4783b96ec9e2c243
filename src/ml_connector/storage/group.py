"""Group commit: what many callers have to write at the same time is one commit.

A commit waits for the disk, and every statement is a round trip, whether it is about one row
or about twenty. So what is asked for while a commit is under way goes into the next one.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import psycopg

from ml_connector.storage.database import Connection, Database, DatabaseAway, is_lost

_MOST: Final = 64

# From this many items in one commit on, it is worth waiting for more before the next.
_CROWD: Final = 4

_ANSWERS_AT_A_TIME: Final = 4

# Class 40: the whole transaction was rolled back because of another, such as a deadlock.
_ROLLED_BACK: Final = "40"

K = TypeVar("K")
V = TypeVar("V")


class GroupCommit(Generic[K, V]):
    """Does items of many callers in one commit; each is answered after the commit it is in.

    Args:
        database: where to.
        do: does these items inside a transaction and answers each, in their order; an
            exception in place of an answer goes to its caller, and nothing may have been
            written for it.
        most: items in one commit.
        at_once: commits under way at the same time. The database works on one while the
            callers of another are answered; with more, each holds fewer items.
        apart_seconds: while items come in crowds, time between the beginnings of two commits;
            where few come, each is done at once.
        answers_at_a_time: callers of one commit that go on before other work of the event
            loop does.
        repeatable: nobody is harmed when an item is done twice: where the database goes away
            before it has answered, do them again.
        one_statement: ``do`` writes with a single statement, which commits by itself: one
            answer of the database is waited for, where a transaction takes three.
    """

    def __init__(
        self,
        database: Database,
        do: Callable[[Connection, Sequence[K]], Awaitable[Sequence[V | Exception]]],
        *,
        most: int = _MOST,
        at_once: int = 1,
        apart_seconds: float = 0.0,
        answers_at_a_time: int = _ANSWERS_AT_A_TIME,
        repeatable: bool = False,
        one_statement: bool = False,
    ) -> None:
        self._open = database.single if one_statement else database.transaction
        self._do = do
        self._most = most
        self._at_once = at_once
        self._apart = apart_seconds
        self._answers_at_a_time = answers_at_a_time
        self._repeatable = repeatable
        self._began = -math.inf
        self._together = 0
        self._waiting: list[tuple[K, asyncio.Future[V]]] = []
        self._working: set[asyncio.Task[None] | None] = set()

    async def __call__(self, item: K) -> V:
        """Do one item; return after the commit that holds it.

        When one item of a commit fails, all are rolled back and each is done in a commit of
        its own. A caller that is cancelled goes on only when its commit is over, so that
        nothing of it is written afterwards.

        Raises:
            DatabaseAway: nothing was written.
            Exception: whatever ``do`` raised or answered for this item.
        """
        pair = item, asyncio.get_running_loop().create_future()
        self._waiting.append(pair)
        if len(self._working) < self._at_once:
            self._working.add(asyncio.create_task(self._work()))
        try:
            return await asyncio.shield(pair[1])
        except asyncio.CancelledError:
            if pair in self._waiting:
                self._waiting.remove(pair)
            elif not pair[1].done():
                await asyncio.wait([pair[1]])
            raise

    async def _work(self) -> None:
        batch: Sequence[tuple[K, asyncio.Future[V]]] = ()
        try:
            while self._waiting:
                left = self._began + self._apart - time.monotonic()
                if self._together >= _CROWD and left > 0 and len(self._waiting) < self._most:
                    await asyncio.sleep(left)
                self._began = time.monotonic()
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._together = len(batch)
                if batch:
                    await self._commit(batch)
        except BaseException:  # the event loop ends
            for _, answer in (*batch, *self._waiting):
                answer.cancel()
            self._waiting = []
            raise
        finally:
            self._working.discard(asyncio.current_task())

    async def _commit(self, batch: Sequence[tuple[K, asyncio.Future[V]]]) -> None:
        try:
            answers = await self._answers([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - handed to the callers, who raise it
            if len(batch) > 1 and _may_be_of_one(error):
                for pair in batch:
                    await self._commit([pair])
                return
            answers = [error] * len(batch)
        for number, ((_, future), answer) in enumerate(zip(batch, answers, strict=True)):
            if number % self._answers_at_a_time == self._answers_at_a_time - 1:
                await asyncio.sleep(0)
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
                future.exception()  # its caller may have been cancelled; that is no fault
            else:
                future.set_result(answer)

    async def _answers(self, items: Sequence[K]) -> Sequence[V | Exception]:
        while True:
            try:
                async with self._open() as connection:
                    return await self._do(connection, items)
            except psycopg.OperationalError as error:
                if not (self._repeatable and is_lost(error)):
                    raise


def _may_be_of_one(error: Exception) -> bool:
    """Whether the other items may succeed alone: not when the database is gone."""
    if isinstance(error, psycopg.OperationalError):
        return (error.sqlstate or "").startswith(_ROLLED_BACK)
    return not isinstance(error, DatabaseAway)
