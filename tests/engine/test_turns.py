"""No more runs begin a call than will soon be let through; the others have begun nothing."""

import asyncio
from typing import Any

from engine.workshop import Workshop
from ml_connector.config.connection import RequestLimits
from ml_connector.engine.settle.settle import Settle
from ml_connector.engine.settle.write_slots import WriteSlots, runs_for, write_slots_for
from ml_connector.words import System
from waiting import until

KEYS = [f"k{number}" for number in range(12)]


def with_slots(
    workshop: Workshop, most: dict[System, int], *, late_after_seconds: float = 30.0
) -> Workshop:
    workshop.settle = Settle(
        workshop.database,
        {"netsuite": workshop.netsuite, "shipbob": workshop.shipbob},
        slots=WriteSlots(most, late_after_seconds=late_after_seconds),
    )
    return workshop


async def counted(workshop: Workshop, *keys: str) -> "list[asyncio.Task[dict[str, Any]]]":
    """Begin runs of subjects that have a unit each."""
    workshop.source.units.update(dict.fromkeys(keys, 1))
    await workshop.news(*keys)
    return [asyncio.create_task(workshop.run(key)) for key in keys]


async def until_under_way(workshop: Workshop, calls: int) -> None:
    await until(lambda: workshop.netsuite.under_way >= calls)


async def begun(workshop: Workshop) -> int:
    [found] = await workshop.database.fetch("select count(*) as n from posting")
    return int(found["n"])


async def test_who_waits_for_a_slot_has_written_nothing_down(workshop: Workshop) -> None:
    with_slots(workshop, {"netsuite": 3}).netsuite.answers.clear()
    runs = await counted(workshop, *KEYS)
    await until_under_way(workshop, 3)
    await until(lambda: workshop.source.reads >= len(KEYS))
    written_down = await begun(workshop)
    workshop.netsuite.answers.set()
    found = await asyncio.gather(*runs)

    assert written_down == 3
    assert {one["state"] for one in found} == {"done"}
    assert workshop.netsuite.most_under_way == 3
    assert len(workshop.netsuite.records) == len(KEYS)


async def test_a_slot_ends_with_a_failure(workshop: Workshop) -> None:
    with_slots(workshop, {"netsuite": 1}).netsuite.outcomes.extend(
        ["is refused", "never arrives", "fails before it is executed"]
    )
    found = await asyncio.gather(*await counted(workshop, *KEYS))

    assert sorted(one["state"] for one in found) == [
        "dead",
        *["done"] * (len(KEYS) - 3),
        "retrying",
        "retrying",
    ]


async def test_a_call_that_many_share_takes_no_slot(workshop: Workshop) -> None:
    workshop.marks = True
    with_slots(workshop, {"netsuite": 1, "shipbob": 1}).shipbob.answers.clear()
    runs = await counted(workshop, *KEYS)
    await until(lambda: workshop.shipbob.under_way >= len(KEYS))
    workshop.shipbob.answers.set()
    found = await asyncio.gather(*runs)

    assert {one["state"] for one in found} == {"done"}
    assert workshop.netsuite.most_under_way == 1


async def test_when_the_slot_comes_late_the_facts_are_read_again(workshop: Workshop) -> None:
    with_slots(workshop, {"netsuite": 1}, late_after_seconds=0.0).netsuite.answers.clear()
    first = await counted(workshop, "first")
    await until_under_way(workshop, 1)
    second = await counted(workshop, "second")
    await until(lambda: workshop.source.reads >= 2 + 1)
    workshop.source.units["second"] = 5
    workshop.netsuite.answers.set()
    await asyncio.gather(*first, *second)

    assert [row["quantity"] for row in await workshop.journal("second")] == [5]
    assert len(workshop.netsuite.records) == 2


async def test_a_cancelled_run_leaves_its_place_to_the_next(workshop: Workshop) -> None:
    with_slots(workshop, {"netsuite": 1}).netsuite.answers.clear()
    [first] = await counted(workshop, "first")
    await until_under_way(workshop, 1)
    [waiting] = await counted(workshop, "waiting")
    await until(lambda: workshop.source.reads >= 2)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    workshop.netsuite.answers.set()
    await first
    found = await asyncio.gather(*await counted(workshop, "third"))

    assert (await workshop.subject("waiting"))["state"] == "received"
    assert [one["state"] for one in found] == ["done"]


def test_slots_and_runs_follow_the_limits() -> None:
    least = RequestLimits(netsuite_concurrency=1, shipbob_per_minute=1)
    usual = RequestLimits()
    most = RequestLimits(netsuite_concurrency=100)

    assert write_slots_for(least) == {"netsuite": 2, "shipbob": 2}
    assert write_slots_for(usual) == {"netsuite": 7, "shipbob": 10}
    assert [runs_for(one) for one in (least, usual, most)] == [20, 80, 400]


async def test_who_waits_for_the_turns_of_its_calls_has_written_nothing_down(
    workshop: Workshop,
) -> None:
    workshop.netsuite.turns.clear()
    runs = await counted(workshop, *KEYS)
    await until(lambda: workshop.netsuite.waiting >= len(KEYS))
    written_down = await begun(workshop)
    workshop.netsuite.turns.set()
    found = await asyncio.gather(*runs)

    assert (written_down, workshop.netsuite.writes) == (0, len(KEYS))
    assert {one["state"] for one in found} == {"done"}


async def test_a_cancelled_run_that_waits_for_its_turns_leaves_its_place(
    workshop: Workshop,
) -> None:
    with_slots(workshop, {"netsuite": 1}).netsuite.turns.clear()
    [first] = await counted(workshop, "first")
    await until(lambda: workshop.netsuite.waiting == 1)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    workshop.netsuite.turns.set()
    found = await asyncio.gather(*await counted(workshop, "second"))

    assert [one["state"] for one in found] == ["done"]
    assert (await workshop.subject("first"))["state"] == "received"


async def test_a_further_write_to_shipbob_begins_when_its_turns_have_come(
    workshop: Workshop,
) -> None:
    workshop.marks = True
    workshop.shipbob.again = False
    workshop.shipbob.turns.clear()
    [run] = await counted(workshop, "a")
    await until(lambda: workshop.shipbob.waiting == 1)
    states = [row["state"] for row in await workshop.postings("a")]
    workshop.shipbob.turns.set()
    await run

    assert states == ["done", "prepared"]
    assert [row["state"] for row in await workshop.postings("a")] == ["done", "done"]


async def test_only_the_first_call_for_a_document_is_said_to_be_the_first(
    workshop: Workshop,
) -> None:
    workshop.netsuite.outcomes.extend(["never arrives", "fails before it is executed"])
    [first] = await counted(workshop, "a")
    await first
    await workshop.let_time_pass("a")
    await workshop.run("a")
    await workshop.run("a")

    assert workshop.netsuite.firsts == [True, False, False]
    assert len(workshop.netsuite.records) == 1
