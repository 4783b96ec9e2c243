"""A month is the merchant's: local days, also where the clock changes at its edge."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ml_connector.errors import UserError
from ml_connector.reconcile.month import Month

TODAY = date(2026, 11, 25)
CHICAGO = ZoneInfo("America/Chicago")
SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize("written", ["2026-11", " 2026-11 ", "2000-01"])
def test_a_month_is_written_with_its_year(written: str) -> None:
    assert str(Month.parse(written, today=TODAY)) == written.strip()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "2026-1",
        "26-11",
        "2026-11-01",
        "11-2026",
        "next",
        "\N{ARABIC-INDIC DIGIT TWO}026-11",
    ],
)
def test_anything_else_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UserError, match="is no month") as refused:
        Month.parse(written, today=TODAY)

    assert refused.value.usage
    assert "2026-11" in refused.value.next_step


def test_a_month_that_has_not_begun_is_refused() -> None:
    with pytest.raises(UserError, match="2026-12 has not begun yet"):
        Month.parse("2026-12", today=TODAY)


def test_the_running_month_and_its_days() -> None:
    month = Month.parse("2026-02", today=TODAY)

    assert (month.last, month.after) == (date(2026, 2, 28), date(2026, 3, 1))
    assert date(2026, 2, 1) in month
    assert date(2026, 3, 1) not in month
    assert Month.of(date(2024, 2, 29)).last == date(2024, 2, 29)


def test_a_month_that_begins_as_summer_time_ends_is_an_hour_longer() -> None:
    # In 2026 daylight saving time ends in Chicago on the first of November.
    october, november = Month(date(2026, 10, 1)), Month(date(2026, 11, 1))

    assert november.begins(CHICAGO) == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert october.ends(CHICAGO) == november.begins(CHICAGO)
    assert november.ends(CHICAGO) - november.begins(CHICAGO) == timedelta(days=30, hours=1)


def test_a_month_that_begins_as_summer_time_begins_is_an_hour_shorter() -> None:
    # In 2028 daylight saving time begins in Sydney on the first of October.
    october = Month(date(2028, 10, 1))

    assert october.begins(SYDNEY) == datetime(2028, 9, 30, 14, tzinfo=UTC)
    assert october.ends(SYDNEY) - october.begins(SYDNEY) == timedelta(days=31, hours=-1)


@pytest.mark.parametrize(
    ("zone", "instant", "month"),
    [
        # The last hour of October in Chicago, and the first of November: still summer time.
        (CHICAGO, datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), "2026-10"),
        (CHICAGO, datetime(2026, 11, 1, 5, tzinfo=UTC), "2026-11"),
        # The end of November: winter time, an hour later by UTC.
        (CHICAGO, datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC), "2026-11"),
        (CHICAGO, datetime(2026, 12, 1, 6, tzinfo=UTC), "2026-12"),
        # The end of March: summer time again.
        (CHICAGO, datetime(2026, 4, 1, 4, 59, 59, tzinfo=UTC), "2026-03"),
        (CHICAGO, datetime(2026, 4, 1, 5, tzinfo=UTC), "2026-04"),
        (SYDNEY, datetime(2028, 9, 30, 13, 59, 59, tzinfo=UTC), "2028-09"),
        (SYDNEY, datetime(2028, 9, 30, 14, tzinfo=UTC), "2028-10"),
    ],
)
def test_an_instant_belongs_to_the_month_of_its_local_day(
    zone: ZoneInfo, instant: datetime, month: str
) -> None:
    local = Month.of(instant.astimezone(zone).date())

    assert str(local) == month
    assert local.begins(zone) <= instant < local.ends(zone)


def test_a_month_to_come_is_read_without_knowing_what_day_it_is_where() -> None:
    assert str(Month.read("2999-01", today=date(2026, 11, 30))) == "2999-01"
    with pytest.raises(UserError, match='"2026-13" is no month'):
        Month.read("2026-13", today=date(2026, 11, 30))


@pytest.mark.parametrize("day", [30, 1])
def test_where_no_date_is_known_the_latest_month_that_is_named_is_never_refused(day: int) -> None:
    now = datetime(2026, 11 if day == 30 else 12, day, 11, tzinfo=UTC)

    assert str(Month.begun_somewhere("2026-12", now=now)) == "2026-12"
    with pytest.raises(UserError, match="2027-01 has not begun yet") as refused:
        Month.begun_somewhere("2027-01", now=now)
    assert refused.value.next_step == "The latest month that can be looked at is 2026-11."
