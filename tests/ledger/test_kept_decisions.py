"""Decisions as the ledger keeps them: once each, never changed, no unit of a document twice."""

import asyncio
from collections.abc import Mapping
from datetime import date

import msgspec
import pytest

from engine.workshop import Workshop
from ml_connector.ledger.decisions import decisions, handled
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
    NamedDocument,
    NamedUnits,
    NewDecision,
)
from ml_connector.ledger.decisions.kept import KeptDecisions
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.inbox.claims import Run
from ml_connector.ledger.inbox.ownership import Claimed
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.ledger.postings.announcements import KeptAnnouncements
from ml_connector.ledger.postings.documents import HandledUnits
from ml_connector.storage.database import Connection, Database, rows
from ml_connector.words import Cause, DecisionKind

IR9 = NamedDocument(
    id="9001",
    type="ItemRcpt",
    number="IR9",
    day=date(2026, 11, 20),
    units=(NamedUnits(item="501", location="6", quantity=60),),
)


@pytest.fixture
async def books(database: Database) -> Database:
    return (await Workshop(database).set_up()).database


async def subject(on: Connection, key: str) -> Run:
    ref = SubjectRef("acme", "receiving", key)
    [marked] = await subjects.mark(on, [ref])
    claimed = Claimed(id=marked.id, ref=ref, epoch=0, mark=marked.mark, attempt=0, since=None)
    return Run(id=marked.id, subject=claimed)


def new(key: str, kind: DecisionKind = DecisionKind.HANDLED, *, value: str = "") -> NewDecision:
    return NewDecision(
        subject=SubjectRef("acme", "receiving", key),
        kind=kind,
        cause=Cause.RECEIVED_BY_OTHERS,
        note="Asked the dock",
        value=value,
        about=DecidedAbout(document=IR9, match="PO9"),
    )


async def record(books: Database, one: NewDecision) -> KeptDecision | None:
    async with books.transaction() as on:
        return await decisions.record(on, one, person="Kim")


async def recorded(books: Database, one: NewDecision) -> KeptDecision:
    kept = await record(books, one)
    assert kept is not None
    return kept


def units(decision: KeptDecision, quantity: int, *, line: str = "inventory 1") -> HandledUnits:
    return HandledUnits(
        source_line=line,
        item="501",
        location="6",
        quantity=quantity,
        decision=decision.id,
        document="9001",
        shown=60,
        reason="Handled by item receipt IR9",
    )


async def take(books: Database, *wanted: tuple[KeptDecision, int]) -> set[str]:
    """Let runs of these decisions' subjects take units at once; return who came too late."""
    async with books.transaction() as on:
        of = {one.key: await subject(on, one.key) for one, _ in wanted}
        kept = await handled.keep(on, [(of[one.key], [units(one, many)]) for one, many in wanted])
    return {key for key, run in of.items() if run.id in kept.short}


async def taken(books: Database) -> Mapping[str, int]:
    found = await books.fetch(
        "select d.key, sum(h.quantity)::int as units from handled_line as h"
        " join decision as d on d.id = h.decision_id group by 1 order by 1"
    )
    return {row["key"]: row["units"] for row in found}


async def test_a_decision_is_kept_with_all_that_it_was_about(books: Database) -> None:
    kept = await recorded(books, new("90311"))
    [standing] = await KeptDecisions(books, "acme").standing("receiving", "90311")

    assert standing.decision == kept
    assert (kept.about.document, kept.about.match) == (IR9, "PO9")
    assert (kept.person, kept.note, kept.says) == ("Kim", "Asked the dock", "handled IR9")


async def test_the_same_decision_is_not_made_twice_until_it_is_taken_back(books: Database) -> None:
    first = await recorded(books, new("90311"))
    twice = await record(books, new("90311"))
    async with books.transaction() as on:
        ended = await decisions.take_back(on, first.id, person="Lee", note="A mistake")
        again = await decisions.take_back(on, first.id, person="Max", note="")
    second = await recorded(books, new("90311"))
    async with books.transaction() as on:
        every = await decisions.of_subject(on, SubjectRef("acme", "receiving", "90311"))

    assert twice is None
    assert (ended, again) == (True, False)
    assert [one.id for one in every] == [first.id, second.id]
    assert (every[0].taken_back_by, every[0].taken_back_note) == ("Lee", "A mistake")


