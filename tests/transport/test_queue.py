"""Whose turn is next under a limit."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from ml_connector.transport.call import Priority
from ml_connector.transport.limits.grants import Pass
from ml_connector.transport.limits.queue import OTHERS_FIRST, PATIENCE_SECONDS, Queue, Waiter


async def waiting(queue: Queue, priorities: Iterable[Priority], *, writes: bool = False) -> None:
    for priority in priorities:
        queue.add(Waiter(priority, writes, asyncio.get_running_loop().create_future()))


async def served(queue: Queue, turns: int) -> list[Priority]:
    order = []
    for _ in range(turns):
        waiter = queue.next()
        assert waiter is not None
        queue.let_through(waiter, Pass())
        order.append(waiter.priority)
    return order


async def test_who_waits_for_a_person_or_a_webhook_goes_first() -> None:
    queue = Queue()
    await waiting(queue, [*reversed(Priority)] * 2)

    assert await served(queue, 8) == [one for one in Priority for _ in range(2)]
    assert queue.next() is None


async def test_each_priority_has_its_share_however_much_is_more_urgent() -> None:
    queue = Queue()
    await waiting(queue, [one for one in Priority for _ in range(1000)])
    shares = Counter(await served(queue, 1000))

    assert shares[Priority.LIVE] > 600
    assert all(shares[one] >= 1000 // (OTHERS_FIRST[one] + 1) // 2 for one in (*Priority,)[1:]), (
        shares
    )


@pytest.mark.parametrize("patient", (*Priority,)[1:])
async def test_nobody_is_passed_over_more_often_than_said(patient: Priority) -> None:
    queue = Queue()
    await waiting(queue, [patient, *[Priority.LIVE] * 100])
    order = await served(queue, 101)

    assert order.index(patient) == OTHERS_FIRST[patient]


async def test_a_write_goes_before_the_reads_of_its_priority_and_no_other() -> None:
    queue = Queue()
    await waiting(queue, [Priority.PUSH, Priority.LIVE])
    await waiting(queue, [Priority.PUSH], writes=True)
    first = await served(queue, 1)
    second = queue.next()
    assert second is not None

    assert first == [Priority.LIVE]
    assert (second.priority, second.writes) == (Priority.PUSH, True)


async def test_who_gave_up_is_passed_by() -> None:
    queue = Queue()
    await waiting(queue, [Priority.LIVE, Priority.PUSH])
    live = queue.first()
    assert live is not None
    live.passed.cancel()

    assert await served(queue, 1) == [Priority.PUSH]


@pytest.mark.parametrize("priority", (*Priority,)[1:])
async def test_who_has_waited_long_competes_with_other_processes_as_live(
    priority: Priority,
) -> None:
    waiter = Waiter(priority, False, asyncio.get_running_loop().create_future(), since=100.0)  # noqa: FBT003 - a field
    patience = PATIENCE_SECONDS[priority]

    assert waiter.competes_as(100.0 + patience - 0.1) is priority
    assert waiter.competes_as(100.0 + patience) is Priority.LIVE
