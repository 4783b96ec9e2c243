"""Every cause stops something in one installation, and a person empties the list by decisions.

Nothing is cured at ShipBob or on the documents that stopped it. What the person says has been
done by hand in NetSuite is there. Afterwards nothing is parked or dead, both sides have the same
stock but for what the books explain, and the month-end report says what was decided.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest

from acceptance.closing import TODAY, close
from acceptance.endings import AFTERWARDS, ENDINGS, Options
from acceptance.further_stops import FURTHER, MONTH_BEFORE
from acceptance.in_process import Asked, decide, decide_all, decide_month, sync
from acceptance.merchant import Merchant
from acceptance.stops import STORIES, Stop, World
from acceptance.test_deciding import drifts
from acceptance.test_every_stop_wakes import look, state, work_off
from acceptance.whole_stops import OF_THE_WHOLE, TABLES_APPLIED
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation
from ml_connector.causes.table import stops
from ml_connector.engine.inbox.wakeups import run_again
from ml_connector.flows import FLOWS
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference, Report
from ml_connector.reconcile.month import Month
from ml_connector.words import Cause, DecisionKind

WHOLE: Final = "it stops whatever comes to a location or at all, so it is played by itself, below"
OURS: Final = (
    "a fault of this software, and none is known: a version that mends it wakes what stopped"
)

NOT_PLAYED: Final = {
    Cause.CREDENTIALS_INVALID: WHOLE,
    Cause.PERMISSION_MISSING: WHOLE,
    Cause.SETTINGS_UNREADABLE: WHOLE,
    Cause.FLOW_OFF: WHOLE,
    Cause.LINE_NUMBERS_UNCLEAR: WHOLE,
    Cause.REFUSED_BY_NETSUITE: WHOLE,
    Cause.SUBSIDIARY_UNCLEAR: WHOLE,
    Cause.REFUSED_BY_SHIPBOB: (
        "ShipBob's simulator refuses a WRO for what no plan of ours holds, such as an arrival in"
        " the past: test_against_simulator has its answer"
    ),
    Cause.VENDOR_MISSING: "without a vendor [flows] has billing off, so nothing of it is planned",
    Cause.UNEXPLAINED: OURS,
    Cause.BUG: OURS,
}

PLAYED: Final = [one for one in (*STORIES, *FURTHER) if one.__name__ not in NOT_PLAYED]

BY_DRIFT: Final = Cause.STOCK_DRIFT
"""Decided by location and SKU, with a command of its own."""

SAYS: Final = {
    DecisionKind.HANDLED: (Kind.FACT_HANDLED, "Handled by"),
    DecisionKind.NOT_OURS: (Kind.FACT_REFUSED, "Not ours, as a person decided: Asked about it"),
}
"""What the report shows of a decision about units, and in which words."""

TAKEN_AS_IT_IS: Final = frozenset(
    {
        Cause.SHIPMENT_CHANGED,
        Cause.CANCELLED_AFTER_SHIPPING,
        Cause.RETURN_REOPENED,
        Cause.INVOICE_DOES_NOT_TIE,
    }
)
"""The causes where what was accepted leaves a difference that the report shows."""


Decided = tuple[Stop, str, DecisionKind, str]
"""A stop, its cause, what was decided, and the SKU where stock differs."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of all of them.

    Attributes:
        stopped: cause by name of the story.
        decided: each stop with its cause, what was decided, and the SKU where stock differs.
        states: the state of each stop at the end.
        before: the report of the month before anybody decided anything.
        after: the same at the end.
        month_before: the report of the month before, in which one fact lies, at the end.
        drifts: the differences of stock at the end.
    """

    stopped: dict[str, str]
    decided: Sequence[Decided]
    states: dict[str, str]
    before: Report
    after: Report
    month_before: Report
    drifts: Sequence[Any]


def event_of(acme: Merchant, stop: Stop) -> int:
    [row] = acme.rows(
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.flow = %(flow)s and s.key = %(key)s",
        **stop._asdict(),
    )
    return int(row["id"])


def look_everywhere(acme: Merchant) -> None:
    """Sweep all flows, as a day does."""
    for flow in FLOWS:
        sync(acme, flow)


def open_stops(acme: Merchant) -> list[tuple[Stop, str]]:
    rows = acme.rows(
        "select flow, key, cause from subject where state in ('parked', 'dead')"
        " and flow <> 'inventory' order by id"
    )
    return [(Stop(row["flow"], row["key"]), row["cause"]) for row in rows]


def set_up(acme: Merchant) -> World:
    netsuite = acme.world.netsuite
    netsuite.add_location("Quarantine", internal_id=9, subsidiary=1)
    netsuite.add_account("Write-off", internal_id=55, account_type="Expense")
    netsuite.add_customer("Kim Roe", internal_id=401, subsidiary=1)
    acme.world.shipbob.books.limit.per_minute = 0
    acme.apply(**TABLES_APPLIED)
    return World(acme)


def correct_drifts(acme: Merchant) -> list[Decided]:
    """Decide about each SKU whose stock differs that ShipBob counts right."""
    decided: list[Decided] = []
    # What is corrected by the very run is among its differences once more.
    while found := [row for row in drifts(acme) if row["sku"] not in {one[3] for one in decided}]:
        stop, sku = Stop("inventory", str(found[0]["location"])), str(found[0]["sku"])
        kept = decide(acme, event_of(acme, stop), "correct", value=sku)
        decided.append((stop, BY_DRIFT, kept.kind, sku))
    return decided


def take_the_month_as_it_is(acme: Merchant) -> None:
    """Decide about each difference that is left in the month, and let that be booked."""
    for one in close(acme).report.open:
        decide_month(acme, one, "accept")


def run(acme: Merchant, stops: Iterable[Stop]) -> None:
    """Let these run, those of one flow together."""
    keys: dict[str, list[str]] = defaultdict(list)
    for stop in stops:
        keys[stop.flow].append(stop.key)
    for flow, those in keys.items():
        sync(acme, flow, those)


def woken(acme: Merchant) -> list[Stop]:
    """Return what a mapping lets go on."""
    rows = acme.rows("select flow, key from subject where state = 'received' order by id")
    return [Stop(row["flow"], row["key"]) for row in rows]


def end(acme: Merchant, asked: Sequence[tuple[Stop, str, Options]]) -> list[Decided]:
    """Decide about each stop as its ending says, then let them run."""
    kept = decide_all(
        acme,
        [
            Asked(
                event_of(acme, stop),
                kind,
                dict(zip((one.lstrip("-") for one in named[::2]), named[1::2], strict=True)),
            )
            for stop, _, (kind, *named) in asked
        ],
    )
    run(acme, [stop for stop, _, _ in asked])
    return [(stop, cause, one.kind, "") for (stop, cause, _), one in zip(asked, kept, strict=True)]


@pytest.fixture(scope="module")
def told(quiet: Merchant) -> Told:
    """Every story, told and decided about together in one installation."""
    world = set_up(quiet)
    begun = {one.__name__: next(one(world)) for one in PLAYED}
    run(quiet, begun.values())
    stopped = {name: state(quiet, stop) for name, stop in begun.items()}
    before = close(quiet).report
    asked = [(stop, name, ENDINGS[name](world, stop)) for name, stop in begun.items()]
    decided: list[Decided] = []
    for mapping in (one for one in asked if one[2][0] == "map"):
        decided += end(quiet, [mapping])
        run(quiet, woken(quiet))
    decided += end(quiet, [one for one in asked if one[2][0] != "map"])
    look_everywhere(quiet)
    decided += end(
        quiet,
        [(stop, cause, AFTERWARDS[cause](world, stop)) for stop, cause in open_stops(quiet)],
    )
    take_the_month_as_it_is(quiet)
    decided += correct_drifts(quiet)
    look_everywhere(quiet)
    return Told(
        stopped=stopped,
        decided=decided,
        states={name: state(quiet, stop) for name, stop in begun.items()},
        before=before,
        after=close(quiet).report,
        month_before=close(quiet, month=Month.of(MONTH_BEFORE)).report,
        drifts=drifts(quiet),
    )


def test_every_cause_is_played_or_says_why_not() -> None:
    stopping = {one.cause for one in stops() if one.status in {"parked", "dead"}}
    names = {one.__name__ for one in PLAYED}

    assert names | set(NOT_PLAYED) | {BY_DRIFT} == stopping
    assert names.isdisjoint(NOT_PLAYED)
    assert names == set(ENDINGS)


def test_each_stops_for_its_cause_and_ends_by_a_decision(told: Told) -> None:
    assert {name: stop.rpartition(" ")[2] for name, stop in told.stopped.items()} == {
        name: name for name in told.stopped
    }
    assert told.states == dict.fromkeys(told.stopped, "done")


def test_the_list_of_what_is_stopped_is_empty(quiet: Merchant, told: Told) -> None:
    listed = {
        status: quiet.command("events", "list", "--status", status, "--json").json
        for status in ("parked", "dead")
    }

    assert told.decided
    assert {status: one["events"] for status, one in listed.items()} == {"parked": [], "dead": []}


def test_the_month_and_the_stock_are_green(told: Told) -> None:
    assert not told.before.green
    assert [one.says for one in told.after.open] == []
    assert [one.says for one in told.month_before.open] == []
    assert told.after.green
    assert told.month_before.green
    assert told.drifts == []


def test_the_report_says_what_was_decided(told: Told) -> None:
    explained = (*told.after.explained, *told.month_before.explained)
    for stop, cause, kind, _ in told.decided:
        shown = [one for one in explained if one.source == source_of(stop)]
        if kind in SAYS and FLOWS[stop.flow].sections:
            assert says(shown, *SAYS[kind]), f"{stop}, {cause}"
        if cause in TAKEN_AS_IT_IS and kind is DecisionKind.ACCEPT:
            assert says(shown, Kind.FACT_REFUSED, "Taken as it is"), f"{stop}, {cause}"


def source_of(stop: Stop) -> str:
    return f"{FLOWS[stop.flow].source} {stop.key}"


def says(shown: Sequence[Difference], kind: Kind, words: str) -> bool:
    return any(one.kind is kind and words in one.says for one in shown)


def test_who_decided_what_and_why_is_kept(quiet: Merchant, told: Told) -> None:
    acts = quiet.rows(
        "select details ->> 'note' as note, details -> 'before' ->> 'cause' as cause,"
        " details -> 'after' ->> 'decided' as decided from act where what = 'events.decide'"
        " and person = 'kim' order by id"
    )

    assert [(one["cause"], one["note"]) for one in acts] == [
        (cause, "Asked about it") for _, cause, _, _ in told.decided
    ]
    assert [str(one["decided"]).partition(" ")[0] for one in acts] == [
        str(kind) for _, _, kind, _ in told.decided
    ]


BY_DOCUMENTS: Final = (
    DecisionKind.ACCEPT,
    DecisionKind.SEPARATE,
    DecisionKind.ADJUST,
    DecisionKind.CORRECT,
    DecisionKind.BELONGS,
)


def first_row(acme: Merchant, kind: DecisionKind) -> tuple[int, str, int]:
    """Return a decision, its source and a row that the journal has by it."""
    rows = acme.rows(
        "select d.id as decision, j.source, j.id as row from decision as d"
        " join subject as s on (s.connection, s.flow, s.key) = (d.connection, d.flow, d.key)"
        " join posting as p on p.subject_id = s.id"
        " and p.run_id > (d.about ->> 'after_run')::bigint"
        " join journal as j on j.posting_id = p.id"
        " where d.kind = %(kind)s and d.taken_back_at is null and d.flow <> 'month-end'"
        " and coalesce(j.quantity::numeric, j.amount) is not null"
        " and j.posting_date >= date_trunc('month', %(today)s::date)"
        " and j.source_line not like '%% / %%' order by d.id, j.id limit 1",
        kind=kind,
        today=TODAY,
    )
    assert rows, kind
    return rows[0]["decision"], rows[0]["source"], rows[0]["row"]


@contextmanager
def one_too_many(acme: Merchant, journal: Sequence[int], handled: int) -> Iterator[None]:
    """Let rows be wrong by one for the length of the block, as a wrong rule would have them."""
    assert acme.database_url is not None
    with psycopg.connect(acme.database_url) as connection:
        for by in (1, -1):
            connection.execute("set session_replication_role = replica")
            connection.execute(
                "update journal set quantity = quantity + %(by)s, amount = amount + %(by)s"
                " where id = any (%(rows)s)",
                {"by": by, "rows": list(journal)},
            )
            connection.execute(
                "update handled_line set quantity = quantity + %(by)s where ctid = (select ctid"
                " from handled_line where decision_id = %(one)s order by name limit 1)",
                {"by": by, "one": handled},
            )
            connection.commit()
            if by == 1:
                yield


def test_what_is_booked_otherwise_than_decided_turns_the_month_red(
    quiet: Merchant, told: Told
) -> None:
    wrong = {kind: first_row(quiet, kind) for kind in BY_DOCUMENTS}
    [handled] = quiet.rows(
        "select min(h.decision_id) as decision from handled_line as h"
        " join decision as d on d.id = h.decision_id where d.taken_back_at is null"
    )
    with one_too_many(quiet, [row for _, _, row in wrong.values()], handled["decision"]):
        report = close(quiet).report
    named = [f"{one.source}: {one.says} {one.remedy}" for one in report.open]

    assert told.after.green
    for kind, (decision, source, _) in wrong.items():
        assert any(f"ecision {decision}," in one and source in one for one in named), kind
    assert any(f"ecision {handled['decision']}," in one for one in named)
    assert close(quiet).report.green


async def told_of(acme: Merchant, stop: Stop) -> None:
    """Let a worker do what an event about a subject asks for."""
    async with open_installation(acme.settings) as installation:
        contexts = ConnectionContexts(installation)
        ref = SubjectRef("acme", *stop)
        async with installation.database.transaction() as on:
            await run_again(on, installation.lanes, [ref], source="person", topic="tests")
        await work_off(installation, contexts)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("cause", OF_THE_WHOLE)
def test_what_stops_the_whole_connection_goes_on_when_it_is_put_right(
    quiet: Merchant, cause: Cause
) -> None:
    begin, breaks = OF_THE_WHOLE[cause]
    stop, sku = begin(quiet)
    broken = breaks(quiet)
    next(broken)
    asyncio.run(told_of(quiet, stop))
    stopped = state(quiet, stop)
    assert next(broken, None) is None
    asyncio.run(look(quiet, times=2))

    assert stopped in {f"dead {cause}", f"parked {cause}"}
    assert state(quiet, stop) == "done"
    assert quiet.books(sku) == ({(sku, 6): 5},) * 3
