"""A subject may stand for others, and may be known to be part of something larger."""

from engine.workshop import FLOW, Workshop
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.postings.documents import Plan


async def test_what_a_subject_stands_for_is_marked_and_says_where_it_belongs(
    workshop: Workshop,
) -> None:
    workshop.decide_by(
        lambda facts, _, __: (
            Plan(fan_out=("a", "b"), parent_key="7") if facts.key == "order-7" else Plan()
        )
    )
    await workshop.news("b")
    await workshop.news("order-7")
    order = await workshop.run("order-7")
    first, second = await workshop.subject("a"), await workshop.subject("b")
    async with workshop.database.transaction() as connection:
        within = await subjects.known_within(connection, "acme", FLOW, ["a", "b", "order-7"])
    events = await workshop.database.fetch("select topic, source from event order by id", {})

    assert order["state"] == "done"
    assert (first["state"], first["marked"]) == ("received", 1)
    assert second["marked"] == 2
    assert within == {"a": "7", "b": "7"}
    assert [one["topic"] for one in events if one["source"] == "wake"] == [
        "stood for by order-7"
    ] * 2


async def test_being_part_of_something_is_remembered_when_it_is_not_said_again(
    workshop: Workshop,
) -> None:
    ref = subjects.SubjectRef("acme", FLOW, "a")
    async with workshop.database.transaction() as connection:
        await subjects.mark(connection, [ref], within={ref: "7"})
        await subjects.mark(connection, [ref])
        within = await subjects.known_within(connection, "acme", FLOW, ["a"])

    assert within == {"a": "7"}
