"""A push is planned: in bunches, kept in the database, with room for other work."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, cast

import pytest

from engine.workshop import Workshop
from ml_connector.config.connection import RequestLimits
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.sweep import sweep
from ml_connector.engine.work.pushes import (
    BUNCH,
    CALLS_A_SUBJECT,
    NO_PUSH,
    PushPlaces,
    PushPlan,
    push_plan,
)
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.storage.database import Connection
from ml_connector.transport.call import Priority, comes_in_crowds, present_priority
from ml_connector.words import Source
from waiting import until

PLAN = PushPlan(apart_seconds=60.0)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Ended(Exception):
    """The process ends here."""


async def swept(workshop: Workshop, count: int, **more: Any) -> None:
    """Sweep a flow that pushes; the first keys were told of before."""

    async def source(*_: object) -> AsyncIterator[SweepResult]:
        for number in range(count):
            yield SweepResult(key=f"k{number:05}", version="1")

    workshop.flow = replace(workshop.flow, sweep=source, poll=None, pushes=True)
    await sweep(
        workshop.database,
        workshop.lanes,
        workshop.flow,
        reads=Reads(cast("ShipBob", object()), cast("NetSuite", object())),
        connection_name="acme",
        since=NOW,
        **{"push": PLAN, **more},
    )


async def due(workshop: Workshop) -> list[tuple[float, int]]:
    """Return when subjects are due, in seconds after the first, and how many; jobs agree."""
    found = await workshop.database.fetch(
        "select extract(epoch from due_at - min(due_at) over ())::float8 as at,"
        " (j.scheduled_at = due_at) as agree from subject as s"
        " join procrastinate_jobs as j on j.id = s.job_id"
    )
    assert all(row["agree"] for row in found)
    times = [round(row["at"]) for row in found]
    return [(at, times.count(at)) for at in sorted(set(times))]


async def test_a_push_is_due_in_bunches_as_far_apart_as_their_calls(workshop: Workshop) -> None:
    await swept(workshop, 3 * BUNCH + 1)

    assert await due(workshop) == [(0, BUNCH), (60, BUNCH), (120, BUNCH), (180, 1)]


async def test_a_second_push_comes_after_the_first_and_moves_nothing(workshop: Workshop) -> None:
    await swept(workshop, 2 * BUNCH)
    before = await due(workshop)
    await swept(workshop, 4 * BUNCH)

    assert before == (await due(workshop))[:2]
    assert await due(workshop) == [(60 * number, BUNCH) for number in range(4)]


async def test_a_few_orders_are_due_at_once(workshop: Workshop) -> None:
    await swept(workshop, BUNCH)

    assert await workshop.database.fetch("select 1 from subject where due_at is not null") == []


async def test_an_order_that_somebody_asks_for_is_due_at_once(workshop: Workshop) -> None:
    await swept(workshop, 3 * BUNCH)
    last = f"k{3 * BUNCH - 1:05}"
    planned = (await workshop.subject(last))["job_id"]
    await workshop.news(last)
    job = (await workshop.subject(last))["job_id"]
    [row] = await workshop.database.fetch(
        "select scheduled_at from procrastinate_jobs where id = %(id)s", {"id": job}
    )

    assert (job != planned, row["scheduled_at"]) == (True, None)


async def test_what_is_done_at_the_end_is_so_with_the_last_subjects_or_not_at_all(
    workshop: Workshop,
) -> None:
    async def ends(connection: Connection) -> None:
        del connection
        raise Ended

    with pytest.raises(Ended):
        await swept(workshop, BUNCH, at_end=ends)
    after_the_end = await workshop.database.fetch("select 1 from subject")
    ended = asyncio.Event()

    async def is_done(connection: Connection) -> None:
        assert connection is not None
        ended.set()

    await swept(workshop, BUNCH, at_end=is_done)

    assert after_the_end == []
    assert ended.is_set()
    assert len(await workshop.database.fetch("select 1 from subject")) == BUNCH


@pytest.mark.parametrize("per_minute", [1, 12, 120, 1_000_000])
def test_a_plan_uses_what_is_allowed_and_no_more(per_minute: int) -> None:
    plan = push_plan(RequestLimits(shipbob_per_minute=per_minute))
    calls_a_minute = BUNCH * CALLS_A_SUBJECT / plan.apart_seconds * 60

    assert 0.8 * per_minute <= calls_a_minute <= per_minute
    assert plan.seconds(100 * BUNCH) == pytest.approx(100 * plan.apart_seconds)
    assert plan.calls(1000) == 1300


def test_who_finds_no_place_comes_again_in_bunches() -> None:
    places = PushPlaces(PLAN, most=1, clock=lambda: 500.0)
    with places.place() as first, places.place() as second:
        off = [places.seconds_off() for _ in range(2 * BUNCH)]
    with places.place() as later:
        pass

    assert (first, second, later) == (True, False, True)
    assert off == [60.0] * BUNCH + [120.0] * BUNCH
    assert all(a <= b for a, b in pairwise(off))


async def test_a_push_takes_so_many_places_and_others_are_put_off(workshop: Workshop) -> None:
    workshop.flow = replace(workshop.flow, pushes=True)
    workshop.push_places = PushPlaces(PLAN, most=2)
    workshop.begin_again()
    keys = ["a", "b", "c"]
    workshop.source.units.update(dict.fromkeys(keys, 1))
    workshop.netsuite.answers.clear()
    await workshop.news(*keys, source="sweep")
    runs = [asyncio.create_task(workshop.run(key)) for key in keys[:2]]
    await until(lambda: workshop.netsuite.under_way == 2)
    third = await workshop.run("c")
    reads = workshop.source.reads
    await workshop.news("c", source="webhook")
    live = asyncio.create_task(workshop.run("c"))
    await until(lambda: workshop.netsuite.under_way == 3)
    workshop.netsuite.answers.set()
    done = await asyncio.gather(*runs, live)

    assert (third["state"], third["due_at"] is not None, reads) == ("received", True, 2)
    assert {one["state"] for one in done} == {"done"}


@pytest.mark.parametrize(
    ("pushes", "sources", "topics", "expected"),
    [
        (False, ["webhook"], ["count.changed"], (Priority.LIVE, False)),
        (False, ["webhook"], ["count.announced"], (Priority.LIVE, True)),
        (
            False,
            ["webhook", "webhook"],
            ["count.announced", "count.changed"],
            (Priority.LIVE, False),
        ),
        (False, ["sweep"], ["count.changed"], (Priority.BULK, True)),
        (False, ["sweep", "webhook"], ["count.changed"] * 2, (Priority.LIVE, False)),
        (True, ["sweep"], ["count.changed"], (Priority.PUSH, True)),
        (True, ["wake"], ["count.changed"], (Priority.PUSH, True)),
        (True, ["sweep", "person"], ["count.changed"] * 2, (Priority.LIVE, False)),
    ],
)
async def test_a_run_is_as_urgent_as_who_told_of_its_subject(
    workshop: Workshop,
    pushes: bool,  # noqa: FBT001 - a parameter of the test
    sources: Collection[Source],
    topics: Collection[str],
    expected: tuple[Priority, bool],
) -> None:
    seen: list[tuple[Priority, bool]] = []
    read = workshop.flow.read

    async def noting(key: str, reads: Reads) -> Any:
        seen.append((present_priority(), comes_in_crowds()))
        return await read(key, reads)

    workshop.flow = replace(
        workshop.flow,
        pushes=pushes,
        read=noting,
        unhurried=frozenset({"count.announced"}),
        event_source="sweep",
    )
    workshop.begin_again()
    for source, topic in zip(sources, topics, strict=True):
        await workshop.news("a", source=source, topic=topic)
    await workshop.run("a")

    assert seen == [expected]


def test_nothing_is_spread_without_a_limit() -> None:
    assert NO_PUSH.seconds(1_000_000) == 0
