"""What the difference of a place is made of, and what is never said of it."""

from decimal import Decimal

import msgspec

from ml_connector.reconcile.tie_out.judge import line_of, tie_out, totals
from ml_connector.reconcile.tie_out.kinds import RULES, OpenKind
from ml_connector.reconcile.tie_out.rows import Balances, Side, TieItem, TieLine, TiePlace

TEE = TiePlace("TEE", "6")


def item(kind: OpenKind, units: int, says: str = "") -> TieItem:
    return TieItem(kind=kind, place=TEE, quantity=Decimal(units), says=says)


def moved(shipbob: int, netsuite: int, *items: TieItem) -> TieLine:
    return line_of(TEE, Side(moved=Decimal(shipbob)), Side(moved=Decimal(netsuite)), items)


def figures(line: TieLine) -> tuple[int, int, int]:
    """The gap, what is carried of it, and what is unexplained."""
    return int(line.gap), int(line.carried), int(line.unexplained)


def kinds(line: TieLine) -> list[OpenKind]:
    return [one.kind for one in line.items]


def test_what_waits_makes_the_difference() -> None:
    line = moved(40, 0, item(OpenKind.WAITING, 40))

    assert kinds(line) == [OpenKind.WAITING]
    assert not line.red


def test_what_waits_and_was_booked_by_hand_is_on_both_sides() -> None:
    line = moved(40, 40, item(OpenKind.WAITING, 40), item(OpenKind.MOVED_BY_OTHERS, -40))

    assert kinds(line) == [OpenKind.WAITING, OpenKind.BOOKED_BY_OTHERS]
    assert not line.red


def test_a_part_of_what_waits_that_was_booked_by_hand_is_on_both_sides() -> None:
    line = moved(40, 30, item(OpenKind.WAITING, 40), item(OpenKind.MOVED_BY_OTHERS, -30))

    assert kinds(line) == [OpenKind.WAITING, OpenKind.BOOKED_BY_OTHERS]
    assert not line.red


def test_more_than_waits_is_no_part_of_it() -> None:
    line = moved(40, 50, item(OpenKind.WAITING, 40), item(OpenKind.MOVED_BY_OTHERS, -50))

    assert kinds(line) == [OpenKind.WAITING, OpenKind.MOVED_BY_OTHERS]
    assert line.red


def test_what_is_booked_by_hand_already_is_not_booked_once_more() -> None:
    line = moved(
        5,
        6,
        item(OpenKind.WAITING, 3),
        item(OpenKind.QUARANTINED, 2),
        item(OpenKind.MOVED_BY_OTHERS, -5),
        item(OpenKind.MOVED_BY_OTHERS, -1),
    )

    assert OpenKind.MOVED_BY_OTHERS in kinds(line)
    assert line.red


def test_a_part_of_a_refusal_is_not_taken_for_what_others_moved() -> None:
    line = moved(30, 10, item(OpenKind.REFUSED, 30), item(OpenKind.MOVED_BY_OTHERS, -10))

    assert kinds(line) == [OpenKind.REFUSED, OpenKind.MOVED_BY_OTHERS]
    assert line.red


def test_a_difference_that_was_taken_and_corrected_is_on_both_sides() -> None:
    line = moved(13, 13, item(OpenKind.DECIDED, 10), item(OpenKind.CORRECTED, -10))

    assert kinds(line) == [OpenKind.DECIDED, OpenKind.BOOKED_BY_OTHERS]
    assert not line.red


def test_what_a_document_handles_may_be_a_changed_one_of_ours() -> None:
    line = moved(90, 90, item(OpenKind.HANDLED, -10), item(OpenKind.DOCUMENT_DIFFERS, 10))

    assert kinds(line) == [OpenKind.HANDLED, OpenKind.DOCUMENT_DIFFERS]
    assert not line.red


