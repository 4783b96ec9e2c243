"""What ``selftest`` says of worlds."""

from ml_connector.cli.selftest import as_json, causes_of, why, world_of
from ml_connector.selftest.oracle import Fault
from ml_connector.selftest.playing import Played, StoppedFlow, told_nobody
from ml_connector.selftest.sampling import Sample
from ml_connector.selftest.worlds import WorldResult
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_webhooks import WEBHOOK_BODY

ENVELOPE = Readings({WEBHOOK_BODY: "envelope"})
LOST = Fault(what="5 units are nowhere", subjects=[("receiving", "1")])
CLOSED = StoppedFlow(flow="receiving", key="1", cause="period_closed", sentence="It is closed")
BUG = StoppedFlow(flow="billing", key="2", cause="bug", sentence="Unforeseen")
CHANGED = "document_changed: Item receipt mlc-ir-1-1 says 5 now"
AGAIN = StoppedFlow(
    flow="billing", key="next", cause="rate_limited", sentence="Soon", goes_on=True
)


def ended(
    *stops: StoppedFlow,
    faults: tuple[Fault, ...] = (),
    broke: str = "",
    month: list[str] | None = None,
) -> WorldResult:
    return WorldResult(
        sample=Sample(number=7, kind="single", readings=ENVELOPE),
        played=Played(
            readings=ENVELOPE,
            stops=stops,
            faults=faults,
            told_nobody=told_nobody(faults, stops),
            seconds=1.0,
            broke=broke,
            month=month,
        ),
    )


def test_a_world_ends_in_one_of_five_ways() -> None:
    ends = {
        "right": ended(month=[]),
        "stopped": ended(CLOSED, faults=(LOST,)),
        "alarm": ended(AGAIN, month=[CHANGED]),
        "silent": ended(AGAIN, faults=(LOST,)),
        "bug": ended(BUG),
    }

    assert {name: one.played.outcome for name, one in ends.items()} == {one: one for one in ends}
    assert [one.played.holds for one in ends.values()] == [True, True, False, False, False]
    assert ended(broke="OSError: x").played.outcome == "bug"
    assert ended(CLOSED, faults=(LOST,), month=[CHANGED]).played.outcome == "stopped"
    assert ended(CLOSED, faults=(LOST,), month=[]).played.outcome == "silent"


def test_what_is_tried_again_by_itself_is_no_stop_where_the_books_are_right() -> None:
    assert ended(AGAIN).played.outcome == "right"


def test_a_world_that_does_not_hold_says_why_and_how_it_was() -> None:
    result = ended(faults=(LOST,))

    assert why(result) == ["told nobody: 5 units are nowhere"]
    assert why(ended(month=[CHANGED])) == [f"the month end: {CHANGED}"]
    assert why(ended(CLOSED, faults=(LOST,), month=[]))[1:] == [
        "the month end is green: 5 units are nowhere"
    ]
    assert world_of(result) == 'webhook_body = "envelope"'
    assert causes_of(ended(CLOSED, BUG)) == "receiving: period_closed, billing: bug"


def test_programs_get_every_world_and_whether_all_hold() -> None:
    said = as_json([ended(), ended(faults=(LOST,))], 3)

    assert said["holds"] is False
    assert said["seed"] == 3
    assert said["outcomes"] == {"right": 1, "stopped": 0, "alarm": 0, "silent": 1, "bug": 0}
