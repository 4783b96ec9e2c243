"""What nobody ever told of is taken in by the page as it would be one by one."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import msgspec
import pytest

from engine.test_intake import broken
from engine.workshop import Workshop
from ml_connector.engine.flow import SweepResult
from ml_connector.engine.inbox.bulk_intake import take_in_unheard
from ml_connector.engine.inbox.sweep import BATCH, MOST_SPOILED, Swept, sweep, tell
from ml_connector.errors import Retryable, Unreadable
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.reads import Reads
from ml_connector.shipbob.client import ShipBob
from ml_connector.transport.spoiled import Spoiled, by_id

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

EVENTS = """
select s.key, s.within, s.marked, s.converged, s.state, s.attempt, s.waiting_for,
    e.source, e.delivery_id, e.topic, e.flow, e.mark, e.status, e.headers::text, e.body, e.sent_at,
    j.queue_name = s.connection as in_lane, j.priority, j.task_name, j.lock, j.queueing_lock,
    j.scheduled_at, j.status::text as job_status,
    d.event_id = e.id as let_in
from subject as s
join event as e on e.subject_id = s.id
join delivery as d on d.connection = e.connection and d.delivery_id = e.delivery_id
join procrastinate_jobs as j on j.id = s.job_id and (j.args ->> 'subject_id')::bigint = s.id
where s.connection = %(connection)s order by s.key
"""


def seen(*keys: str, version: str = "1", within: str | None = None) -> list[SweepResult]:
    return [SweepResult(key=key, version=version, within=within) for key in keys]


async def hear(workshop: Workshop, some: list[SweepResult], *, name: str = "acme") -> set[str]:
    async with workshop.database.transaction() as connection:
        return await take_in_unheard(connection, name, workshop.flow, some, source="sweep")


async def test_it_makes_the_rows_that_telling_one_by_one_makes(workshop: Workshop) -> None:
    await workshop.database.fetch(
        "insert into connection (name, mode, settings) values ('other', 'live', '{}')"
    )
    some = seen("4711", "é\"'\\,{}", "Ω 12", within="order 9")
    async with workshop.database.transaction() as connection:
        await tell(connection, workshop.lanes, "other", workshop.flow, some, source="sweep")
    heard = await hear(workshop, some)
    ours = await workshop.database.fetch(EVENTS, {"connection": "acme"})
    others = await workshop.database.fetch(EVENTS, {"connection": "other"})

    assert heard == {one.key for one in some}
    assert ours == others
    assert len(ours) == len(some)
    assert await broken(workshop) == []


async def test_a_subject_that_is_in_the_ledger_is_left_alone(workshop: Workshop) -> None:
    await workshop.news("a")
    before = await workshop.subject("a")

    assert await hear(workshop, seen("a", "b")) == {"b"}
    assert await workshop.subject("a") == before
    assert await hear(workshop, seen("a", "b", version="2")) == set()
    assert await broken(workshop) == []


async def test_two_who_find_the_same_at_once_take_it_in_once(workshop: Workshop) -> None:
    keys = [str(number) for number in range(300)]
    first, second = await asyncio.gather(
        hear(workshop, seen(*keys)), hear(workshop, seen(*reversed(keys)))
    )
    events = await workshop.database.fetch(EVENTS, {"connection": "acme"})

    assert sorted([*first, *second]) == sorted(keys)
    assert sorted(event["key"] for event in events) == sorted(keys)
    assert await broken(workshop) == []


async def test_a_page_with_a_key_twice_is_left_to_telling_one_by_one(
    workshop: Workshop,
) -> None:
    assert await hear(workshop, seen("a", "b", "a")) == set()

    async with workshop.database.transaction() as connection:
        told = await tell(
            connection,
            workshop.lanes,
            "acme",
            workshop.flow,
            seen("a", "b", "a"),
            source="sweep",
        )

    assert told == 3 - 1
    assert (await workshop.subject("a"))["marked"] == 1
    assert await broken(workshop) == []


async def test_nothing_is_kept_of_a_page_that_is_not_committed(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await take_in_unheard(connection, "acme", workshop.flow, seen("a"), source="sweep")
        await connection.rollback()
    kept = await workshop.database.fetch(
        "select (select count(*) from event) + (select count(*) from subject)"
        " + (select count(*) from delivery) + (select count(*) from procrastinate_jobs) as n"
    )

    assert kept == [{"n": 0}]


async def test_a_job_of_it_runs_the_subject(workshop: Workshop) -> None:
    workshop.source.units["a"] = 3
    await hear(workshop, seen("a"))

    assert (await workshop.run("a"))["state"] == "done"
    assert len(await workshop.journal("a")) == 1


async def test_a_sweep_that_ends_in_the_middle_is_made_good_by_the_next(
    workshop: Workshop,
) -> None:
    keys = [f"{number:05}" for number in range(2 * BATCH + 7)]
    break_at: list[str] = [keys[BATCH + 3]]

    async def source(_: Reads, __: datetime, ___: Collection[str]) -> AsyncIterator[SweepResult]:
        for key in keys:
            if key in break_at:
                break_at.remove(key)
                raise Retryable("away")
            yield SweepResult(key=key, version="1")

    flow = replace(workshop.flow, sweep=source)
    reads = Reads(cast("ShipBob", object()), cast("NetSuite", object()))

    async def swept() -> int:
        found = await sweep(
            workshop.database,
            workshop.lanes,
            flow,
            reads=reads,
            connection_name="acme",
            since=NOW,
        )
        return found.never_told

    with pytest.raises(Retryable):
        await swept()
    rest = await swept()
    again = await swept()
    events = await workshop.database.fetch(EVENTS, {"connection": "acme"})

    assert (rest, again) == (len(keys) - BATCH - 3, 0)
    assert [event["key"] for event in events] == keys
    assert await broken(workshop) == []


async def test_a_spoiled_row_is_an_event_of_its_own_and_keeps_nobody_out(
    workshop: Workshop,
) -> None:
    async def source(_: Reads, __: datetime, ___: Collection[str]) -> AsyncIterator[SweepResult]:
        yield SweepResult(key="1", version="1")
        rows = Spoiled("ShipBob", "Wro", "listing WROs")
        rows.add({"id": 2}, msgspec.ValidationError("at `$.status`"))
        rows.tell()
        yield SweepResult(key="3", version="1")

    flow = replace(workshop.flow, sweep=source, spoils=by_id("Wro"))

    async def swept() -> Swept:
        return await sweep(
            workshop.database,
            workshop.lanes,
            flow,
            reads=Reads(cast("ShipBob", object()), cast("NetSuite", object())),
            connection_name="acme",
            since=NOW,
        )

    first, again = await swept(), await swept()
    events = await workshop.database.fetch(EVENTS, {"connection": "acme"})

    assert (first.never_told + first.late, again.never_told + again.late) == (3, 0)
    assert [event["key"] for event in events] == ["1", "2", "3"]


async def test_a_spoiled_row_that_names_no_subject_fails_a_sweep_that_is_done(
    workshop: Workshop,
) -> None:
    async def source(_: Reads, __: datetime, ___: Collection[str]) -> AsyncIterator[SweepResult]:
        rows = Spoiled("ShipBob", "Wro", "listing WROs")
        rows.add({"number": "x"}, msgspec.ValidationError("at `$.status`"))
        rows.tell()
        yield SweepResult(key="3", version="1")

    with pytest.raises(Unreadable, match=r"a row without an id: at `\$\.status`"):
        await sweep(
            workshop.database,
            workshop.lanes,
            replace(workshop.flow, sweep=source, spoils=by_id("Wro")),
            reads=Reads(cast("ShipBob", object()), cast("NetSuite", object())),
            connection_name="acme",
            since=NOW,
        )
    events = await workshop.database.fetch(EVENTS, {"connection": "acme"})

    assert [event["key"] for event in events] == ["3"]


async def test_more_spoiled_rows_than_have_events_are_told_together(workshop: Workshop) -> None:
    async def source(_: Reads, __: datetime, ___: Collection[str]) -> AsyncIterator[SweepResult]:
        rows = Spoiled("ShipBob", "Wro", "listing WROs")
        for number in range(MOST_SPOILED + 5):
            rows.add({"id": number}, msgspec.ValidationError("at `$.status`"))
        rows.tell()
        yield SweepResult(key="last", version="1")

    with pytest.raises(Unreadable, match=f"id {MOST_SPOILED}: .*; and 2 more"):
        await sweep(
            workshop.database,
            workshop.lanes,
            replace(workshop.flow, sweep=source, spoils=by_id("Wro")),
            reads=Reads(cast("ShipBob", object()), cast("NetSuite", object())),
            connection_name="acme",
            since=NOW,
        )
    events = await workshop.database.fetch(EVENTS, {"connection": "acme"})

    assert len(events) == MOST_SPOILED + 1
    assert events[-1]["key"] == "last"