def test_one_document_may_handle_two_sources_beside_what_is_refused() -> None:
    line = moved(
        45,
        40,
        item(OpenKind.HANDLED, 30),
        item(OpenKind.HANDLED, 10),
        item(OpenKind.REFUSED, 5),
        item(OpenKind.MOVED_BY_OTHERS, -40),
    )

    assert line.items[-1].kind is OpenKind.BOOKED_BY_OTHERS
    assert not line.red


def test_a_correction_to_what_shipbob_moved_leaves_nothing() -> None:
    line = moved(3, 3, item(OpenKind.MOVED_AT_SHIPBOB, 3), item(OpenKind.CORRECTED, -3))

    assert (line.items, line.red) == ((), False)


def test_a_correction_that_shipbob_never_needed_is_red() -> None:
    line = moved(0, 3, item(OpenKind.CORRECTED, -3))

    assert kinds(line) == [OpenKind.CORRECTED]
    assert line.red


def test_where_both_have_moved_as_much_nothing_is_unexplained() -> None:
    line = moved(40, 40, item(OpenKind.WAITING, 40))

    assert (line.items, line.red) == ((), False)


def test_what_shipbob_has_cancelled_has_moved_nowhere() -> None:
    line = moved(-5, -3, item(OpenKind.REFUSED, -4), item(OpenKind.WAITING, -2, "too little open"))

    assert kinds(line) == [OpenKind.WAITING]
    assert not line.red


def test_what_is_cut_off_and_not_there_is_unexplained() -> None:
    line = moved(40, 40, item(OpenKind.POSTED_LATER, 40))

    assert line.unexplained == -40
    assert line.red


def test_a_refusal_stands_where_nobody_has_booked_it() -> None:
    line = moved(-5, 0, item(OpenKind.REFUSED, -5))

    assert kinds(line) == [OpenKind.REFUSED]
    assert not line.red


def test_a_refusal_that_others_have_booked_is_no_difference() -> None:
    line = moved(-5, -5, item(OpenKind.REFUSED, -5), item(OpenKind.MOVED_BY_OTHERS, 5))

    assert kinds(line) == [OpenKind.REFUSED, OpenKind.BOOKED_BY_OTHERS]
    assert not line.red


def test_a_dropped_shipment_does_not_hide_behind_a_refusal_that_others_have_booked() -> None:
    line = moved(-7, -5, item(OpenKind.REFUSED, -5), item(OpenKind.MOVED_BY_OTHERS, 5))

    assert line.unexplained == -2


def test_an_adjustment_at_shipbob_that_was_booked_explains_nothing() -> None:
    line = moved(3, 3, item(OpenKind.MOVED_AT_SHIPBOB, 3))

    assert (line.items, line.red) == ((), False)


def test_of_two_adjustments_the_one_that_was_not_booked_is_named() -> None:
    line = moved(
        8, 3, item(OpenKind.MOVED_AT_SHIPBOB, 3), item(OpenKind.MOVED_AT_SHIPBOB, 5, "audit 2")
    )

    assert [one.says for one in line.items] == ["audit 2"]
    assert line.red


def test_a_number_that_does_not_fit_is_a_hint_and_no_reason() -> None:
    line = moved(4, 0, item(OpenKind.MOVED_AT_SHIPBOB, 3))

    assert line.items == ()
    assert line.unexplained == 4
    assert kinds_of_hints(line) == [OpenKind.MOVED_AT_SHIPBOB]


def kinds_of_hints(line: TieLine) -> list[OpenKind]:
    return [one.kind for one in line.hints]


def test_where_two_kinds_fit_equally_well_none_is_named() -> None:
    line = moved(3, 0, item(OpenKind.MOVED_AT_SHIPBOB, 3), item(OpenKind.MOVED_BY_OTHERS, 3))

    assert line.items == ()
    assert line.unexplained == 3


def test_history_that_does_not_come_to_its_own_stock_blames_no_flow() -> None:
    line = line_of(
        TEE,
        Side(opening=Decimal(10), moved=Decimal(5), closing=Decimal(13)),
        Side(opening=Decimal(10), moved=Decimal(5), closing=Decimal(15)),
        (),
    )

    assert kinds(line) == [OpenKind.INSIDE_SHIPBOB]
    assert line.items[0].quantity == -2
    assert figures(line) == (-2, 0, 0)