async def test_decisions_about_other_subjects_and_connections_are_none_of_these(
    books: Database,
) -> None:
    await recorded(books, new("90311"))

    assert await KeptDecisions(books, "acme").standing("receiving", "90312") == ()
    assert await KeptDecisions(books, "acme").standing("returns", "90311") == ()
    assert await KeptDecisions(books, "other").standing("receiving", "90311") == ()


async def test_what_a_return_took_is_taken_for_the_wro_that_has_its_number(
    books: Database,
) -> None:
    kept = await recorded(books, new("90311"))
    await take(books, (kept, 40))
    decided = KeptDecisions(books, "acme")

    assert await decided.taken(["9001"], besides=("receiving", "90311")) == {}
    [one] = (await decided.taken(["9001"], besides=("returns", "90311")))["9001"]
    assert one.quantity == 40


@pytest.mark.parametrize("sign", [1, -1])
async def test_units_of_a_document_are_taken_once(books: Database, sign: int) -> None:
    one, other = [await recorded(books, new(key)) for key in ("90311", "90312")]
    first = await take(books, (one, sign * 40))
    late = await take(books, (other, sign * 30))
    fits = await take(books, (other, sign * 20))
    more = await take(books, (one, sign * 41))
    again = await take(books, (one, sign * 40))
    [seen] = await KeptDecisions(books, "acme").standing("receiving", "90312")

    assert (first, late, fits, more, again) == (set(), {"90312"}, set(), {"90311"}, set())
    assert await taken(books) == {"90311": sign * 40, "90312": sign * 20}
    assert [one.quantity for one in seen.taken] == [40]


@pytest.mark.parametrize("units_each", [40, -40])
async def test_two_that_take_in_one_transaction_do_not_take_the_same(
    books: Database, units_each: int
) -> None:
    one, other = [await recorded(books, new(key)) for key in ("90311", "90312")]
    late = await take(books, (one, units_each), (other, units_each))

    assert late == {"90312"}
    assert await taken(books) == {"90311": units_each}


async def test_many_that_take_at_the_same_time_take_what_there_is(books: Database) -> None:
    made = [await recorded(books, new(str(key))) for key in range(90311, 90319)]
    late = await asyncio.gather(*(take(books, (one, 25)) for one in made))

    assert sum(map(len, late)) == 6
    assert sum((await taken(books)).values()) == 50


async def test_what_a_decision_took_is_there_for_others_when_it_is_taken_back(
    books: Database,
) -> None:
    one, other = [await recorded(books, new(key)) for key in ("90311", "90312")]
    await take(books, (one, 60))
    seen = await KeptDecisions(books, "acme").standing("receiving", "90312")
    async with books.transaction() as on:
        await handled.release(on, one.id)
        await decisions.take_back(on, one.id, person="Kim", note="")
    late = await take(books, (other, 60))

    assert seen[0].taken == IR9.units
    assert late == set()
    assert await taken(books) == {"90312": 60}


async def test_a_document_is_told_as_moved_only_where_what_is_taken_of_it_changes(
    books: Database,
) -> None:
    one = await recorded(books, new("90311"))

    async def moved(*taken: HandledUnits) -> set[str]:
        async with books.transaction() as on:
            run = await subject(on, "90311")
            kept = await handled.keep(on, [(run, taken)])
        return set(kept.moved[run.id])

    told = [await moved(*some) for some in ((), [units(one, 40)], [units(one, 40)], (), ())]

    assert told == [set(), {"9001"}, set(), {"9001"}, set()]


async def test_only_the_part_that_was_handled_is_no_longer_refused(books: Database) -> None:
    one = await recorded(books, new("90311"))
    await take(books, (one, 40))
    async with books.transaction() as on:
        run = await subject(on, "90311")
        await rows(
            on,
            "insert into refusal (subject_id, name, currency, quantity, reason, run_id)"
            " values (%(id)s, 'inventory 1', '', 45, 'handled, and by policy', 1)",
            {"id": run.subject.id},
        )
        await handled.release(on, one.id)

    assert await books.fetch("select quantity from refusal") == [{"quantity": 5}]


@pytest.mark.parametrize(("refused", "left"), [(-45, [-5]), (-40, []), (3, [43])])
async def test_units_that_leave_are_given_back_with_their_sign(
    books: Database, refused: int, left: list[int]
) -> None:
    one = await recorded(books, new("90311"))
    await take(books, (one, -40))
    async with books.transaction() as on:
        run = await subject(on, "90311")
        await rows(
            on,
            "insert into refusal (subject_id, name, currency, quantity, reason, run_id)"
            " values (%(id)s, 'inventory 1', '', %(refused)s, 'handled, and by policy', 1)",
            {"id": run.subject.id, "refused": refused},
        )
        await handled.release(on, one.id)

    assert [row["quantity"] for row in await books.fetch("select quantity from refusal")] == left


