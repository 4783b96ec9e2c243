"""What is booked by a decision otherwise than it says turns the month red, and names it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec
import pytest

from ml_connector.ledger.decisions.decisions import CorrectedUnits
from ml_connector.reconcile.compare.document_pairs import FoundDocument
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.decision_rows import (
    DecidedPosting,
    DecisionRow,
    DecisionRows,
    judge,
    with_their_decisions,
)
from ml_connector.words import DecisionKind, DocumentKind
from reconcile.worlds import MONTH, SECTIONS

DAY: Final = MONTH.first + timedelta(days=9)

Rows = tuple[DecisionRow, ...]


def units(
    quantity: int, *, line: str = "inventory 5", item: str = "20", location: str = "6"
) -> DecisionRow:
    return DecisionRow(
        source_line=line,
        value=Decimal(quantity),
        day=DAY,
        sku="TEE",
        item=item,
        location=location,
    )


def money(amount: str, *, line: str = "Shipping", account: str = "63") -> DecisionRow:
    return DecisionRow(
        source_line=line, value=Decimal(amount), day=DAY, account=account, currency="USD"
    )


def posting(external_id: str, kind: DocumentKind, *rows: DecisionRow) -> DecidedPosting:
    return DecidedPosting(external_id=external_id, kind=kind, planned=rows, booked=rows)


def decided(
    kind: DecisionKind, *postings: DecidedPosting, flow: str = "receiving"
) -> DecisionRows:
    source = "invoice 71823" if flow == "billing" else "wro 90311"
    return DecisionRows(
        decision=12, kind=kind, said=kind, flow=flow, source=source, postings=postings
    )


RECEIPT: Final = posting(
    "mlc-ir-90311-1", DocumentKind.ITEM_RECEIPT, units(5), units(2, item="21")
)
ADJUSTMENT: Final = posting("mlc-ia-90311-1", DocumentKind.INVENTORY_ADJUSTMENT, units(5))
BACK: Final = posting("mlc-ic-90311-1", DocumentKind.INVENTORY_ADJUSTMENT, units(-2))
TAKEN: Final = msgspec.structs.replace(
    posting("mlc-ab-71823-1", DocumentKind.ACCEPTED_BILL, money("10.00")), remote_id="900"
)
OTHERWISE: Final = msgspec.structs.replace(
    posting("mlc-ad-71823-1", DocumentKind.ACCEPTED_DIFFERENCE, money("-1.00")), remote_id="900"
)
BILL: Final = FoundDocument(
    section="fees",
    head=(
        line := Movement(
            id="900",
            line=1,
            type="VendBill",
            date=DAY,
            account="70",
            amount=Decimal("9.00"),
            currency="USD",
        )
    ),
    lines=(line,),
)

CORRECTED: Final = CorrectedUnits(source_line="inventory 5", item="20", location="6", quantity=-2)

RIGHT: Final = {
    "accept": decided(DecisionKind.ACCEPT, TAKEN, OTHERWISE, flow="billing"),
    "handled": msgspec.structs.replace(
        decided(DecisionKind.HANDLED),
        handled=(units(5),),
        kept=(units(5),),
        kept_of_document=(units(5),),
        shows=(units(5),),
    ),
    "separate": decided(DecisionKind.SEPARATE, RECEIPT),
    "adjust": decided(DecisionKind.ADJUST, ADJUSTMENT),
    "correct": msgspec.structs.replace(
        decided(DecisionKind.CORRECT, BACK), value="mlc-ic-90311-1", corrects=(CORRECTED,)
    ),
    "not-ours": decided(DecisionKind.NOT_OURS),
    "belongs": decided(DecisionKind.BELONGS, RECEIPT),
}
"""Of each decision, one that is booked as it says."""


def one_too_many(rows: Rows) -> Rows:
    return (msgspec.structs.replace(rows[0], value=rows[0].value + 1), *rows[1:])


def elsewhere(rows: Rows) -> Rows:
    other = {"account": "64"} if rows[0].currency else {"location": "7"}
    return (msgspec.structs.replace(rows[0], **other), *rows[1:])


def missing(rows: Rows) -> Rows:
    return rows[1:]


def doubled(rows: Rows) -> Rows:
    return (rows[0], *rows)


WRONG: Final[dict[str, Callable[[Rows], Rows]]] = {
    "one unit too many": one_too_many,
    "another place": elsewhere,
    "a row missing": missing,
    "a row doubled": doubled,
}


def wrongly(right: DecisionRows, wrong: Callable[[Rows], Rows]) -> DecisionRows:
    """Return the decision with rows that are wrong in the way given."""
    if right.kind is DecisionKind.HANDLED:
        kept = wrong(right.kept)
        return msgspec.structs.replace(right, kept=kept, kept_of_document=kept)
    if right.kind is DecisionKind.NOT_OURS:
        booked = wrong((units(5), units(1, item="21")))
        stray = msgspec.structs.replace(RECEIPT, planned=booked, booked=booked)
        return msgspec.structs.replace(right, postings=(stray,))
    first, *rest = right.postings
    return msgspec.structs.replace(
        right, postings=(msgspec.structs.replace(first, booked=wrong(first.booked)), *rest)
    )


def judged(one: DecisionRows, told: Sequence[Difference] = ()) -> list[Difference]:
    return list(judge(MONTH, [one], [BILL], SECTIONS, told=told))


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_booked_as_decided_is_no_difference(name: str) -> None:
    assert judged(RIGHT[name]) == []


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_booked_otherwise_names_the_decision_its_subject_and_the_rows(
    name: str, wrong: str
) -> None:
    right = RIGHT[name]
    found = judged(wrongly(right, WRONG[wrong]))

    assert found
    assert not any(one.explained for one in found)
    assert {one.kind for one in found} <= {Kind.DECISION_ROWS_DIFFER, Kind.HANDLED_CHANGED}
    for one in found:
        assert one.source == right.source
        assert one.says.startswith(f'Decision 12, "{right.said}", about {right.source}')
        assert "row" in one.says
        assert "events undecide 12" in one.remedy


def test_a_rule_that_books_a_taken_bill_wrong_is_seen_by_the_bill() -> None:
    """The plan itself is wrong, and the journal has what it says."""
    wrong = msgspec.structs.replace(OTHERWISE, planned=(money("-2.00"),), booked=(money("-2.00"),))
    found = judged(msgspec.structs.replace(RIGHT["accept"], postings=(TAKEN, wrong)))

    assert [(one.netsuite, one.journal) for one in found] == [(Decimal("9.00"), Decimal("8.00"))]


def test_a_rule_that_corrects_otherwise_than_was_decided_is_seen_by_the_decision() -> None:
    wrong = msgspec.structs.replace(BACK, planned=(units(-3),), booked=(units(-3),))
    found = judged(msgspec.structs.replace(RIGHT["correct"], postings=(wrong,)))

    assert [(one.netsuite, one.journal) for one in found] == [(Decimal(-2), Decimal(-3))]


def test_decisions_take_no_more_of_a_document_together_than_it_shows() -> None:
    right = RIGHT["handled"]
    found = judged(msgspec.structs.replace(right, kept_of_document=(units(5), units(1))))

    assert [one.kind for one in found] == [Kind.HANDLED_CHANGED]
    assert "6 x 20 at location 6 are taken of a document that shows 5" in found[0].says


def test_what_was_posted_before_the_decision_is_not_its_matter() -> None:
    earlier = msgspec.structs.replace(RECEIPT, since=False)

    assert judged(msgspec.structs.replace(RIGHT["not-ours"], postings=(earlier,))) == []


def test_a_document_that_differs_is_told_once_with_its_decision() -> None:
    told = Difference(
        kind=Kind.DOCUMENT_CHANGED,
        section="goods",
        item="20",
        where="6",
        external_id="mlc-ia-90311-1",
        says="It was changed.",
        remedy="See who changed it.",
    )
    wrong = wrongly(RIGHT["adjust"], one_too_many)
    [named] = with_their_decisions([told], [wrong])

    assert judged(wrong, [told]) == []
    assert named.says == told.says
    assert named.remedy == (
        'See who changed it. It was posted after decision 12, "adjust", about wro 90311.'
    )
