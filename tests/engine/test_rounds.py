"""The round of a day reads everything that was made in its span, whatever the interval."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.engine import rounds
from ml_connector.engine.flow import Flow
from ml_connector.flows import FLOWS
from ml_connector.reconcile.sides.shipbob import LOOKS_BACK

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@given(
    minutes=st.sampled_from([1, 7, 15, 60, 90, 24 * 60]),
    age=st.floats(min_value=0, max_value=rounds.SPAN.total_seconds() - 1),
)
def test_the_sweeps_of_a_day_read_whatever_was_made_in_the_span_once(
    minutes: int, age: float
) -> None:
    made = MIDNIGHT - timedelta(seconds=max(age, 1))
    # From just before midnight to just before the next: an hour's share is due at the full hour.
    moments = [
        MIDNIGHT - timedelta(minutes=1) + timedelta(minutes=minutes) * number
        for number in range(24 * 60 // minutes + 1)
    ]
    read = [
        span
        for begin, end in itertools.pairwise(moments)
        for span in rounds.shares(begin, end)
        if span.begin <= made < span.end
    ]

    assert len(read) == 1


def test_most_sweeps_read_nothing_of_it() -> None:
    assert (
        list(rounds.shares(MIDNIGHT + timedelta(minutes=1), MIDNIGHT + timedelta(minutes=59)))
        == []
    )


def test_a_sweep_of_a_day_reads_all_of_it_at_once() -> None:
    begin = MIDNIGHT - timedelta(hours=1)
    spans = list(rounds.shares(begin, begin + timedelta(days=1)))

    assert spans == [(MIDNIGHT - rounds.SPAN, MIDNIGHT)]


# The comparison of stock looks at what is, and not at what was made; of differences at the end of
# a month only people tell.
@pytest.mark.parametrize(
    "flow",
    [one for one in FLOWS.values() if one.sections and one.name not in {"inventory", "month-end"}],
)
def test_a_sweep_reaches_back_as_far_as_a_month_end_does(flow: Flow) -> None:
    longest_month, until_its_end_is_made = timedelta(days=31), timedelta(days=31)

    assert LOOKS_BACK + longest_month + until_its_end_is_made <= rounds.SPAN
    assert flow.sweep_part is not None or flow.look_back == rounds.SPAN
