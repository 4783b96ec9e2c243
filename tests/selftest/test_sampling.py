"""Which worlds a self-test plays."""

from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.selftest.sampling import pairs, random_world, sample, singles
from ml_connector.sim.readings import Readings, Switch

Sizes = st.lists(st.integers(2, 5), min_size=1, max_size=12)


def switches(sizes: list[int], *, stopping: bool = False) -> list[Switch[Any]]:
    return [
        Switch[str](
            name=f"s{number}",
            system="netsuite",
            about="It",
            readings={f"r{one}": "is so" for one in range(size)},
            default="r0",
            reference="netsuite.md 1",
            stopping=frozenset({f"r{size - 1}"} if stopping else ()),
        )
        for number, size in enumerate(sizes)
    ]


@given(Sizes)
def test_every_reading_that_is_not_usual_has_a_world_of_its_own(sizes: list[int]) -> None:
    worlds = list(singles(switches(sizes)))

    assert len(worlds) == sum(size - 1 for size in sizes)
    assert all(len(world.differing) == 1 for world in worlds)


@given(Sizes, st.integers())
def test_each_two_readings_are_together_in_a_world(sizes: list[int], seed: int) -> None:
    known = switches(sizes)
    worlds = list(pairs(known, Random(seed)))

    for a, b in combinations(known, 2):
        together = {(world[a], world[b]) for world in worlds}

        assert together == {(x, y) for x in a.readings for y in b.readings}


def test_pairs_take_few_worlds() -> None:
    worlds = list(pairs(switches([3] * 20), Random(1)))

    assert len(worlds) <= 27  # 1,710 pairs; nine worlds are the least


@given(Sizes)
def test_a_reading_in_which_work_stops_hides_no_other(sizes: list[int]) -> None:
    known = switches(sizes, stopping=True)

    for world in pairs(known, Random(1)):
        assert not any(reading in switch.stopping for switch, reading in world.differing)


@given(st.integers(1, 60), st.integers())
def test_the_seed_repeats_a_sample(count: int, seed: int) -> None:
    known = switches([2, 3, 4, 2, 3])
    worlds = sample(known, count, seed=seed)

    assert worlds == sample(known, count, seed=seed)
    assert len(worlds) == count
    assert [one.number for one in worlds] == list(range(1, count + 1))
    assert worlds[0].readings == Readings()


def test_a_large_sample_holds_all_singles_and_all_pairs() -> None:
    known = switches([2, 3, 4])
    kinds = [one.kind for one in sample(known, 100, seed=1)]

    assert kinds.count("single") == len(list(singles(known)))
    assert kinds.count("pairs") >= 12
    assert kinds[-1] == "random"


def test_a_small_sample_draws_of_each_kind() -> None:
    kinds = [one.kind for one in sample(switches([4] * 10), 11, seed=1)]

    assert set(kinds) == {"usual", "single", "pairs", "random"}


@pytest.mark.parametrize("seed", range(20))
def test_a_random_world_differs_from_the_usual_one(seed: int) -> None:
    assert 1 <= len(random_world(switches([2] * 30), Random(seed)).differing) <= 8
