"""Intake: arrivals become inbox rows, marked subjects and jobs, in one transaction.

Arrivals that come while a commit is under way share the next one, and each is answered
only after its commit. Everybody who has something to say comes through here: webhooks,
sweeps, wake-ups and people.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from ml_connector.engine.lanes import BULK, LIVE, Lanes
from ml_connector.ledger import inbox, subjects
from ml_connector.ledger.inbox import Arrival
from ml_connector.ledger.subjects import Marked
from ml_connector.storage.database import Connection, Database

_BATCH: Final = 256

# While one commit is under way, the next batch is prepared and sent beside it: the database
# works on one while we answer the other. More than two only make the batches smaller.
_AT_ONCE: Final = 2

# A subject that is tried again later than this runs at once when there is news of it.
_SOON: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of an arrival.

    Attributes:
        event_id: its row in the inbox.
        new: False when this delivery had been stored before.
    """

    event_id: int
    new: bool


async def take_in(
    connection: Connection, lanes: Lanes, arrivals: Sequence[Arrival]
) -> list[Taken]:
    """Store arrivals, mark their subjects and see that each has a job.

    Must run in a transaction; nothing is on disk before it commits. A delivery that was
    stored before, or that is twice among the arrivals, gets no second row and marks nothing.
    """
    known = await inbox.known(connection, arrivals)
    fresh: dict[inbox.DeliveryKey, Arrival] = {}
    # In one order for everybody, so that two commits never wait for each other in a ring.
    for arrival in sorted(arrivals, key=lambda one: (one.connection, one.delivery_id)):
        key = (arrival.connection, arrival.delivery_id)
        if key not in known:
            fresh.setdefault(key, arrival)
    marked = await subjects.mark(
        connection,
        {arrival.subject for arrival in fresh.values() if arrival.subject},
        within={
            arrival.subject: arrival.within
            for arrival in fresh.values()
            if arrival.subject and arrival.within
        },
    )
    stored = await inbox.store(
        connection, list(fresh.values()), {subject.ref: subject for subject in marked}
    )
    bulk = all(arrival.source == "sweep" for arrival in fresh.values())
    await _see_to_jobs(connection, lanes, marked, priority=BULK if bulk else LIVE)
    if len(stored) < len(fresh):  # somebody else stored the same delivery meanwhile
        known |= await inbox.known(connection, list(fresh.values()))
    answers: list[Taken] = []
    for arrival in arrivals:
        key = (arrival.connection, arrival.delivery_id)
        if key in stored and fresh.get(key) is arrival:
            answers.append(Taken(event_id=stored[key], new=True))
        else:
            answers.append(Taken(event_id=(known | stored)[key], new=False))
    return answers


async def _see_to_jobs(
    connection: Connection, lanes: Lanes, marked: Sequence[Marked], *, priority: int
) -> None:
    soon = datetime.now(UTC) + _SOON
    by_lane: dict[str, list[int]] = defaultdict(list)
    for subject in marked:
        if subject.job_id is not None:
            if subject.due_at is None or subject.due_at <= soon:
                continue
            if not await lanes.withdraw(connection, subject.job_id):
                continue
        by_lane[subject.ref.connection].append(subject.id)
    for lane, subject_ids in by_lane.items():
        jobs = await lanes.defer(connection, lane, subject_ids, priority=priority)
        await subjects.set_jobs(connection, list(zip(subject_ids, jobs, strict=True)))


class Intake:
    """Group commit in front of ``take_in``."""

    def __init__(self, database: Database, lanes: Lanes) -> None:
        self._database = database
        self._lanes = lanes
        self._waiting: list[tuple[Arrival, asyncio.Future[Taken]]] = []
        self._committing: set[asyncio.Task[None]] = set()

    async def accept(self, arrival: Arrival) -> Taken:
        """Take one arrival in; return after the commit that holds it.

        Raises:
            DatabaseAway: nothing was stored.
        """
        future: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
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

    async def _commit(self, batch: Sequence[tuple[Arrival, asyncio.Future[Taken]]]) -> None:
        try:
            async with self._database.transaction() as connection:
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


def _fail(batch: Sequence[tuple[Arrival, asyncio.Future[Taken]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
