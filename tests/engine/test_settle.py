"""Each document exactly once, whatever becomes of the call (design, "Exactly once")."""

import asyncio
import time
from unittest import mock

import pytest
from msgspec.structs import replace

from engine.memory_target import Outcome
from engine.workshop import Workshop, document
from ml_connector.engine.settle.settle import SEND_WITHIN_SECONDS
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.decisions.decisions import NewDecision
from ml_connector.ledger.inbox import ownership
from ml_connector.ledger.inbox.ownership import Claimed, Superseded
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings import postings, runs
from ml_connector.ledger.postings.postings import Posting
from ml_connector.words import Cause, DecisionKind


async def counted(workshop: Workshop, key: str, units: int, *outcomes: Outcome) -> str:
    """Run the subject once, its writes meeting these outcomes; return its state."""
    workshop.source.units[key] = units
    workshop.netsuite.outcomes.extend(outcomes)
    await workshop.news(key)
    state: str = (await workshop.run(key))["state"]
    return state


async def booked(workshop: Workshop, key: str) -> list[tuple[str, int, str]]:
    """Return the journal of a subject: external id, units, target."""
    return [
        (row["external_id"], row["quantity"], row["target"]) for row in await workshop.journal(key)
    ]


async def test_a_write_that_succeeds_is_recorded_with_its_journal(workshop: Workshop) -> None:
    state = await counted(workshop, "a", 5)
    [posting] = await workshop.postings("a")

    assert state == "done"
    assert (posting["state"], posting["remote_id"], posting["attempts"]) == ("done", "1", 1)
    assert posting["answer"] == {"record": 1}
    assert await booked(workshop, "a") == [("mlc-t-a-1", 5, "inventoryAdjustment 1")]


async def test_nothing_is_written_twice_when_there_is_news_again(workshop: Workshop) -> None:
    await counted(workshop, "a", 5)
    await counted(workshop, "a", 5)
    await counted(workshop, "a", 8)

    assert [record.content for record in workshop.netsuite.records] == ["5 units", "3 units"]
    assert [units for _, units, _ in await booked(workshop, "a")] == [5, 3]


async def test_a_call_must_be_sent_by_a_clock_that_runs_through_suspension(
    workshop: Workshop,
) -> None:
    slept = {time.CLOCK_BOOTTIME: time.monotonic() + 1e6}
    with mock.patch("time.clock_gettime", side_effect=slept.__getitem__):
        await counted(workshop, "a", 5)

    assert workshop.netsuite.send_by == [slept[time.CLOCK_BOOTTIME] + SEND_WITHIN_SECONDS]


async def test_executed_then_timed_out_is_found_and_adopted(workshop: Workshop) -> None:
    state = await counted(workshop, "a", 5, "is executed, then times out")
    [posting] = await workshop.postings("a")

    assert state == "done"
    assert (posting["state"], posting["remote_id"]) == ("adopted", "1")
    assert workshop.netsuite.writes == 1
    assert len(await booked(workshop, "a")) == 1


async def test_an_unclear_outcome_is_looked_up_and_never_sent_blindly(workshop: Workshop) -> None:
    first = await counted(workshop, "a", 5, "never arrives")
    sending = await workshop.postings("a")
    again = await workshop.run("a")
    soon = (workshop.netsuite.writes, again["state"])
    await workshop.let_time_pass("a")
    last = await workshop.run("a")

    assert (first, sending[0]["state"]) == ("retrying", "sending")
    assert soon == (1, "retrying")
    assert (last["state"], workshop.netsuite.writes) == ("done", 2)
    assert len(workshop.netsuite.records) == 1
    assert len(await booked(workshop, "a")) == 1


async def test_executed_late_is_found_by_a_later_run(workshop: Workshop) -> None:
    await counted(workshop, "a", 5, "is executed late")
    workshop.netsuite.carry_out_late()
    subject = await workshop.run("a")
    [posting] = await workshop.postings("a")

    assert (subject["state"], posting["state"]) == ("done", "adopted")
    assert (workshop.netsuite.writes, len(workshop.netsuite.records)) == (1, 1)


