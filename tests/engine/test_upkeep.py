"""Chores are done again and again by one worker at a time, and end when they are told to."""

import asyncio

from ml_connector.engine.work.chores import Chore, keep_up
from ml_connector.storage.database import Database


async def ended(task: "asyncio.Task[None]") -> bool:
    task.cancel()
    await asyncio.wait([task])
    return task.done()


async def test_a_chore_that_fails_is_done_again_and_stops_no_other(database: Database) -> None:
    turns = {"good": 0, "bad": 0}
    enough = asyncio.Event()

    async def good() -> None:
        turns["good"] += 1
        if min(turns.values()) >= 3:
            enough.set()

    async def bad() -> None:
        turns["bad"] += 1
        raise ZeroDivisionError

    chores = [
        Chore(name="bad", every_seconds=0.01, do=bad),
        Chore(name="good", every_seconds=0.01, do=good),
    ]
    task = asyncio.create_task(keep_up(database, chores))
    await enough.wait()

    assert await ended(task)


async def test_a_chore_is_done_by_one_worker_at_a_time(database: Database) -> None:
    doing, most, turns = 0, 0, 0
    enough = asyncio.Event()

    async def slow() -> None:
        nonlocal doing, most, turns
        doing, turns = doing + 1, turns + 1
        most = max(most, doing)
        await asyncio.sleep(0.02)
        doing -= 1
        if turns >= 6:
            enough.set()

    chore = Chore(name="slow", every_seconds=0.001, do=slow)
    tasks = [asyncio.create_task(keep_up(database, [chore])) for _ in range(3)]
    await enough.wait()

    assert most == 1
    assert all([await ended(task) for task in tasks])


async def test_chores_end_though_a_cancellation_was_lost_on_the_way(database: Database) -> None:
    begun = asyncio.Event()

    async def swallows() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return  # as a library may, when its answer comes in the same moment

    task = asyncio.create_task(
        keep_up(database, [Chore(name="deaf", every_seconds=0.01, do=swallows)])
    )
    await begun.wait()

    assert await ended(task)
