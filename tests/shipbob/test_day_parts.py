"""Which pages of a long list the sweeps of a day read: all of them, whenever they run."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.reads.wros import day_parts

DAY = datetime(2026, 11, 30, tzinfo=UTC)
SECONDS = st.integers(min_value=0, max_value=24 * 60 * 60)


@given(pages=st.integers(min_value=1, max_value=5_000), looked=st.lists(SECONDS, max_size=120))
def test_the_sweeps_of_a_day_read_every_page(pages: int, looked: list[int]) -> None:
    moments = [DAY + timedelta(seconds=one) for one in sorted({0, *looked, 24 * 60 * 60})]
    read = {
        page
        for begin, end in pairwise(moments)
        for part in day_parts(begin, end)
        for page in part.pages(pages)
    }

    assert read == set(range(1, pages + 1))


def test_an_interval_over_midnight_is_the_end_of_one_day_and_the_beginning_of_the_next() -> None:
    parts = list(day_parts(DAY - timedelta(minutes=5), DAY + timedelta(minutes=10)))

    assert [one.day for one in parts] == [DAY - timedelta(days=1), DAY]
    assert [one.pages(2_000) for one in parts] == [range(1994, 2001), range(1, 15)]


def test_the_sweep_of_a_quarter_of_an_hour_reads_its_share_of_the_pages() -> None:
    quarter = timedelta(minutes=15)
    most = max(
        len(part.pages(2_000))
        for number in range(96)
        for part in day_parts(DAY + number * quarter, DAY + (number + 1) * quarter)
    )

    assert most <= 22