async def test_executed_in_the_last_moment_is_found_before_anything_is_sent(
    workshop: Workshop,
) -> None:
    await counted(workshop, "a", 5, "is executed late")
    await workshop.run("a")
    await workshop.let_time_pass("a")
    subject = await workshop.run("a")

    assert subject["state"] == "done"
    assert (workshop.netsuite.writes, len(workshop.netsuite.records)) == (1, 1)


async def test_while_the_system_cannot_be_asked_nothing_is_sent(workshop: Workshop) -> None:
    await counted(workshop, "a", 5, "never arrives")
    await workshop.let_time_pass("a")
    workshop.netsuite.away = True
    away = await workshop.run("a")
    writes = workshop.netsuite.writes
    workshop.netsuite.away = False
    back = await workshop.run("a")

    assert (away["state"], writes) == ("retrying", 1)
    assert back["state"] == "done"
    assert len(workshop.netsuite.records) == 1


async def test_a_failure_before_execution_is_simply_tried_again(workshop: Workshop) -> None:
    state = await counted(workshop, "a", 5, "fails before it is executed")
    [posting] = await workshop.postings("a")
    subject = await workshop.run("a")

    assert (state, posting["state"]) == ("retrying", "prepared")
    assert subject["state"] == "done"
    assert (workshop.netsuite.looks, len(workshop.netsuite.records)) == (0, 1)


async def test_a_refusal_leaves_the_posting_prepared_and_the_reason_kept(
    workshop: Workshop,
) -> None:
    state = await counted(workshop, "a", 5, "is refused")
    [posting] = await workshop.postings("a")
    subject = await workshop.subject("a")

    assert (state, posting["state"]) == ("dead", "prepared")
    assert (subject["cause"], subject["remedy"]) == ("refused_by_netsuite", "Correct it.")
    assert posting["answer"]["sentence"] == "It is refused"
    assert await booked(workshop, "a") == []

    assert await counted(workshop, "a", 5) == "done"
    assert len(workshop.netsuite.records) == 1


async def test_a_refusal_of_facts_that_have_changed_is_decided_again(workshop: Workshop) -> None:
    workshop.source.units["a"] = 5
    workshop.netsuite.outcomes.append("is refused")
    await workshop.news("a")
    write = workshop.netsuite.write

    async def meanwhile(*arguments: object, **named: float) -> object:
        workshop.source.units["a"] = 6
        return await write(*arguments, **named)  # type: ignore[arg-type] # passed on as it came

    workshop.netsuite.write = meanwhile  # type: ignore[method-assign, assignment] # the world changes
    first = await workshop.run("a")
    last = await workshop.run("a")

    assert (first["state"], last["state"]) == ("retrying", "done")
    assert [record.content for record in workshop.netsuite.records] == ["6 units"]


async def test_a_record_that_exists_already_is_adopted(workshop: Workshop) -> None:
    state = await counted(workshop, "a", 5, "says it exists already")
    [posting] = await workshop.postings("a")

    assert (state, posting["state"], posting["remote_id"]) == ("done", "adopted", "1")
    assert len(await booked(workshop, "a")) == 1


async def test_a_record_that_exists_and_cannot_be_found_is_tried_again(workshop: Workshop) -> None:
    state = await counted(workshop, "a", 5, "says it exists, yet hides it")
    [posting] = await workshop.postings("a")
    subject = await workshop.run("a")

    assert (state, posting["state"]) == ("retrying", "prepared")
    assert subject["state"] == "done"


