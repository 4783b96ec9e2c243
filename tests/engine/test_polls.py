"""From which moment changes are asked for, by an account's clock that may be set back."""

from datetime import UTC, datetime, timedelta

from ml_connector.engine.inbox.polls import changed_since, is_full
from ml_connector.ledger.inbox.polls import Poll

SIX = datetime(2026, 11, 1, 6, tzinfo=UTC)  # one o'clock in Chicago, the first time that day
LAST = Poll(account_time="2026-11-01 01:00:00", polled_at=SIX, full_at=SIX)


def test_changes_are_asked_for_with_an_overlap_of_ten_minutes() -> None:
    now = SIX + timedelta(minutes=15)

    assert changed_since(LAST, account_time="2026-11-01 01:15:00", now=now) == (
        "2026-11-01 00:50:00"
    )


def test_an_hour_that_comes_twice_is_asked_for_twice() -> None:
    last = Poll(account_time="2026-11-01 01:55:00", polled_at=SIX, full_at=SIX)
    now = SIX + timedelta(minutes=15)

    assert changed_since(last, account_time="2026-11-01 01:10:00", now=now) == (
        "2026-11-01 00:45:00"
    )


def test_an_hour_that_is_left_out_costs_nothing() -> None:
    now = SIX + timedelta(minutes=15)

    assert changed_since(LAST, account_time="2026-11-01 02:15:00", now=now) == (
        "2026-11-01 00:50:00"
    )


def test_everything_is_looked_at_at_first_and_once_a_day() -> None:
    assert is_full(None, now=SIX)
    assert not is_full(LAST, now=SIX + timedelta(hours=23))
    assert is_full(LAST, now=SIX + timedelta(hours=24))


def test_everything_is_looked_at_after_a_connection_was_applied() -> None:
    later = SIX + timedelta(hours=1)

    assert is_full(LAST, now=later, applied_at=SIX + timedelta(minutes=30))
    assert not is_full(LAST, now=later, applied_at=SIX - timedelta(minutes=30))