def test_lines_that_netsuite_does_not_show_are_a_difference_inside_netsuite() -> None:
    line = line_of(
        TEE,
        Side(opening=Decimal(10), moved=Decimal(5), closing=Decimal(15)),
        Side(opening=Decimal(10), moved=Decimal(5), closing=Decimal(14)),
        (),
    )

    assert kinds(line) == [OpenKind.INSIDE_NETSUITE]
    assert line.gap == 1


def test_what_differed_at_the_opening_is_carried() -> None:
    line = line_of(
        TEE,
        Side(opening=Decimal(12), moved=Decimal(5), closing=Decimal(17)),
        Side(opening=Decimal(10), moved=Decimal(5), closing=Decimal(15)),
        (),
    )

    assert figures(line) == (2, 2, 0)
    assert (line.items, line.red) == ((), False)


def test_red_places_go_first_and_the_sums_are_of_all() -> None:
    cap = TiePlace("CAP", "6")
    done = tie_out(
        Balances(
            shipbob={cap: Side(moved=Decimal(1)), TEE: Side(moved=Decimal(2))},
            netsuite={cap: Side(moved=Decimal(1))},
        ),
        (),
    )

    assert [one.place for one in done.lines] == [TEE, cap]
    assert totals(done.lines)["shipbob_moved"] == 3
    assert totals(done.lines)["unexplained"] == 2


def test_every_kind_says_what_it_is_and_how_it_ends() -> None:
    assert list(RULES) == list(OpenKind)
    assert all(rule.words and rule.ends for rule in RULES.values())
    assert all(rule.acts for rule in RULES.values() if rule.red)


def test_units_in_quarantine_may_have_left_the_center_or_not() -> None:
    there = moved(3, 1, item(OpenKind.QUARANTINED, 2))
    gone = moved(1, 1, item(OpenKind.QUARANTINED, 2), item(OpenKind.MOVED_AT_SHIPBOB, -2))

    assert (kinds(there), kinds(gone)) == ([OpenKind.QUARANTINED], [])
    assert not there.red
    assert not gone.red


def test_units_that_left_quarantine_by_hand_are_missed_there() -> None:
    held = msgspec.structs.replace(item(OpenKind.QUARANTINED, -2), certain=True)
    standing = moved(0, 2, held)
    disposed = moved(0, 0, held, item(OpenKind.MOVED_BY_OTHERS, 2))

    assert not standing.red
    assert kinds(disposed) == [OpenKind.QUARANTINED, OpenKind.MOVED_BY_OTHERS]
    assert disposed.red


def test_units_in_transit_explain_at_both_places_or_not_at_all() -> None:
    seven = TiePlace("TEE", "7")

    def transit(place: TiePlace, units: int) -> TieItem:
        return TieItem(
            kind=OpenKind.IN_TRANSIT, place=place, quantity=Decimal(units), pair="wro 90311"
        )

    def tied(*more: TieItem, **shipbob: int) -> list[tuple[str, int, bool]]:
        done = tie_out(
            Balances(
                shipbob={
                    TiePlace("TEE", where[1:]): Side(moved=Decimal(units))
                    for where, units in shipbob.items()
                },
                netsuite={TEE: Side(moved=Decimal(12))},
            ),
            [transit(TEE, -12), transit(seven, 12), *more],
        )
        return sorted((one.place.where, int(one.unexplained), one.red) for one in done.lines)

    arrived = tied(_7=12)
    still_there_and_as_many_lost = tied(_6=0)
    between = tied(item(OpenKind.MOVED_AT_SHIPBOB, -12), _6=0)

    assert arrived == between == [("6", 0, False), ("7", 0, False)]
    assert still_there_and_as_many_lost == [("6", -12, True), ("7", 0, False)]