async def test_a_record_that_differs_raises_an_alarm_and_stops_the_subject(
    workshop: Workshop,
) -> None:
    state = await counted(workshop, "a", 5, "meets another record")
    subject = await workshop.subject("a")
    await counted(workshop, "a", 9)
    [posting] = await workshop.postings("a")

    assert (state, subject["cause"]) == ("dead", "posted_document_differs")
    assert posting["state"] == "alarm"
    assert workshop.netsuite.writes == 1
    assert await booked(workshop, "a") == []


async def test_an_alarm_ends_when_the_record_is_corrected(workshop: Workshop) -> None:
    await counted(workshop, "a", 5, "meets another record")
    made = workshop.netsuite.records.pop()
    workshop.netsuite.records.append(type(made)(made.number, made.external_id, "5 units"))
    state = await counted(workshop, "a", 5)
    [posting] = await workshop.postings("a")

    assert (state, posting["state"]) == ("done", "adopted")
    assert workshop.netsuite.writes == 1
    assert len(await booked(workshop, "a")) == 1


async def test_a_record_that_differs_is_adopted_where_a_person_takes_it_as_it_is(
    workshop: Workshop,
) -> None:
    await counted(workshop, "a", 5, "meets another record")
    stopped = await workshop.subject("a")
    new = NewDecision(
        subject=SubjectRef(stopped["connection"], stopped["flow"], "a"),
        kind=DecisionKind.ACCEPT,
        cause=Cause.POSTED_DOCUMENT_DIFFERS,
        value="another sentence",
        note="Seen",
    )
    async with workshop.database.transaction() as on:
        await decisions.record(on, new, person="ada")
    other = await counted(workshop, "a", 5)
    async with workshop.database.transaction() as on:
        await decisions.record(on, replace(new, value=stopped["sentence"]), person="ada")
    state = await counted(workshop, "a", 5)
    [posting] = await workshop.postings("a")

    assert (other, state, posting["state"]) == ("dead", "done", "adopted")
    assert workshop.netsuite.writes == 1
    assert len(await booked(workshop, "a")) == 1


async def test_an_alarm_ends_when_the_record_is_deleted(workshop: Workshop) -> None:
    await counted(workshop, "a", 5, "meets another record")
    workshop.netsuite.records.clear()
    state = await counted(workshop, "a", 5)

    assert state == "done"
    assert [record.content for record in workshop.netsuite.records] == ["5 units"]
    assert len(await booked(workshop, "a")) == 1


async def test_what_may_be_repeated_is_repeated(workshop: Workshop) -> None:
    workshop.marks = True
    workshop.shipbob.outcomes.extend(["never arrives", "is executed, then times out"])
    await counted(workshop, "a", 5)
    await workshop.run("a")
    subject = await workshop.run("a")

    assert subject["state"] == "done"
    assert (workshop.shipbob.writes, workshop.shipbob.looks) == (3, 0)
    assert len(workshop.netsuite.records) == 1


async def begun(workshop: Workshop, key: str, units: int) -> tuple[Claimed, Posting]:
    """Bring a posting as far as a process that dies just before it sends."""
    workshop.source.units[key] = units
    await workshop.news(key)
    found = await workshop.subject(key)
    async with workshop.database.transaction() as connection:
        subject = await ownership.claim(
            connection, found["id"], job_id=found["job_id"], worker="a process that dies"
        )
        assert subject is not None
        run_id = await runs.begin(connection, subject, worker="w", rules="counting-1")
        posting = await postings.prepare(
            connection, subject, run_id, document(key, 1, units), state="prepared"
        )
        assert posting is not None
    return subject, posting


async def send_state(workshop: Workshop, posting: Posting) -> None:
    async with workshop.database.transaction() as connection:
        await postings.begin(connection, posting, send_within=10, over_within=90)


async def test_what_a_dead_process_left_is_looked_up_and_not_sent_again_too_soon(
    workshop: Workshop,
) -> None:
    _, posting = await begun(workshop, "a", 5)
    await send_state(workshop, posting)
    early = await workshop.run("a")
    looked = (workshop.netsuite.looks, workshop.netsuite.writes)
    await workshop.let_time_pass("a")
    last = await workshop.run("a")

    assert (early["state"], early["cause"]) == ("retrying", "outcome_unknown")
    assert looked == (1, 0)
    assert last["state"] == "done"
    assert len(workshop.netsuite.records) == 1


