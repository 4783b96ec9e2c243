"""Each daily job exactly once on each day that the clock shows, whatever the clock does."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from ml_connector.engine.inbox.schedule import is_due
from ml_connector.ledger.turns import DailyTurn

ZONES: Final = (
    "America/Chicago",
    "America/St_Johns",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
)
STEP: Final = timedelta(minutes=10)
TIMES: Final = (time(0, 0), time(1, 30), time(2, 30), time(6, 0), time(23, 50))

Clock = Callable[[datetime], datetime]
"""What the machine's clock shows at a true moment."""


def days_done(at: time, zone: ZoneInfo, begin: datetime, days: int, clock: Clock) -> list[date]:
    """Return the local days, by the clock, on which a daily job was done."""
    taken = DailyTurn(clock(begin), None)
    done: list[date] = []
    now = begin
    while now < begin + timedelta(days=days):
        now += STEP
        shown = clock(now)
        seen = taken.seen_at(shown)
        if seen.at == shown:
            taken = seen
        if is_due(at, last=seen.at, now=shown, zone=zone):
            done.append(shown.astimezone(zone).date())
            taken = taken.taken_at(shown)
    return done


def switches(zone: ZoneInfo, year: int) -> list[datetime]:
    """Return the moments of a year at which the zone's clocks are put forward or back."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=one) for one in range(366 * 24)]
    return [
        later
        for earlier, later in pairwise(hours)
        if earlier.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset()
    ]


def right(now: datetime) -> datetime:
    return now


@pytest.mark.parametrize("name", ZONES)
def test_both_switches_of_the_year(name: str) -> None:
    zone = ZoneInfo(name)
    found = switches(zone, 2027)
    assert len(found) >= 2

    for switch in found:
        begin = switch.astimezone(zone).replace(hour=12, minute=0) - timedelta(days=2)
        for at in TIMES:
            done = days_done(at, zone, begin.astimezone(UTC), 4, right)
            assert Counter(done) == Counter(
                begin.date() + timedelta(days=one)
                for one in range(5)
                if (one > 0 or at > time(12)) and (one < 4 or at <= time(11))
            ), (name, at)


@pytest.mark.parametrize(
    "begin", [datetime(2028, 2, 27, 18, tzinfo=UTC), datetime(2026, 12, 30, 18, tzinfo=UTC)]
)
@pytest.mark.parametrize("name", ZONES)
def test_the_leap_day_and_the_turn_of_the_year(name: str, begin: datetime) -> None:
    done = days_done(time(6), ZoneInfo(name), begin, 4, right)

    assert len(done) == len(set(done)) == 4
    assert max(done) - min(done) == timedelta(days=3)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("hours", [1, -1, 365 * 24, -365 * 24])
@pytest.mark.parametrize("hour_set", [*range(0, 24, 3), 5, 7])
@pytest.mark.parametrize("minutes_wrong", [30, 150])
def test_a_clock_that_is_set_wrong_and_put_right(
    name: str, hours: int, hour_set: int, minutes_wrong: int
) -> None:
    zone = ZoneInfo(name)
    begin = datetime(2026, 11, 18, 12, tzinfo=zone).astimezone(UTC)
    wrong_from = datetime(2026, 11, 20, hour_set, 5, tzinfo=zone).astimezone(UTC)
    wrong_until = wrong_from + timedelta(minutes=minutes_wrong)

    def clock(now: datetime) -> datetime:
        return now + timedelta(hours=hours) if wrong_from <= now < wrong_until else now

    done = Counter(days_done(time(6), zone, begin, 5, clock))

    true_days = {date(2026, 11, 19) + timedelta(days=one) for one in range(5)}
    assert {day: count for day, count in done.items() if day in true_days} == dict.fromkeys(
        true_days, 1
    )
    # A clock that is set forward first catches up on what it thinks was missed.
    assert all(count <= 2 for count in done.values())
