"""A sweep over very many awaited WROs: what it asks, what it finds, and when; by counting."""

import math
from collections.abc import Collection
from datetime import timedelta

import pytest

from acceptance.merchant import Merchant
from acceptance.test_costs import UNLIMITED, counting
from acceptance.test_polls import look
from ml_connector.sim.shipbob.books.receiving import Wro

__all__ = ["counting"]

A_PAGE = 50
FIRST_PAGES = 3
"""Those that tell how many there are: of all, of those worked on, and of the day's round."""
ONCE_AN_HOUR = 2
"""Older ones that are at work or were completed; or the hour's share of all, of few."""


def swept_every(acme: Merchant, interval: str) -> None:
    acme.apply(
        limits=UNLIMITED,
        schedule=f'timezone = "America/Chicago"\npurchase_orders = "30d"\nsweep = "{interval}"',
    )


def awaited(acme: Merchant, count: int) -> list[Wro]:
    """WROs that were made some days ago and of which nothing has arrived."""
    sku = acme.sku()
    made = [acme.world.shipbob.create_wro({sku: 1}) for _ in range(count)]
    for wro in made:
        wro.inserted -= timedelta(days=3)
    return made


def sweep(acme: Merchant, *, ago: timedelta = timedelta(minutes=15)) -> int:
    """Let a sweep be due that follows one so long ago; return its calls that list WROs."""
    acme.rows(
        "insert into turn (connection, what, taken_at)"
        " values ('acme', 'receiving', now() - %(ago)s) on conflict (connection, what)"
        " do update set taken_at = excluded.taken_at returning what",
        ago=ago,
    )
    before = len(acme.world.shipbob.calls)
    look(acme)
    return sum(call.path.endswith("/receiving") for call in acme.world.shipbob.calls[before:])


def found(acme: Merchant) -> set[str]:
    return {row["key"] for row in acme.rows("select key from subject where flow = 'receiving'")}


def keys(wros: Collection[Wro]) -> set[str]:
    return {str(wro.id) for wro in wros}


@pytest.mark.parametrize("count", [400, 800])
def test_awaited_wros_cost_a_sweep_the_part_of_their_pages_that_it_is_of_a_day(
    counting: Merchant, count: int
) -> None:
    swept_every(counting, "15m")
    waiting = awaited(counting, count)
    worked_on = [counting.world.shipbob.arrive(wro) for wro in waiting[:: count // 60]]
    calls = sweep(counting)
    pages_a_sweep = count / A_PAGE * 15 / (24 * 60)
    at_midnight = FIRST_PAGES - 2 + 1

    assert found(counting) == keys(worked_on)
    assert calls <= (
        FIRST_PAGES
        + math.ceil(len(worked_on) / A_PAGE)
        + math.ceil(pages_a_sweep)
        + at_midnight
        + ONCE_AN_HOUR
    )


def test_few_wros_are_all_looked_at_each_time(counting: Merchant) -> None:
    swept_every(counting, "15m")
    waiting = awaited(counting, 5 * A_PAGE)
    waiting[0].status = "Weighed"  # which no build knows
    calls = sweep(counting)

    assert 5 <= calls <= 5 + ONCE_AN_HOUR
    assert found(counting) == keys(waiting[:1])


def test_of_many_one_in_a_status_that_nobody_knows_is_found_within_a_day(
    counting: Merchant,
) -> None:
    swept_every(counting, "24h")
    waiting = awaited(counting, 8 * A_PAGE)
    strange = waiting[::90]
    for wro in strange:
        wro.status = "Weighed"
    sweep(counting, ago=timedelta(hours=24))

    assert found(counting) == keys(strange)


@pytest.mark.parametrize("pages", [1, 8])
def test_one_that_is_marked_as_booked_is_looked_at_once_a_day(
    counting: Merchant, pages: int
) -> None:
    swept_every(counting, "24h")
    waiting = awaited(counting, pages * A_PAGE)
    marked = waiting[::40]
    for wro in marked:
        wro.status = "Completed"
        wro.external_sync = wro.inserted
    sweep(counting, ago=timedelta(hours=24))

    assert found(counting) == keys(marked)


def test_one_that_is_not_over_is_found_however_old_it_is(counting: Merchant) -> None:
    swept_every(counting, "15m")
    old, over = awaited(counting, 2)
    for wro in (old, over):
        wro.inserted -= timedelta(days=200)
    counting.world.shipbob.arrive(old)
    over.status, over.updated = "Completed", over.inserted
    sweep(counting)

    assert found(counting) == keys([old])


def test_a_list_whose_pages_are_not_counted_is_read_whole(counting: Merchant) -> None:
    counting.world.shipbob.switch({"page_cap": 20})
    swept_every(counting, "15m")
    waiting = awaited(counting, 6 * A_PAGE)
    waiting[7].status = "Weighed"
    sweep(counting)

    assert found(counting) == keys(waiting[7:8])


@pytest.mark.parametrize("flow", ["receiving", "tracking", "returns"])
def test_the_round_costs_an_hour_few_calls_more(counting: Merchant, flow: str) -> None:
    counting.apply(
        limits=UNLIMITED,
        schedule='timezone = "America/Chicago"\npurchase_orders = "30d"\nsweep = "1h"',
    )
    lists = {"receiving": "/receiving", "tracking": "/order", "returns": "/return"}
    for what in lists:
        counting.rows(
            "insert into turn (connection, what, taken_at)"
            " values ('acme', %(what)s, now() - interval '61 minutes') on conflict"
            " (connection, what) do update set taken_at = excluded.taken_at returning what",
            what=what,
        )
    look(counting)
    calls = [call.path for call in counting.world.shipbob.calls]
    each_sweep = {"receiving": 1, "tracking": 2, "returns": 1}[flow]
    # At midnight, the newest of one day and the oldest of the next.
    once_an_hour = 2

    assert each_sweep < sum(path.endswith(lists[flow]) for path in calls)
    assert sum(path.endswith(lists[flow]) for path in calls) <= each_sweep + once_an_hour
