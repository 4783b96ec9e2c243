import asyncio
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest

from ml_connector.sim.clock import Clock
from waiting import settle

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_a_standing_clock_moves_only_when_it_is_advanced() -> None:
    clock = Clock(NOON, speed=0)

    assert clock.now() == NOON
    assert clock.advance(timedelta(hours=27, minutes=35)) == NOON + timedelta(hours=27, minutes=35)
    assert clock.now() == NOON + timedelta(hours=27, minutes=35)


def test_the_clock_speaks_utc_whatever_zone_it_was_started_in() -> None:
    chicago = datetime(2026, 11, 2, 6, 0, tzinfo=timezone(timedelta(hours=-6)))

    clock = Clock(chicago, speed=0)

    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_a_fast_clock_lets_hours_pass_in_an_instant() -> None:
    async def wait_ten_hours(clock: Clock) -> datetime:
        await clock.sleep_until(NOON + timedelta(hours=10))
        return clock.now()

    woke = asyncio.run(wait_ten_hours(Clock(NOON, speed=10_000_000)))

    assert woke >= NOON + timedelta(hours=10)


async def test_a_sleeper_wakes_when_another_thread_advances_the_clock() -> None:
    clock = Clock(NOON, speed=0)
    sleeper = asyncio.create_task(clock.sleep_until(NOON + timedelta(minutes=5)))
    await asyncio.sleep(0)
    assert not sleeper.done()

    jump = Thread(target=clock.advance, args=(timedelta(minutes=5),))
    jump.start()
    await sleeper
    jump.join()

    assert clock.now() == NOON + timedelta(minutes=5)


async def test_a_sleeper_that_is_not_due_yet_goes_on_sleeping_after_a_jump() -> None:
    clock = Clock(NOON, speed=0)
    sleeper = asyncio.create_task(clock.sleep(timedelta(minutes=5)))
    await asyncio.sleep(0)

    clock.advance(timedelta(minutes=4))
    await settle()
    assert not sleeper.done()

    clock.advance(timedelta(minutes=1))
    await sleeper

    assert sleeper.done()


async def test_a_change_of_speed_reaches_those_who_sleep_already() -> None:
    clock = Clock(NOON, speed=0)
    sleeper = asyncio.create_task(clock.sleep(timedelta(days=1)))
    await asyncio.sleep(0)

    clock.set_speed(100_000_000)
    await sleeper

    assert clock.now() >= NOON + timedelta(days=1)


async def test_a_cancelled_sleeper_leaves_nothing_behind() -> None:
    clock = Clock(NOON, speed=0)
    sleeper = asyncio.create_task(clock.sleep(timedelta(days=1)))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper

    clock.advance(timedelta(days=1))

    assert clock.now() == NOON + timedelta(days=1)


def test_advancing_to_an_instant_never_goes_back() -> None:
    clock = Clock(NOON, speed=0)

    assert clock.advance_to(NOON - timedelta(days=1)) == NOON
    assert clock.advance_to(NOON + timedelta(days=1)) == NOON + timedelta(days=1)


def test_time_never_goes_backwards() -> None:
    clock = Clock(NOON, speed=0)

    with pytest.raises(ValueError, match="only goes forward"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="only goes forward"):
        clock.set_speed(-1)


def test_an_instant_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Clock(datetime(2026, 11, 2))  # noqa: DTZ001 - the mistake under test
