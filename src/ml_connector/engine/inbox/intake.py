"""Intake: arrivals become inbox rows, marked subjects and jobs, in one transaction.

Arrivals that come while a commit is under way share the next one, and each is answered
only after its commit. Everybody who has something to say comes through here: webhooks,
sweeps, wake-ups and people.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import psycopg

from ml_connector.engine.work.lanes import BULK, LIVE, Lanes
from ml_connector.ledger.inbox import inbox
from ml_connector.ledger.inbox.inbox import Arrival, TakenIn
from ml_connector.storage.database import Connection, Database

_BATCH: Final = 256

# While one commit is under way, the next batch is prepared and sent beside it: the database
# works on one while we answer the other. More than two only make the batches smaller.
_AT_ONCE: Final = 2


async def take_in(
    connection: Connection, lanes: Lanes, arrivals: Sequence[Arrival]
) -> list[TakenIn]:
    """Store arrivals, mark their subjects and see that each has a job; answers in their order.

    All or nothing; nothing is on disk before the transaction of ``connection`` commits.
    """
    if not arrivals:
        return []
    bulk = all(arrival.source == "sweep" for arrival in arrivals)
    return await inbox.take_in(
        connection, arrivals, task=lanes.task, priority=BULK if bulk else LIVE
    )


class Intake:
    """Group commit in front of ``take_in``."""

    def __init__(self, database: Database, lanes: Lanes) -> None:
        self._database = database
        self._lanes = lanes
        self._waiting: list[tuple[Arrival, asyncio.Future[TakenIn]]] = []
        self._committing: set[asyncio.Task[None]] = set()

    async def accept(self, arrival: Arrival) -> TakenIn:
        """Take one arrival in; return after the commit that holds it.

        Raises:
            DatabaseAway: nothing was stored.
        """
        future: asyncio.Future[TakenIn] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, future))
        if len(self._committing) < _AT_ONCE:
            task = asyncio.create_task(self._commit_all())
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)
        return await future

    async def _commit_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            await self._commit(batch)

    async def _commit(self, batch: Sequence[tuple[Arrival, asyncio.Future[TakenIn]]]) -> None:
        try:
            async with self._database.single() as connection:
                taken = await take_in(connection, self._lanes, [arrival for arrival, _ in batch])
        except psycopg.DataError as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for pair in batch:  # one of them can't be stored: it must not cost the others
                await self._commit([pair])
        except Exception as error:  # noqa: BLE001 - handed to those who wait, who raise it
            _fail(batch, error)
        else:
            for (_, future), answer in zip(batch, taken, strict=True):
                if not future.done():
                    future.set_result(answer)


def _fail(batch: Sequence[tuple[Arrival, asyncio.Future[TakenIn]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
