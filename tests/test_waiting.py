"""The suite measures no time, and its own ways to wait do what they say."""

import asyncio
import re
from pathlib import Path

import pytest

import clockwork
import waiting
from waiting import until, wait_until

HERE = Path(__file__).parent
OWN = {"waiting.py", "clockwork.py", "test_waiting.py"}
MEASURES = re.compile(
    r"asyncio\.(timeout|wait_for)\(|mark\.timeout|deadline=(?!None)|perf_counter|process_time"
    r"|assert .*monotonic\(\)"
)


def test_no_test_has_a_limit_of_its_own_or_looks_how_long_something_takes() -> None:
    lines = [
        f"{path.relative_to(HERE)}:{number}: {line.strip()}"
        for path in HERE.rglob("*.py")
        if path.name not in OWN
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if MEASURES.search(line)
    ]

    assert lines == []


def test_the_first_answer_that_is_true_is_returned() -> None:
    answers = iter([[], [], [3]])

    assert wait_until(lambda: next(answers), every_seconds=0) == [3]


async def test_the_loop_goes_on_meanwhile_and_the_answer_may_be_awaited() -> None:
    arrived = asyncio.Event()
    asyncio.get_running_loop().call_soon(arrived.set)

    async def ask() -> bool:
        return arrived.is_set()

    assert await until(arrived.is_set)
    assert await until(ask)


async def test_what_hangs_ends_with_its_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "HANGS_AFTER_SECONDS", -1.0)

    with pytest.raises(AssertionError, match=r"last answer: \[\]"):
        wait_until(list)
    with pytest.raises(AssertionError, match="last answer: ''"):
        await until(str)


def test_an_hour_of_clockwork_takes_no_time_and_ends_to_the_second() -> None:
    async def sleep() -> list[float]:
        loop = asyncio.get_running_loop()
        found = [loop.time()]
        await asyncio.gather(*(asyncio.sleep(minutes * 60) for minutes in (60, 5, 20)))
        found.append(loop.time())
        return found

    assert clockwork.run(sleep()) == [0.0, pytest.approx(3600)]
