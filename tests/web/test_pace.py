"""How many calls a token may make a minute."""

import pytest

from ml_connector.web.api.pace import CallPace, TooManyCalls


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(pace: CallPace, who: str) -> int:
    """Return after how many seconds to come again; 0: it was let through."""
    try:
        pace.count(who)
    except TooManyCalls as error:
        return int((error.headers or {})["retry-after"])
    return 0


def test_calls_beyond_the_bound_are_told_when_to_come_again() -> None:
    clock = Clock()
    pace = CallPace(3, clock)
    said = [refused(pace, "screen") for _ in range(4)]
    clock.now += 20
    later = refused(pace, "screen")
    clock.now += 40

    assert said == [0, 0, 0, 60]
    assert later == 40
    assert refused(pace, "screen") == 0


def test_each_counts_for_itself() -> None:
    pace = CallPace(1, Clock())
    pace.count("screen")

    assert refused(pace, "other") == 0
    with pytest.raises(TooManyCalls):
        pace.count("screen")


def test_whoever_floods_it_with_names_takes_no_memory() -> None:
    clock = Clock()
    pace = CallPace(1, clock)
    for number in range(25_000):
        pace.count(f"address {number}")

    assert len(pace._of) <= 10_000  # noqa: SLF001 - what it holds is the point
