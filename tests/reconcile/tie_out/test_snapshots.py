"""A month of which ShipBob no longer tells is tied out by comparisons that are kept."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ml_connector.reconcile.tie_out.differences import differences
from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import TieOut
from ml_connector.reconcile.tie_out.snapshots import NONE_KEPT, KeptOpen, KeptStock, tied

CHICAGO = ZoneInfo("America/Chicago")
FIRST, LAST = datetime(2026, 6, 30, 10, tzinfo=UTC), datetime(2026, 7, 31, 10, tzinfo=UTC)


def seen(at: datetime, shipbob: int, netsuite: int, *still_open: KeptOpen) -> KeptStock:
    return KeptStock(
        taken_at=at,
        shipbob={"TEE": Decimal(shipbob)},
        netsuite={"TEE": Decimal(netsuite)},
        open=still_open,
    )


def waits(units: int) -> KeptOpen:
    return KeptOpen("TEE", Decimal(units), "receiving 90311 waits")


def of(before: KeptStock, after: KeptStock) -> TieOut:
    done = tied({"6": before}, {"6": after}, {"6"}, CHICAGO)
    assert isinstance(done, TieOut)
    return done


def test_both_systems_are_tied_by_what_was_seen_at_the_turns_of_the_month() -> None:
    done = of(seen(FIRST, 100, 100), seen(LAST, 130, 118, waits(12)))

    [line] = done.lines
    side = line.shipbob
    assert (int(side.opened), int(side.moved), int(side.closed)) == (100, 30, 130)
    assert [(one.kind, int(one.quantity)) for one in line.items] == [(OpenKind.WAITING, 12)]
    assert not line.red
    assert done.basis == "snapshots"
    [note] = done.notes
    assert "location 6 is that of the comparisons of 2026-06-30 05:00 and 2026-07-31" in note


def test_what_nothing_open_explains_is_red() -> None:
    done = of(seen(FIRST, 100, 100), seen(LAST, 130, 120, waits(12)))

    [line] = done.lines
    assert (int(line.unexplained), line.red) == (-2, True)


def test_what_was_open_before_and_is_posted_by_now_is_no_difference_of_the_month() -> None:
    done = of(seen(FIRST, 100, 88, waits(12)), seen(LAST, 100, 100))

    [line] = done.lines
    assert (int(line.carried), int(line.unexplained)) == (12, 0)
    assert not line.red


def test_a_difference_that_was_there_before_is_carried_and_shown() -> None:
    done = of(seen(FIRST, 100, 97), seen(LAST, 60, 57))

    [line] = done.lines
    assert (int(line.carried), line.red) == (3, False)
    [shown] = differences(done)
    assert shown.says == (
        "TEE at location 6: ShipBob has 3 more before the month's movements, as compared"
    )


def test_a_location_that_was_not_compared_is_named() -> None:
    one = seen(FIRST, 1, 1)
    done = tied({"6": one, "7": one}, {"6": one}, {"6", "7", "8"}, CHICAGO)

    assert isinstance(done, TieOut)
    assert [line.place.where for line in done.lines] == ["6"]
    assert [note[:26] for note in done.notes[:2]] == [
        "Location 7 is not tied out",
        "Location 8 is not tied out",
    ]


def test_without_any_the_report_says_so() -> None:
    assert tied({}, {"6": seen(LAST, 1, 1)}, {"6"}, CHICAGO) == NONE_KEPT
