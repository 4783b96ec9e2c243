"""What arrives is kept once, marks its subject, and every subject has exactly one live job."""

import asyncio
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.workshop import FLOW, Workshop, arrival
from ml_connector.awaited import Awaited
from ml_connector.engine.inbox.intake import Intake, take_in
from ml_connector.engine.work.chores import find_lost
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import NeedsData, NeedsHuman, Retryable
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.inbox.inbox import Arrival
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Database
from ml_connector.words import Cause

# A dirty subject that is not stopped has one live job, which knows it; nothing else has one.
BROKEN = """
select s.id, s.key, s.state, s.job_id, count(j.id) as jobs from subject as s
left join procrastinate_jobs as j
    on (j.args ->> 'subject_id')::bigint = s.id and j.status in ('todo', 'doing')
group by s.id
having (s.converged < s.marked and s.state in ('received', 'retrying')
        and (count(j.id) <> 1 or max(j.id) is distinct from s.job_id))
    or count(j.id) > 1
"""


async def broken(workshop: Workshop) -> list[dict[str, object]]:
    return [*await workshop.database.fetch(BROKEN)]


async def test_a_delivery_twice_in_one_batch_is_kept_once(workshop: Workshop) -> None:
    first, second = await workshop.news("a", "a", delivery="msg_1")
    subject = await workshop.subject("a")

    assert (first.new, second.new) == (True, False)
    assert first.event_id == second.event_id
    assert subject["marked"] == 1


async def test_a_delivery_twice_in_two_batches_marks_once(workshop: Workshop) -> None:
    [first] = await workshop.news("a", delivery="msg_1")
    [second] = await workshop.news("a", delivery="msg_1")
    subject = await workshop.subject("a")

    assert (first.new, second.new) == (True, False)
    assert first.event_id == second.event_id
    assert subject["marked"] == 1


async def test_the_same_delivery_id_of_another_connection_is_another_delivery(
    workshop: Workshop,
) -> None:
    await workshop.database.fetch(
        "insert into connection (name, mode, settings) values ('other', 'live', '{}')"
    )
    async with workshop.database.transaction() as connection:
        taken = await take_in(
            connection,
            workshop.lanes,
            [arrival("a", "msg_1"), arrival("a", "msg_1", connection="other")],
        )

    assert [one.new for one in taken] == [True, True]


async def test_each_event_keeps_its_own_bytes_and_headers(workshop: Workshop) -> None:
    arrivals = [
        replace(arrival(key, f"msg_{n}"), body=body, headers=headers)
        for n, (key, body, headers) in enumerate(
            [
                ("b", b"\x00\xff", {"user-agent": 'a "quoted" \\ one'}),
                ("a", b"", {}),
                ("a", "{é}".encode(), {"content-type": "é"}),
            ]
        )
    ]
    async with workshop.database.transaction() as connection:
        taken = await take_in(connection, workshop.lanes, [arrivals[2], *arrivals])
    kept = {
        row["id"]: (row["delivery_id"], bytes(row["body"]), row["headers"])
        for row in await workshop.database.fetch(
            "select id, delivery_id, body, headers from event"
        )
    }

    assert [one.new for one in taken] == [True, True, True, False]
    assert [kept[one.event_id] for one in taken[:3]] == [
        (one.delivery_id, one.body, one.headers) for one in (arrivals[2], *arrivals[:2])
    ]


async def test_a_lane_hears_once_of_many_jobs(workshop: Workshop) -> None:
    async with await psycopg.AsyncConnection.connect(
        workshop.database.url, autocommit=True
    ) as listening:
        await listening.execute('listen "procrastinate_queue_v1#acme"')
        await workshop.news("a", "b", "c")
        # What is notified later is heard later: after these words comes nothing more.
        await workshop.database.fetch(
            "select pg_notify('procrastinate_queue_v1#acme', '{\"type\": \"that was all\"}')"
        )
        heard: list[str] = []
        async for one in listening.notifies():
            heard.append(msgspec.json.decode(one.payload)["type"])
            if heard[-1] == "that was all":
                break

    assert heard == ["job_inserted", "that was all"]


async def test_nothing_is_kept_when_the_transaction_is_rolled_back(workshop: Workshop) -> None:
    async with workshop.database.transaction() as connection:
        await take_in(connection, workshop.lanes, [arrival("a")])
        await connection.rollback()
    kept = await workshop.database.fetch(
        "select (select count(*) from event) + (select count(*) from subject)"
        " + (select count(*) from procrastinate_jobs) as n"
    )

    assert kept == [{"n": 0}]


