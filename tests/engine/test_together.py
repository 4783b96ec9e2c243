"""Steps of many runs in one transaction: each as it would be alone."""

import asyncio
from typing import Any

import pytest

from engine.workshop import DAY, Count, Workshop, document, mark
from ml_connector.ledger.inbox import claims, ownership
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.postings.documents import Plan, RefusedUnits, SourceLine
from ml_connector.ledger.postings.postings import Sending, Settled
from ml_connector.ledger.run_steps import Decision, RunFacts, RunStep, record
from ml_connector.storage.database import Database

SENDING = Sending(10, 90)


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    return await Workshop(database).set_up()


async def begun(workshop: Workshop, *keys: str) -> list[Run]:
    await workshop.news(*keys)
    found = [await workshop.subject(key) for key in keys]
    async with workshop.database.transaction() as connection:
        runs = await claims.claim(
            connection,
            [(one["id"], one["job_id"]) for one in found],
            worker="w",
            rules={"counting": "counting-1"},
        )
    return [runs[one["id"], one["job_id"]] for one in found]


def decided(run: Run, units: int) -> RunStep:
    key = run.subject.ref.key
    plan = Plan(
        documents=(document(key, 1, units), mark(key)),
        refused=(RefusedUnits(source_line="line 2", reason="by policy", quantity=1),),
    )
    return RunStep(
        run=run,
        seen=RunFacts(
            facts=Count(key=key, units=units),
            lines=[SourceLine(source_line="line 1", fact_date=DAY, quantity=units)],
        ),
        decided=Decision(plan=plan, waits=f"waits {key}", mode="live", sending=SENDING),
    )


async def test_many_subjects_begin_in_one_claim(workshop: Workshop) -> None:
    runs = await begun(workshop, "b", "a", "c")
    found = await workshop.database.fetch("select * from run order by subject_id")

    assert [run.subject.ref.key for run in runs] == ["b", "a", "c"]
    assert {row["id"]: row["subject_id"] for row in found} == {
        run.id: run.subject.id for run in runs
    }
    assert {(row["rules"], row["mode"], row["mark"]) for row in found} == {
        ("counting-1", "live", 1)
    }
    assert all(run.subject.since is not None for run in runs)


async def test_only_the_subjects_own_job_begins_a_run(workshop: Workshop) -> None:
    await workshop.news("a")
    found = await workshop.subject("a")
    pairs = [(found["id"], found["job_id"] + 1), (found["id"], found["job_id"])]
    async with workshop.database.transaction() as connection:
        runs = await claims.claim(connection, pairs, worker="w", rules={"counting": "1"})

    assert list(runs) == pairs[1:]


async def test_a_job_of_a_flow_that_this_worker_does_not_know_begins_nothing(
    workshop: Workshop,
) -> None:
    await workshop.news("a")
    found = await workshop.subject("a")
    async with workshop.database.transaction() as connection:
        runs = await claims.claim(
            connection, [(found["id"], found["job_id"])], worker="w", rules={"another": "1"}
        )

    assert runs == {}
    assert (await workshop.subject("a"))["state"] == "received"


async def test_decisions_are_kept_each_with_its_own_run(workshop: Workshop) -> None:
    a, b = await begun(workshop, "a", "b")
    async with workshop.database.transaction() as connection:
        await record(connection, [decided(b, 7), decided(a, 5)])
    runs = await workshop.database.fetch("select * from run order by subject_id")
    lines = await workshop.database.fetch("select * from source_line order by subject_id")
    refusals = await workshop.database.fetch("select * from refusal order by subject_id")

    assert [row["facts"] for row in runs] == [{"key": "a", "units": 5}, {"key": "b", "units": 7}]
    assert [row["decision"]["documents"][0]["title"] for row in runs] == ["5 units", "7 units"]
    assert [(row["run_id"], row["quantity"]) for row in lines] == [(a.id, 5), (b.id, 7)]
    assert [row["run_id"] for row in refusals] == [a.id, b.id]
    assert [(await workshop.subject(key))["waits"] for key in "ab"] == ["waits a", "waits b"]


async def test_the_first_document_is_sent_from_the_transaction_that_prepares_it(
    workshop: Workshop,
) -> None:
    [run] = await begun(workshop, "a")
    async with workshop.database.transaction() as connection:
        await record(connection, [decided(run, 5)])
    first, second = await workshop.postings("a")

    assert (first["state"], first["attempts"]) == ("sending", 1)
    assert (first["over_at"] - first["sending_at"]).total_seconds() == SENDING.over_within
    assert (first["send_by"] - first["sending_at"]).total_seconds() == SENDING.within
    assert (second["state"], second["attempts"], second["over_at"]) == ("prepared", 0, None)


