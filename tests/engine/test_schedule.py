from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector.engine.inbox.schedule import is_due, stands_from

CHICAGO = ZoneInfo("America/Chicago")
FIVE_MINUTES = timedelta(minutes=5)


def runs(
    at: time, begins: datetime, ends: datetime, last: datetime | None = None
) -> list[datetime]:
    """When a daily schedule runs, looked at every five minutes."""
    found: list[datetime] = []
    now = begins
    while now < ends:
        if is_due(at, last=last, now=now, zone=CHICAGO):
            found.append(now.astimezone(CHICAGO))
            last = now
        now += FIVE_MINUTES
    return found


def test_what_never_ran_is_due() -> None:
    assert is_due(time(6), last=None, now=datetime(2026, 11, 20, tzinfo=UTC), zone=CHICAGO)


def test_an_interval_is_due_when_it_is_over() -> None:
    last = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    quarter = timedelta(minutes=15)

    assert not is_due(quarter, last=last, now=last + timedelta(minutes=14), zone=CHICAGO)
    assert is_due(quarter, last=last, now=last + timedelta(minutes=15), zone=CHICAGO)


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (datetime(2026, 3, 7, 18, tzinfo=UTC), "spring"),
        (datetime(2026, 10, 31, 18, tzinfo=UTC), "autumn"),
    ],
)
@pytest.mark.parametrize("at", [time(6), time(1, 30), time(2, 30), time(0, 0), time(23, 55)])
def test_a_daily_time_comes_exactly_once_a_day_when_the_clocks_change(
    first: datetime, what: str, at: time
) -> None:
    found = runs(at, first, first + timedelta(days=3), last=first)

    assert len(found) == 3, what
    assert len({moment.date() for moment in found}) == 3


def test_a_run_missed_while_the_service_was_off_is_caught_up_once() -> None:
    last = datetime(2026, 11, 18, 12, tzinfo=UTC)
    found = runs(
        time(6),
        datetime(2026, 11, 20, 20, tzinfo=UTC),
        datetime(2026, 11, 21, 11, tzinfo=UTC),
        last,
    )

    assert [moment.isoformat() for moment in found] == ["2026-11-20T14:00:00-06:00"]


@pytest.mark.parametrize(
    ("schedule", "ago", "minutes"),
    [
        (timedelta(minutes=15), timedelta(minutes=16), 16),
        (timedelta(minutes=15), None, 15),
        (timedelta(minutes=15), timedelta(hours=9), 30),
        (timedelta(days=3), timedelta(days=3), 24 * 60),
        (timedelta(days=3), None, 24 * 60),
        (time(6), timedelta(days=2), 24 * 60),
        (time(6), None, 24 * 60),
    ],
)
def test_a_run_stands_for_the_time_since_the_last_one_if_that_is_not_long_ago(
    schedule: timedelta | time, ago: timedelta | None, minutes: int
) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    last = None if ago is None else now - ago

    assert now - stands_from(schedule, last=last, now=now) == timedelta(minutes=minutes)