async def test_many_deliveries_of_one_subject_make_one_job(workshop: Workshop) -> None:
    for _ in range(5):
        await workshop.news("a", "a", "b")
    jobs = await workshop.database.fetch("select count(*) as n from procrastinate_jobs")

    assert jobs == [{"n": 2}]
    assert await broken(workshop) == []


async def test_several_connections_at_once_keep_everything_and_never_deadlock(
    workshop: Workshop,
) -> None:
    keys = [f"k{n}" for n in range(12)]
    intakes = [Intake(workshop.database, Lanes(workshop.database.url)) for _ in range(4)]
    chance = random.Random(7)
    deliveries = [(chance.choice(keys), f"msg_{n % 150}") for n in range(400)]
    taken = await asyncio.gather(
        *(
            intakes[n % 4].accept(arrival(key, delivery))
            for n, (key, delivery) in enumerate(deliveries)
        )
    )
    events = await workshop.database.fetch("select id from event")

    assert sum(one.new for one in taken) == 150
    assert {one.event_id for one in taken} == {row["id"] for row in events}
    assert await broken(workshop) == []


async def test_concurrent_transactions_that_mark_in_other_orders_never_deadlock(
    workshop: Workshop,
) -> None:
    refs = [SubjectRef("acme", FLOW, f"k{n}") for n in range(200)]

    async def one(turn: int) -> None:
        chance = random.Random(turn)
        for _ in range(6):
            async with workshop.database.transaction() as connection:
                await subjects.mark(connection, chance.sample(refs, len(refs)))

    await asyncio.gather(*(one(turn) for turn in range(6)))
    marked = await workshop.database.fetch("select distinct marked from subject")

    assert marked == [{"marked": 36}]


async def test_one_delivery_that_cannot_be_stored_costs_the_others_nothing(
    workshop: Workshop,
) -> None:
    intake = Intake(workshop.database, workshop.lanes)
    bad = Arrival(
        connection="acme",
        source="webhook",
        delivery_id="msg_bad",
        topic="with a \0 in it",
        subject=SubjectRef("acme", FLOW, "a"),
    )
    good, failed, last = await asyncio.gather(
        intake.accept(arrival("a")),
        intake.accept(bad),
        intake.accept(arrival("b")),
        return_exceptions=True,
    )

    assert isinstance(failed, Exception)
    assert not isinstance(good, BaseException)
    assert not isinstance(last, BaseException)
    assert (good.new, last.new) == (True, True)


async def test_a_connection_that_is_gone_costs_the_others_nothing(workshop: Workshop) -> None:
    intake = Intake(workshop.database, workshop.lanes)
    gone = Arrival(
        connection="gone",
        source="webhook",
        delivery_id="msg_gone",
        topic="wro.updated",
        subject=SubjectRef("gone", FLOW, "a"),
    )
    good, failed, last = await asyncio.gather(
        intake.accept(arrival("a")),
        intake.accept(gone),
        intake.accept(arrival("b")),
        return_exceptions=True,
    )

    assert isinstance(failed, Exception)
    assert not isinstance(good, BaseException)
    assert not isinstance(last, BaseException)
    assert (good.new, last.new) == (True, True)


async def test_news_during_a_run_make_it_run_once_more(workshop: Workshop) -> None:
    workshop.source.units["a"] = 5
    await workshop.news("a")
    write = workshop.netsuite.write

    async def meanwhile(*arguments: object, **named: float) -> object:
        workshop.netsuite.write = write  # type: ignore[method-assign] # only the first time
        workshop.source.units["a"] = 7
        await workshop.news("a", "a", "a")
        return await write(*arguments, **named)  # type: ignore[arg-type] # passed on as it came

    workshop.netsuite.write = meanwhile  # type: ignore[method-assign, assignment] # the world changes
    subject = await workshop.run("a")
    jobs = await workshop.database.fetch("select count(*) as n from procrastinate_jobs")

    assert (subject["state"], subject["converged"]) == ("done", subject["marked"])
    assert workshop.source.reads == 2
    assert [record.content for record in workshop.netsuite.records] == ["5 units", "2 units"]
    assert jobs == [{"n": 0}]


async def test_a_subject_that_always_has_news_gives_way_and_keeps_its_job(
    workshop: Workshop,
) -> None:
    await workshop.news("a")
    original = workshop.flow.read

    async def restless(key: str, reads: object) -> object:
        await workshop.news(key)
        return await original(key, reads)  # type: ignore[arg-type] # passed on as it came

    object.__setattr__(workshop.flow, "read", restless)
    first = (await workshop.subject("a"))["job_id"]
    subject = await workshop.run("a")

    assert workshop.source.reads == 20
    assert subject["job_id"] not in {None, first}
    assert await broken(workshop) == []


