"""A plan that needs the ids of what it makes is decided anew when they are there."""

from collections.abc import Sequence

import msgspec
import pytest

from engine.workshop import Count, Workshop, document
from ml_connector.config.connection import ConnectionSettings
from ml_connector.ledger.postings.documents import Plan, Posted
from ml_connector.storage.database import Database


def in_two_steps(facts: Count, posted: Sequence[Posted], _: ConnectionSettings) -> Plan:
    """Book in two documents, the second of which names the first by its id."""
    if not posted:
        first = msgspec.structs.replace(document(facts.key, 1, 2), lines=())
        return Plan(documents=(first,), replan_after_posting=True)
    if len(posted) == 1:
        title = f"from {posted[0].remote_id}"
        second = document(facts.key, 2, facts.units)
        return Plan(documents=(msgspec.structs.replace(second, title=title),))
    return Plan()


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    made = await Workshop(database).set_up()
    made.decide_by(in_two_steps)
    made.source.units["a"] = 5
    return made


async def test_both_documents_are_posted_by_one_job_in_two_runs(workshop: Workshop) -> None:
    await workshop.news("a")
    subject = await workshop.run("a")
    postings = await workshop.postings("a")
    runs = await workshop.database.fetch("select outcome, decision from run order by id")

    assert subject["state"] == "done"
    assert subject["converged"] == subject["marked"]
    assert [one["state"] for one in postings] == ["done", "done"]
    assert postings[1]["document"]["title"] == f"from {postings[0]['remote_id']}"
    assert [one["outcome"] for one in runs] == ["done", "done"]
    assert [len(one["decision"]["documents"]) for one in runs] == [1, 1]


async def test_a_first_document_whose_outcome_is_not_known_holds_the_second_back(
    workshop: Workshop,
) -> None:
    workshop.netsuite.outcomes.append("is executed late")
    await workshop.news("a")
    first = await workshop.run("a")
    held = [one["state"] for one in await workshop.postings("a")]
    workshop.netsuite.carry_out_late()
    last = await workshop.run("a")

    assert (first["state"], held) == ("retrying", ["sending"])
    assert last["state"] == "done"
    assert [one["state"] for one in await workshop.postings("a")] == ["adopted", "done"]
    assert len(workshop.netsuite.records) == 2


async def test_a_dry_run_notes_the_first_document_and_decides_once(workshop: Workshop) -> None:
    workshop.mode = "dry-run"
    await workshop.news("a")
    subject = await workshop.run("a")

    assert subject["state"] == "done"
    assert [one["state"] for one in await workshop.postings("a")] == ["noted"]
    assert workshop.netsuite.records == []
