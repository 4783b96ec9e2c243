"""A decision about a difference covers what was shown, in the journal, and nothing else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from ml_connector.ledger.decisions.booked import BookedMove
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
)
from ml_connector.ledger.decisions.differences import DecidedDifference, DecidedMove
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.decided import DifferenceDecision, with_decisions
from ml_connector.reconcile.document_ref import DocumentRef
from ml_connector.words import DecisionKind

KEY = "2026-11-3f9ac2d1"


def difference(says: str = "posted was 100, NetSuite says 90 now") -> Difference:
    return Difference(
        id=KEY,
        kind=Kind.DOCUMENT_CHANGED,
        section="receipts",
        what="TEE",
        item="501",
        where="6",
        journal=Decimal(100),
        netsuite=Decimal(90),
        external_id="mlc-ir-7-1",
        documents=(DocumentRef(type="Item receipt", id="5003"),),
        says=says,
        remedy="Set it back",
    )


def decision(kind: DecisionKind = DecisionKind.ACCEPT) -> DifferenceDecision:
    shown = difference()
    return DifferenceDecision(
        KeptDecision(
            id=3,
            connection="acme",
            flow="month-end",
            key=KEY,
            kind=kind,
            cause=None,
            document="",
            value="",
            note="Counted",
            person="kim",
            made_at=datetime(2026, 11, 30, tzinfo=UTC),
            about=DecidedAbout(
                difference=DecidedDifference(
                    kind=shown.kind,
                    says=shown.says,
                    section="receipts",
                    source="wro 7",
                    external_id="mlc-ir-7-1",
                    record="5003",
                    day=date(2026, 11, 3),
                    sku="TEE",
                    item="501",
                    location="6",
                    taken=Decimal(-10),
                )
            ),
        )
    )


def booked(value: int = -10) -> list[BookedMove]:
    """What the journal has by the decision."""
    row = BookedMove(
        key=KEY,
        day=date(2026, 11, 3),
        value=Decimal(value),
        section="receipts",
        name="mlc-ir-7-1",
        sku="TEE",
        item="501",
        location="6",
    )
    return [row] if value else []


def open_of(found: Sequence[Difference]) -> list[Kind]:
    return [one.kind for one in found if not one.explained]


def test_what_is_accepted_and_booked_is_shown_as_taken_as_it_is() -> None:
    [one] = with_decisions([difference()], [decision()], booked())

    assert one.explained
    assert one.accepted
    assert (one.journal, one.netsuite) == (Decimal(100), Decimal(90))
    assert one.decided == "Decided by kim on 2026-11-30: accept. Counted (decision 3)"


def test_what_is_corrected_is_decided_and_not_taken_as_it_is() -> None:
    [one] = with_decisions([difference()], [decision(DecisionKind.CORRECT)], booked())

    assert one.explained
    assert not one.accepted


def test_other_figures_are_open_again() -> None:
    found = with_decisions([difference("NetSuite says 80 now")], [decision()], booked())

    assert open_of(found) == [Kind.DOCUMENT_CHANGED]
    assert "does not hold any more" in found[0].remedy


@pytest.mark.parametrize("there", [0, -4, -20])
def test_what_the_journal_does_not_have_so_is_open_and_names_its_decision(there: int) -> None:
    [one] = with_decisions([difference()], [decision()], booked(there))

    assert not one.explained
    assert "Decided by kim" in one.decided
    assert one.remedy.endswith(f"Run: ml-connector sync month-end --id {KEY}")


def test_a_document_that_was_put_back_is_open_while_the_journal_has_the_difference() -> None:
    [one] = with_decisions([], [decision()], booked())

    assert (one.id, one.kind, one.explained) == (f"{KEY}a", Kind.ACCEPTED_CHANGED, False)
    assert (one.section, one.what, one.where, one.journal) == (
        "receipts",
        "TEE",
        "6",
        Decimal(-10),
    )
    assert one.says == (
        'Decision 3, "accept", put -10 x TEE into the journal for mlc-ir-7-1; NetSuite does not'
        " show that difference any more"
    )
    assert "events undecide 3" in one.remedy


def test_rows_of_a_decision_that_was_taken_back_are_open_until_they_are_taken_back_too() -> None:
    [one] = with_decisions([], [], booked())
    [beside, other] = with_decisions([difference()], [], booked())

    assert one.kind is Kind.ACCEPTED_CHANGED
    assert "by a decision that was taken back" in one.says
    assert (beside.kind, other.kind) == (Kind.DOCUMENT_CHANGED, Kind.ACCEPTED_CHANGED)


def test_nothing_is_said_of_decisions_that_book_nothing_or_can_not_be_seen() -> None:
    unread = Difference(
        kind=Kind.ROW_UNREADABLE,
        section="receipts",
        documents=(DocumentRef(type="Item receipt", id="5003"),),
        says="odd",
    )
    about = decision().kept.about.difference
    assert about is not None
    nothing = msgspec.structs.replace(about, taken=Decimal(0))
    dated = DifferenceDecision(
        msgspec.structs.replace(decision().kept, about=DecidedAbout(difference=nothing))
    )

    assert with_decisions([unread], [decision()], booked()) == [unread]
    assert with_decisions([], [dated], []) == []


def test_a_bill_that_was_moved_and_put_back_is_open_in_each_month_that_the_journal_has() -> None:
    about = decision().kept.about.difference
    assert about is not None
    moves = tuple(
        DecidedMove(day=date(2026, month, 3), value=Decimal(value), account="62", currency="USD")
        for month, value in ((11, -9), (12, 9))
    )
    moved = msgspec.structs.replace(
        about, kind=Kind.PERIOD_CHANGED, taken=Decimal(0), moves=moves, says="It was moved"
    )
    kept = msgspec.structs.replace(decision().kept, about=DecidedAbout(difference=moved))
    in_journal = [
        BookedMove(key=KEY, day=one.day, value=one.value, account="62", currency="USD")
        for one in moves
    ]
    there = msgspec.structs.replace(
        difference("It was moved"), id="2026-12-0000", kind=Kind.PERIOD_CHANGED
    )
    held = with_decisions([there], [DifferenceDecision(kept)], in_journal)
    half = with_decisions([there], [DifferenceDecision(kept)], in_journal[:1])
    put_back = with_decisions([], [DifferenceDecision(kept)], in_journal)

    assert [one.accepted for one in held] == [True]
    assert [one.unbooked for one in half] == [True]
    assert [(one.id, one.journal, one.currency) for one in put_back] == [
        (f"{KEY}a", Decimal(-9), "USD"),
        (f"{KEY}a2", Decimal(9), "USD"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"value": Decimal(-11)}, id="one unit too many"),
        pytest.param({"location": "7"}, id="another location"),
        pytest.param({"item": "502"}, id="another item"),
        pytest.param({"value": Decimal(10)}, id="the sign turned"),
        pytest.param({"value": Decimal(-20)}, id="booked twice"),
    ],
)
def test_what_is_booked_otherwise_than_was_accepted_is_open(wrong: dict[str, object]) -> None:
    [right] = with_decisions([difference()], [decision()], booked())
    [row] = booked()
    [found] = with_decisions([difference()], [decision()], [msgspec.structs.replace(row, **wrong)])
    [nothing] = with_decisions([difference()], [decision()], [])

    assert right.explained
    assert not found.explained
    assert found.remedy.startswith('Decision 3, "accept", is not in the journal yet: it has ')
    assert nothing.remedy.startswith('Decision 3, "accept", is not in the journal yet. Run: ')
