"""Posting periods with the months that we have closed ourselves."""

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.setup import Period, is_sealed, with_sealed

OCTOBER: Final = date(2026, 10, 1)


def period(first: date, last: date, **closed: Flag) -> Period:
    return Period(id="7", periodname=f"{first:%b %Y}", startdate=first, enddate=last, **closed)


MONTHS: Final = [
    period(date(2026, 9, 1), date(2026, 9, 30)),
    period(date(2026, 10, 1), date(2026, 10, 31)),
    period(date(2026, 11, 1), date(2026, 11, 30)),
]
WEEKS: Final = [
    period(date(2026, 9, 27), date(2026, 10, 24)),
    period(date(2026, 10, 25), date(2026, 11, 28)),
]


def open_days(periods: list[Period]) -> set[date]:
    return {
        one.startdate + timedelta(days=number)
        for one in periods
        if one.open_for_stock
        for number in range((one.enddate - one.startdate).days + 1)
    }


def test_without_a_seal_the_periods_are_the_accounts() -> None:
    assert with_sealed(MONTHS, []) == MONTHS


@pytest.mark.parametrize("periods", [MONTHS, WEEKS], ids=["months", "weeks"])
def test_the_days_of_a_sealed_month_are_closed_and_no_others(periods: list[Period]) -> None:
    found = with_sealed(periods, [OCTOBER])

    assert open_days(periods) - open_days(found) == {
        OCTOBER + timedelta(days=number) for number in range(31)
    }
    assert [one.periodname for one in found if is_sealed(one.periodname)] == ["2026-10 (sealed)"]


def test_later_days_are_open_where_the_periods_cannot_be_seen() -> None:
    found = with_sealed([], [OCTOBER, date(2026, 11, 1)])

    assert [one.open_for_stock for one in found] == [False, False, True]
    assert found[2].startdate == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("flags", "takes"),
    [
        ({}, Flag.T),
        ({"closed": Flag.T}, Flag.F),
        ({"closed": Flag.T, "allownonglchanges": Flag.T}, Flag.T),
    ],
)
def test_a_sealed_month_takes_news_where_its_period_does(
    flags: dict[str, Flag], takes: Flag
) -> None:
    [found] = with_sealed([period(OCTOBER, date(2026, 10, 31), **flags)], [OCTOBER])

    assert found.allownonglchanges is takes


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    months=st.sets(st.integers(1, 12), max_size=4),
)
def test_seals_close_their_days_and_open_none(lengths: list[int], months: set[int]) -> None:
    first, periods = date(2026, 1, 1), []
    for length in lengths:
        periods.append(period(first, first + timedelta(days=length - 1)))
        first += timedelta(days=length)
    found = with_sealed(periods, [date(2026, month, 1) for month in months])

    assert open_days(found) == {day for day in open_days(periods) if day.month not in months}
    assert [one.startdate for one in found] == sorted(one.startdate for one in found)