async def test_that_a_decision_lapsed_is_noted_and_that_it_holds_again(books: Database) -> None:
    kept = await recorded(books, new("90311"))
    ref = SubjectRef("acme", "receiving", "90311")
    said = []
    for why in ("IR9 is voided", "IR9 is voided", ""):
        async with books.transaction() as on:
            await decisions.note_lapses(on, {kept.id: why})
            [now] = await decisions.of_subject(on, ref)
        said.append((now.lapsed_why, now.lapsed_at))

    assert [why for why, _ in said] == ["IR9 is voided", "IR9 is voided", None]
    assert said[0] == said[1]
    assert said[2] == (None, None)


@pytest.mark.parametrize(
    ("kind", "order", "beside"),
    [("ItemRcpt", "4711", 0), ("ItemRcpt", None, 40), ("InvAdjst", None, 40)],
)
async def test_what_a_receipt_handled_is_received_from_its_order_and_an_adjustment_is_not(
    books: Database, kind: str, order: str | None, beside: int
) -> None:
    document = msgspec.structs.replace(IR9, type=kind, created_from=order)
    about = DecidedAbout(document=document)
    one = await recorded(books, msgspec.structs.replace(new("90311"), about=about))
    await take(books, (one, 40))
    async with books.transaction() as on:
        run = await subject(on, "90311")
        await rows(
            on,
            "insert into refusal (subject_id, name, currency, quantity, reason, run_id)"
            " values (%(id)s, 'inventory 1', '', 40, 'handled', 1)",
            {"id": run.subject.id},
        )
    known = KeptAnnouncements(books, "acme", announcing="purchase-orders", receiving="receiving")
    outcome = await known.outcome(90311)

    assert outcome.units == {"inventory 1": beside}
    assert outcome.handled == ({order: {"inventory 1": 40}} if order else {})


async def run_of(on: Connection, key: str) -> int:
    """Begin a run of a subject, and keep a receipt that it has posted."""
    run = await subject(on, key)
    [made] = await rows(
        on,
        "with r as (insert into run (connection, subject_id, epoch, mark, worker, mode, rules)"
        "  values ('acme', %(subject)s, 0, 0, 'tests', 'live', 'x-1') returning id)"
        " insert into posting (connection, subject_id, run_id, system, kind, external_id, state,"
        "  document, document_hash)"
        " select 'acme', %(subject)s, r.id, 'netsuite', 'itemReceipt', 'mlc-ir-' || r.id, 'done',"
        "  '{}', '' from r returning run_id",
        {"subject": run.subject.id},
    )
    return int(made["run_id"])


@pytest.mark.parametrize("clock", ["- interval '1 hour'", "+ interval '1 hour'"])
async def test_what_was_posted_since_a_decision_is_told_by_runs_and_not_by_clocks(
    books: Database, clock: str
) -> None:
    async with books.transaction() as on:
        before = await run_of(on, "90311")
        one = new("90311")
        about = msgspec.structs.replace(one.about, after_run=before)
        one = msgspec.structs.replace(one, about=about)
        kept = await decisions.record(on, one, person="Kim")
        assert kept is not None
        since = await run_of(on, "90311")
        await rows(on, f"update decision set made_at = now() {clock} returning id")  # noqa: S608 - a text of ours
        [kept] = await decisions.of_subject(on, one.subject)
        found = await decisions.posted_since(on, kept)

    assert [one["external_id"] for one in found] == [f"mlc-ir-{since}"]


async def test_the_wros_that_belong_to_an_order_are_those_that_people_say(books: Database) -> None:
    order = NamedDocument(id="4711", type="PurchOrd", number="PO4711")
    made = []
    for key in ("90311", "90312", "90313"):
        one = new(key, DecisionKind.BELONGS, value="PO4711")
        made.append(
            await recorded(books, msgspec.structs.replace(one, about=DecidedAbout(document=order)))
        )
    async with books.transaction() as on:
        await decisions.take_back(on, made[1].id, person="Kim", note="")
        await decisions.note_lapses(on, {made[2].id: "its number is PO9 now"})
    known = KeptAnnouncements(books, "acme", announcing="purchase-orders", receiving="receiving")

    assert await known.belonging("4711") == (90311,)
    assert await known.belonging("4712") == ()