async def test_what_a_dead_process_had_executed_is_adopted_at_once(workshop: Workshop) -> None:
    _, posting = await begun(workshop, "a", 5)
    await send_state(workshop, posting)
    await workshop.netsuite.write(posting.document, send_by=0, first=True)
    subject = await workshop.run("a")

    assert subject["state"] == "done"
    assert workshop.netsuite.writes == 1
    assert len(await booked(workshop, "a")) == 1


async def test_what_a_dead_process_had_only_prepared_is_sent(workshop: Workshop) -> None:
    await begun(workshop, "a", 5)
    subject = await workshop.run("a")

    assert (subject["state"], workshop.netsuite.looks) == ("done", 0)
    assert len(workshop.netsuite.records) == 1


async def test_a_superseded_run_cannot_begin_a_posting(workshop: Workshop) -> None:
    old, posting = await begun(workshop, "a", 5)
    subject = await workshop.subject("a")
    async with workshop.database.transaction() as connection:
        await ownership.claim(
            connection, subject["id"], job_id=subject["job_id"], worker="another process"
        )

    with pytest.raises(Superseded):
        await workshop.settle.post(old, posting)
    assert workshop.netsuite.writes == 0
    assert [one["state"] for one in await workshop.postings("a")] == ["prepared"]


async def test_a_superseded_run_cannot_prepare_a_document(workshop: Workshop) -> None:
    old, _ = await begun(workshop, "a", 5)
    await workshop.run("a")

    with pytest.raises(Superseded):
        async with workshop.database.transaction() as connection:
            await ownership.fence(connection, old)


async def test_a_run_that_wakes_up_late_records_nothing_twice(workshop: Workshop) -> None:
    old, posting = await begun(workshop, "a", 5)
    arrived, go_on = asyncio.Event(), asyncio.Event()
    write = workshop.netsuite.write

    async def held(*arguments: object, **named: float) -> object:
        answer = await write(*arguments, **named)  # type: ignore[arg-type] # passed on as it came
        arrived.set()
        await go_on.wait()
        return answer

    workshop.netsuite.write = held  # type: ignore[method-assign, assignment] # a stopped process
    stopped = asyncio.create_task(workshop.settle.post(old, posting))
    await arrived.wait()
    subject = await workshop.run("a")
    go_on.set()

    with pytest.raises(Superseded):
        await stopped
    assert subject["state"] == "done"
    assert len(workshop.netsuite.records) == 1
    assert len(await booked(workshop, "a")) == 1


async def test_posting_and_journal_are_recorded_together_or_not_at_all(
    workshop: Workshop,
) -> None:
    workshop.lines = 3
    await workshop.database.fetch(
        "alter table journal add constraint no_third check (source_line <> 'line 3')"
    )
    state = await counted(workshop, "a", 5)
    [posting] = await workshop.postings("a")
    halfway = await booked(workshop, "a")
    await workshop.database.fetch("alter table journal drop constraint no_third")
    again = await counted(workshop, "a", 5)

    assert (state, posting["state"], halfway) == ("dead", "sending", [])
    assert again == "done"
    assert len(workshop.netsuite.records) == 1
    assert len(await booked(workshop, "a")) == 3


async def test_a_dry_run_notes_documents_and_writes_nothing(workshop: Workshop) -> None:
    workshop.mode = "dry-run"
    state = await counted(workshop, "a", 5)
    noted = [posting["state"] for posting in await workshop.postings("a")]
    workshop.mode = "live"
    live = await counted(workshop, "a", 5)

    assert (state, noted) == ("done", ["noted"])
    assert live == "done"
    assert len(workshop.netsuite.records) == 1
