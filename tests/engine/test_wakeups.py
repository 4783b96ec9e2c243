"""Stopped subjects wake when what they wait for appears; a person can start events again."""

from engine.workshop import FLOW, Workshop
from ml_connector.awaited import Awaited
from ml_connector.engine.inbox.intake import take_in
from ml_connector.engine.inbox.reruns import replay
from ml_connector.engine.inbox.wakeups import wake
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger import history
from ml_connector.ledger.history import EventFilter
from ml_connector.ledger.inbox import waits
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.words import Cause


async def parked(workshop: Workshop, key: str, *things: str) -> None:
    workshop.source.failure = NeedsData(
        f"{key} is missing something",
        cause=Cause.SKU_MISSING_IN_NETSUITE,
        waiting_for=[Awaited(thing) for thing in things],
        remedy="Make it.",
    )
    await workshop.news(key)
    await workshop.run(key)
    workshop.source.failure = None


async def woken(workshop: Workshop, *things: str) -> list[str]:
    appeared = [Awaited(thing) for thing in things]
    async with workshop.database.transaction() as connection:
        refs = await wake(connection, workshop.lanes, "acme", appeared, because="it is there")
    return [ref.key for ref in refs]


async def test_a_parked_subject_says_why_and_what_it_waits_for(workshop: Workshop) -> None:
    await parked(workshop, "a", "sku:X", "sku:Y")
    subject = await workshop.subject("a")
    async with workshop.database.transaction() as connection:
        awaited = await waits.waiting(connection, "acme")

    assert (subject["state"], subject["cause"]) == ("parked", "sku_missing_in_netsuite")
    assert (subject["sentence"], subject["remedy"]) == ("a is missing something", "Make it.")
    assert awaited.keys() == {"sku:X", "sku:Y"}
    assert subject["job_id"] is None


async def test_only_what_waits_for_it_wakes(workshop: Workshop) -> None:
    await parked(workshop, "a", "sku:X")
    await parked(workshop, "b", "sku:Y")
    await parked(workshop, "c", "sku:X", "sku:Y")
    keys = await woken(workshop, "sku:X")
    states = {key: (await workshop.subject(key))["state"] for key in "abc"}

    assert keys == ["a", "c"]
    assert states == {"a": "received", "b": "parked", "c": "received"}


async def test_a_dead_subject_wakes_too(workshop: Workshop) -> None:
    workshop.source.failure = NeedsHuman(
        "Closed",
        cause=Cause.PERIOD_CLOSED,
        remedy="Open it.",
        waiting_for=[Awaited("period:2026-10")],
    )
    await workshop.news("a")
    dead = await workshop.run("a")
    workshop.source.failure = None
    keys = await woken(workshop, "period:2026-10")
    subject = await workshop.run("a")

    assert dead["state"] == "dead"
    assert keys == ["a"]
    assert (subject["state"], subject["waiting_for"]) == ("done", [])


async def test_a_subject_that_no_longer_waits_does_not_wake(workshop: Workshop) -> None:
    await parked(workshop, "a", "sku:X")
    await woken(workshop, "sku:X")
    await workshop.run("a")

    assert await woken(workshop, "sku:X") == []


async def test_waking_is_an_event_of_its_own_with_its_reason(workshop: Workshop) -> None:
    await parked(workshop, "a", "sku:X")
    await woken(workshop, "sku:X")
    async with workshop.database.transaction() as connection:
        newest, *_ = await history.events(connection, ["acme"], EventFilter(), limit=1)

    assert (newest["source"], newest["topic"], newest["subject"]) == ("wake", "it is there", "a")


async def test_a_replay_runs_each_subject_once(workshop: Workshop) -> None:
    workshop.source.units["a"] = 5
    await workshop.news("a", "a")
    await workshop.run("a")
    async with workshop.database.transaction() as connection:
        replayed = await replay(
            connection, workshop.lanes, ["acme"], EventFilter(flow=FLOW), topics={}
        )
    subject = await workshop.run("a")

    assert (replayed.events, replayed.subjects, replayed.left_out) == (2, 1, 0)
    assert (subject["state"], len(workshop.netsuite.records)) == ("done", 1)


async def ignored(workshop: Workshop, body: bytes, topic: str = "return.completed") -> None:
    async with workshop.database.transaction() as connection:
        await take_in(
            connection,
            workshop.lanes,
            [
                Arrival(
                    connection="acme",
                    source="webhook",
                    delivery_id=f"msg_{body.hex()}{topic}",
                    topic=topic,
                    subject=None,
                    status="ignored",
                    body=body,
                )
            ],
        )


async def test_an_ignored_event_finds_its_subject_once_a_flow_handles_its_topic(
    workshop: Workshop,
) -> None:
    await ignored(workshop, b'{"id": 88}')
    wanted = EventFilter(status="ignored")
    async with workshop.database.transaction() as connection:
        before = await replay(connection, workshop.lanes, ["acme"], wanted, topics={})
        after = await replay(
            connection,
            workshop.lanes,
            ["acme"],
            wanted,
            topics={"return.completed": workshop.flow},
        )
    workshop.source.units["88"] = 2
    subject = await workshop.run("88")
    async with workshop.database.transaction() as connection:
        found = await history.events(connection, ["acme"], EventFilter(flow=FLOW), limit=None)

    assert (before.events, before.left_out) == (0, 1)
    assert (after.events, after.subjects, after.left_out) == (1, 1, 0)
    assert subject["state"] == "done"
    assert {event["status"] for event in found} == {"done"}
    assert len(workshop.netsuite.records) == 1


async def test_events_are_filtered_by_status_cause_subject_and_time(workshop: Workshop) -> None:
    await parked(workshop, "a", "sku:X")
    await workshop.news("b")
    await workshop.run("b")
    await ignored(workshop, b"{}", "some.topic")

    async def subjects_of(wanted: EventFilter) -> list[str | None]:
        async with workshop.database.transaction() as connection:
            found = await history.events(connection, ["acme"], wanted, limit=None)
        return [event["subject"] for event in found]

    [newest, *_] = await workshop.database.fetch("select max(received_at) as at from event")

    assert await subjects_of(EventFilter(status="parked")) == ["a"]
    assert await subjects_of(EventFilter(status="done")) == ["b"]
    assert await subjects_of(EventFilter(status="ignored")) == [None]
    assert await subjects_of(EventFilter(cause="sku_missing_in_netsuite")) == ["a"]
    assert await subjects_of(EventFilter(subject="b")) == ["b"]
    assert await subjects_of(EventFilter(since=newest["at"])) == [None]
    assert await subjects_of(EventFilter(until=newest["at"])) == ["b", "a"]
