"""Stopped subjects are looked at now and then, and what changes nothing is looked at later."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.workshop import FLOW, Workshop, document
from ml_connector.awaited import Awaited
from ml_connector.engine.inbox.standing import Stand, stands
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.ledger.inbox import looks
from ml_connector.ledger.inbox.looks import Stopped
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.documents import Plan
from ml_connector.words import Cause

REF = SubjectRef("acme", FLOW, "a")
THING = Awaited("sku:X")


def stop(sentence: str = "It is closed", cause: Cause = Cause.PERIOD_CLOSED) -> NeedsHuman:
    return NeedsHuman(sentence, cause=cause, remedy="Open it.", waiting_for=[THING])


@pytest.fixture
async def stopped(workshop: Workshop) -> Workshop:
    """One subject that has stopped since its webhook came."""
    workshop.source.failure = stop()
    await workshop.news("a")
    await workshop.run("a")
    return workshop


async def wake(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await run_again(connection, workshop.lanes, [REF], source="wake", topic="it is there")
    await workshop.run("a")


async def pass_time(workshop: Workshop) -> timedelta:
    """Let the time of the next look come; return how long that was."""
    [row] = await workshop.database.fetch(
        "update subject set look_at = now() from subject as before"
        " where before.id = subject.id and subject.key = 'a'"
        " returning before.look_at - greatest(before.changed_at, now()) as took"
    )
    took: timedelta = row["took"]
    return took


async def due(workshop: Workshop) -> list[Stopped]:
    async with workshop.database.transaction() as connection:
        return await looks.due(connection, "acme", [FLOW])


async def may_wake(workshop: Workshop) -> list[Stopped]:
    async with workshop.database.transaction() as connection:
        return await looks.waiting_for(connection, "acme", [THING], asked=[THING])


async def look(workshop: Workshop) -> list[Stand]:
    context = await workshop._open("acme")  # noqa: SLF001 - as converge opens it
    found = await may_wake(workshop)
    return await stands(workshop.database, {FLOW: workshop.flow}, context, found)


async def test_a_look_at_what_stands_says_so_and_writes_nothing(stopped: Workshop) -> None:
    before = await stopped.subject("a")

    assert await look(stopped) == [Stand.SAME]
    assert await stopped.subject("a") == before


async def test_a_stop_for_another_reason_is_news(stopped: Workshop) -> None:
    stopped.source.failure = stop("Another one is closed")

    assert await look(stopped) == [Stand.CHANGED]


async def test_what_can_be_booked_now_is_news(stopped: Workshop) -> None:
    stopped.source.failure = None
    stopped.source.units["a"] = 3

    assert await look(stopped) == [Stand.CHANGED]


async def test_a_system_that_is_away_tells_nothing(stopped: Workshop) -> None:
    stopped.source.failure = Retryable("It does not answer")

    assert await look(stopped) == [Stand.UNKNOWN]


async def test_a_bug_stands_until_the_run_would_not_fail(workshop: Workshop) -> None:
    workshop.source.failure = ZeroDivisionError()
    await workshop.news("a")
    await workshop.run("a")
    context = await workshop._open("acme")  # noqa: SLF001 - as converge opens it
    await pass_time(workshop)
    flows = {FLOW: workshop.flow}
    stands_still = await stands(workshop.database, flows, context, await due(workshop))
    workshop.source.failure = None

    assert stands_still == [Stand.SAME]
    assert await stands(workshop.database, flows, context, await due(workshop)) == [Stand.CHANGED]


async def test_what_is_left_after_documents_stands_as_well(workshop: Workshop) -> None:
    workshop.source.units["a"] = 3
    workshop.decide_by(
        lambda _facts, posted, _settings: Plan(
            documents=() if posted else (document("a", 1, 3),), remaining_failure=stop()
        )
    )
    await workshop.news("a")
    subject = await workshop.run("a")

    assert subject["state"] == "dead"
    assert await look(workshop) == [Stand.SAME]


async def test_three_wakes_in_vain_make_a_subject_wait(stopped: Workshop) -> None:
    eligible = []
    for _ in range(5):
        eligible.append(len(await may_wake(stopped)))
        await wake(stopped)
    await pass_time(stopped)

    assert eligible == [1, 1, 1, 0, 0]
    assert len(await may_wake(stopped)) == 1


async def by_news(workshop: Workshop) -> None:
    await workshop.news("a")
    await workshop.run("a")


async def by_a_person(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await run_again(connection, workshop.lanes, [REF], source="replay", topic="events replay")
    await workshop.run("a")


async def by_another_stop(workshop: Workshop) -> None:
    workshop.source.failure = stop("No account", Cause.ACCOUNT_UNMAPPED)
    await wake(workshop)


@pytest.mark.parametrize("begins", [by_news, by_a_person, by_another_stop])
async def test_it_is_counted_anew(begins: Callable[..., object], stopped: Workshop) -> None:
    for _ in range(4):
        await wake(stopped)
    waited = (await stopped.subject("a"))["wakes"]
    await begins(stopped)  # type: ignore[misc]  # one of the three above
    subject = await stopped.subject("a")

    assert (waited, subject["wakes"], subject["looks"]) == (4, 0, 0)
    assert len(await may_wake(stopped)) == 1


async def test_what_was_there_in_vain_is_kept_until_other_news_come(stopped: Workshop) -> None:
    async with stopped.database.transaction() as connection:
        await looks.note_seen(connection, {REF: [THING]})
    await wake(stopped)
    [kept] = await may_wake(stopped)
    await by_news(stopped)
    [anew] = await may_wake(stopped)

    assert (set(kept.seen), set(anew.seen)) == ({THING}, set())


async def test_a_subject_that_waits_for_a_day_is_looked_at_nine_times(stopped: Workshop) -> None:
    reads, passed, looked = stopped.source.reads, timedelta(), 0
    while (passed := passed + await pass_time(stopped)) <= timedelta(days=1):
        context = await stopped._open("acme")  # noqa: SLF001 - as converge opens it
        found = await due(stopped)
        flows = {FLOW: stopped.flow}
        assert await stands(stopped.database, flows, context, found) == [Stand.SAME]
        async with stopped.database.transaction() as connection:
            await looks.note_vain(connection, [one.ref for one in found])
        looked += 1

    assert (looked, stopped.source.reads - reads) == (9, 9)
    assert await pass_time(stopped) <= timedelta(hours=6)