async def test_documents_are_kept_byte_for_byte(workshop: Workshop) -> None:
    [run] = await begun(workshop, "a")
    async with workshop.database.transaction() as connection:
        await record(connection, [decided(run, 5)])
    [stored] = await workshop.database.fetch(
        "select document::text as document, document_hash from posting where kind <> 'wroMark'"
    )
    meant = document("a", 1, 5)

    assert stored == {"document": meant.encoded().decode(), "document_hash": meant.hash()}


async def overtake(workshop: Workshop, key: str) -> None:
    found = await workshop.subject(key)
    async with workshop.database.transaction() as connection:
        await ownership.claim(connection, found["id"], job_id=found["job_id"], worker="another")


async def test_a_superseded_run_writes_nothing_and_costs_the_others_nothing(
    workshop: Workshop,
) -> None:
    a, b = await begun(workshop, "a", "b")
    await overtake(workshop, "a")
    async with workshop.database.transaction() as connection:
        late, good = await record(connection, [decided(a, 5), decided(b, 7)])
    facts = await workshop.database.fetch("select facts from run where facts is not null")

    assert not isinstance(late, Exception)
    assert not isinstance(good, Exception)
    assert (late.superseded, good.superseded) == (True, False)
    assert await workshop.postings("a") == []
    assert len(await workshop.postings("b")) == 2
    assert [row["facts"] for row in facts] == [{"key": "b", "units": 7}]


async def test_that_a_document_exists_is_kept_even_when_the_run_was_overtaken(
    workshop: Workshop,
) -> None:
    [run] = await begun(workshop, "a")
    async with workshop.database.transaction() as connection:
        [entered] = await record(connection, [decided(run, 5)])
    assert not isinstance(entered, Exception)
    first, second = entered.postings
    await overtake(workshop, "a")
    exists = RunStep(
        run=run,
        settled=Settled(first, "done", "77", {"said": "created"}),
        begins=(second, SENDING),
    )
    async with workshop.database.transaction() as connection:
        [late] = await record(connection, [exists])
    async with workshop.database.transaction() as connection:
        [twice] = await record(connection, [RunStep(run=run, settled=exists.settled)])
    states = [row["state"] for row in await workshop.postings("a")]

    assert not isinstance(late, Exception)
    assert not isinstance(twice, Exception)
    assert (late.recorded, late.superseded) == (True, True)
    assert (twice.recorded, twice.superseded) == (False, True)
    assert states == ["done", "prepared"]
    assert len(await workshop.journal("a")) == 1


async def test_a_run_ends_with_its_last_document_unless_there_is_news(workshop: Workshop) -> None:
    a, b = await begun(workshop, "a", "b")
    await workshop.news("b")
    ends = [RunStep(run=run, done=True) for run in (a, b)]
    async with workshop.database.transaction() as connection:
        first, second = await record(connection, ends)
    states = [await workshop.subject(key) for key in "ab"]
    outcomes = await workshop.database.fetch("select outcome, finished_at from run")

    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    assert (first.again, second.again) == (False, True)
    assert [(one["state"], one["job_id"] is None) for one in states] == [
        ("done", True),
        ("received", False),
    ]
    assert all(row["outcome"] == "done" and row["finished_at"] for row in outcomes)


async def run_all(workshop: Workshop, keys: list[str]) -> list[dict[str, Any]]:
    return await asyncio.gather(*map(workshop.run, keys))


async def test_many_runs_at_once_book_each_once_on_one_chain(workshop: Workshop) -> None:
    workshop.marks = True
    keys = [f"k{number}" for number in range(24)]
    workshop.source.units.update({key: 1 + number for number, key in enumerate(keys)})
    await workshop.news(*keys)
    found = await run_all(workshop, keys)
    journal = await workshop.database.fetch("select * from journal order by number")

    assert {one["state"] for one in found} == {"done"}
    assert [row["number"] for row in journal] == list(range(1, 25))
    assert [row["previous_hash"] for row in journal[1:]] == [row["hash"] for row in journal[:-1]]
    assert {row["source"]: row["quantity"] for row in journal} == {
        f"count {key}": units for key, units in workshop.source.units.items()
    }
    assert len(workshop.netsuite.records) == len(keys)
