import random

import pytest

from ml_connector.engine.work.backoff import delay_seconds


@pytest.mark.parametrize("attempt", range(9))
def test_fast_tries_stay_below_their_exponential_bound(attempt: int) -> None:
    waits = [delay_seconds(attempt, None, chance=random.Random(seed)) for seed in range(200)]

    assert max(waits) <= max(0.05, min(300.0, 2.0**attempt))
    assert min(waits) < 0.5 * max(waits)


def test_after_the_fast_tries_it_goes_on_about_hourly() -> None:
    waits = [delay_seconds(40, None, chance=random.Random(seed)) for seed in range(50)]

    assert all(2800 < wait < 4400 for wait in waits)


def test_what_the_other_system_asked_for_is_the_least() -> None:
    waits = [delay_seconds(0, 25.0, chance=random.Random(seed)) for seed in range(50)]

    assert all(25.0 <= wait <= 26.0 for wait in waits)