async def test_a_long_back_off_is_cut_short_by_news(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Later", retry_after_seconds=600)
    await workshop.news("a")
    waiting = await workshop.run("a")
    await workshop.news("a")
    woken = await workshop.subject("a")
    [job] = await workshop.database.fetch("select id, scheduled_at from procrastinate_jobs")

    assert waiting["due_at"] > datetime.now(UTC) + timedelta(seconds=500)
    assert (job["id"], job["scheduled_at"]) == (woken["job_id"], None)
    assert woken["job_id"] != waiting["job_id"]
    assert await broken(workshop) == []


async def test_a_short_back_off_is_left_alone_by_news(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Soon", retry_after_seconds=5)
    await workshop.news("a")
    waiting = await workshop.run("a")
    await workshop.news("a")
    after = await workshop.subject("a")

    assert (after["job_id"], after["state"]) == (waiting["job_id"], "retrying")
    assert await broken(workshop) == []


async def test_attempts_are_counted_and_start_anew_after_a_success(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Later")
    await workshop.news("a")
    counted = [(await workshop.run("a"))["attempt"] for _ in range(3)]
    workshop.source.failure = None
    subject = await workshop.run("a")

    assert counted == [1, 2, 3]
    assert (subject["attempt"], subject["cause"], subject["sentence"]) == (0, None, None)


async def test_a_bug_stops_the_subject_with_where_it_was(workshop: Workshop) -> None:
    workshop.source.failure = ZeroDivisionError("a secret value")
    await workshop.news("a")
    subject = await workshop.run("a")

    assert (subject["state"], subject["cause"]) == ("dead", "bug")
    assert "ZeroDivisionError" in subject["sentence"]
    assert "secret value" not in subject["sentence"]
    assert subject["remedy"]


async def test_a_subject_whose_job_vanished_gets_another(workshop: Workshop) -> None:
    await workshop.news("a", "b")
    await workshop.database.fetch("delete from procrastinate_jobs returning id")
    await age(workshop)
    await find_lost(workshop.database, workshop.lanes)
    found = await broken(workshop)
    subject = await workshop.run("a")

    assert found == []
    assert subject["state"] == "done"


async def test_a_subject_that_has_its_job_gets_no_other(workshop: Workshop) -> None:
    await workshop.news("a")
    await age(workshop)
    before = await workshop.subject("a")
    await find_lost(workshop.database, workshop.lanes)

    assert (await workshop.subject("a"))["job_id"] == before["job_id"]


async def test_a_job_that_was_replaced_does_nothing(workshop: Workshop) -> None:
    await workshop.news("a")
    subject = await workshop.subject("a")
    await workshop.converge(subject["id"], subject["job_id"] + 1000, "acme")

    assert workshop.source.reads == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["news", "run", "fail", "park", "stop", "work", "lose", "heal"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=16,
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_subject_has_exactly_one_live_job_after_anything(
    database_url: str, steps: list[tuple[str, str]]
) -> None:
    asyncio.run(play(database_url, steps))


async def play(database_url: str, steps: list[tuple[str, str]]) -> None:
    async with Database(database_url, size=3) as database:
        workshop = await Workshop(database).set_up()
        prefix = uuid.uuid4().hex[:8]
        for key in ("a", "b", "c"):
            await workshop.news(f"{prefix}{key}")
        for step, key in steps:
            await take(workshop, step, f"{prefix}{key}")
            if step == "heal":
                await age(workshop)
                await find_lost(database, workshop.lanes)
            if "lose" not in [one for one, _ in steps]:
                assert await broken(workshop) == []
        await age(workshop)
        await find_lost(database, workshop.lanes)

        assert await broken(workshop) == []


async def age(workshop: Workshop) -> None:
    """Let it be long ago that anything happened: only then is a missing job a lost one."""
    await workshop.database.fetch(
        "update subject set changed_at = now() - interval '1 minute' returning id"
    )


async def take(workshop: Workshop, step: str, key: str) -> None:
    match step:
        case "news":
            await workshop.news(key)
        case "run":
            await workshop.run(key)
        case "fail":
            workshop.source.failure = Retryable("Later", retry_after_seconds=600)
        case "park":
            workshop.source.failure = NeedsData(
                "It is missing",
                cause=Cause.SKU_MISSING_IN_NETSUITE,
                waiting_for=[Awaited("sku:X")],
                remedy="Make it.",
            )
        case "stop":
            workshop.source.failure = NeedsHuman(
                "It is wrong", cause=Cause.OVER_RECEIPT, remedy="Mend it."
            )
        case "work":
            workshop.source.failure = None
        case "lose":
            await workshop.database.fetch("delete from procrastinate_jobs returning id")
        case _:
            return
