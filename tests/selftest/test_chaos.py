"""A month of events under kills: what is planned, what is judged, and one small run."""

from decimal import Decimal
from pathlib import Path

from ml_connector.config.settings import Settings
from ml_connector.selftest.chaos.judging import judge
from ml_connector.selftest.chaos.plan import chaos_plan, faults
from ml_connector.selftest.chaos.run import ChaosResult, journal_differs, run
from ml_connector.selftest.chaos.service import Recovery
from ml_connector.selftest.chaos.telling import as_json, lines_of, summary
from ml_connector.sim.faults import COMMITS


def ended(**more: object) -> ChaosResult:
    found = ChaosResult(
        seed=3,
        events=62,
        kills=3,
        restarts=1,
        replaced=("worker_in_call: worker instead",),
        seconds=61.4,
        lost=(),
        doubled=(),
        stuck=(),
        differences=(),
        recoveries=(
            Recovery(victim="web", seconds=2.25),
            Recovery(victim="all", seconds=6.5),
            Recovery(victim="database", seconds=9.0),
        ),
        not_played=("A full disk.",),
    )
    for name, value in more.items():
        object.__setattr__(found, name, value)
    return found


def test_the_same_seed_plans_the_same_run() -> None:
    first, again = chaos_plan(300, 20, seed=5), chaos_plan(300, 20, seed=5)
    another = chaos_plan(300, 20, seed=6)

    assert first == again
    assert another.kills != first.kills


def test_a_plan_has_the_events_and_kills_that_were_asked_for() -> None:
    for events, kills in ((20, 0), (60, 3), (1_000, 20)):
        plan = chaos_plan(events, kills, seed=1)
        processes = [one for one in plan.kills if one.victim is not None]
        ends = [one for one in plan.kills if one.victim is None]

        assert events <= plan.events <= events + 60
        assert len(processes) == kills
        assert len(ends) == (max(1, kills // 10) if kills else 0)
        assert list(plan.kills) == sorted(plan.kills, key=lambda one: one.before)
        assert len(plan.pushes) == len(plan.docks) >= 1
        assert max(plan.pushes) < min(plan.docks)
        assert kills == 0 or "worker_in_call" in {one.victim for one in processes}


def test_faults_strike_both_before_and_after_the_work_is_done() -> None:
    kinds = {one.kind for one in faults()}

    assert kinds & COMMITS
    assert kinds - COMMITS
    assert all(one.system is None for one in faults())


def test_less_than_must_be_is_lost_and_more_is_doubled() -> None:
    must = {("fulfilled", "SO1", "TEE"): Decimal(2), ("invoice", "7"): Decimal("-3.10")}

    right = judge(must, dict(must))
    less = judge(must, {("fulfilled", "SO1", "TEE"): Decimal(1)})
    more = judge(
        must,
        {
            ("fulfilled", "SO1", "TEE"): Decimal(4),
            ("invoice", "7"): Decimal("-6.20"),
            ("received", "PO9", "CAP"): Decimal(1),
        },
    )
    turned = judge({("invoice", "7"): Decimal(5)}, {("invoice", "7"): Decimal(-6)})

    assert (right.lost, right.doubled) == ((), ())
    assert less.lost == ("fulfilled SO1 TEE: 1 of 2", "invoice 7: 0 of -3.10")
    assert less.doubled == ()
    assert more.lost == ()
    assert more.doubled == (
        "fulfilled SO1 TEE: 4 of 2",
        "invoice 7: -6.20 of -3.10",
        "received PO9 CAP: 1 of 0",
    )
    assert (turned.lost, turned.doubled) == (("invoice 7: -6 of 5",), ())


def test_stock_that_the_journal_does_not_know_is_named() -> None:
    books = {("TEE", "6"): 5, ("CAP", "7"): 2}

    assert journal_differs(books, dict(books)) == []
    assert journal_differs(books, {("TEE", "6"): 5, ("CAP", "7"): 3}) == [
        "CAP at location 7: 3 in NetSuite, 2 by the journal"
    ]


def test_anything_that_is_wrong_is_said_and_makes_it_fail() -> None:
    good = ended()

    assert good.holds
    assert summary(good) == "0 lost, 0 doubled, 0 stuck; seed 3"
    assert lines_of(good) == [
        "62 events, 3 kills, database ended 1 times, in 61 s",
        "longest recovery 6.5 s; after an end of the database 9.0 s",
        "not as planned: worker_in_call: worker instead",
        "not played: A full disk.",
    ]
    for name in ("lost", "doubled", "stuck", "differences"):
        bad = ended(**{name: ("TEE: 1 of 2",)})

        assert not bad.holds
        assert as_json(bad)["holds"] is False
        assert lines_of(bad)[0].endswith(": TEE: 1 of 2")


def test_of_many_things_that_are_wrong_the_first_are_shown() -> None:
    said = lines_of(ended(lost=tuple(f"{n}: 0 of 1" for n in range(25))))

    assert said[19:21] == ["lost: 19: 0 of 1", "lost: 5 more"]


def test_a_small_run_loses_doubles_and_leaves_nothing(tmp_path: Path) -> None:
    played: list[int] = []
    result = run(
        Settings(data_dir=tmp_path / "data"),
        events=60,
        kills=3,
        seed=1,
        told=lambda done, _all, _note: played.append(done),
    )

    assert result.holds, lines_of(result)
    assert (result.kills, result.replaced) == (3, ())
    assert {one.victim for one in result.recoveries} > {"worker_in_call", "database"}
    assert played == sorted(played)
    assert list((tmp_path / "data").iterdir()) == []
