"""Lines of purchase orders in the report: what was received on them, and what can't be right."""

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from ml_connector.netsuite.queries.purchase_orders import ReceiptLine
from ml_connector.reconcile.compare import order_lines
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.compare.order_lines import (
    ExpectedLine,
    LineReceipts,
    LineThen,
    OrderSide,
    ReceivedLine,
)
from ml_connector.reconcile.compare.report import Difference
from ml_connector.reconcile.sides.order_lines import doubtful
from reconcile.worlds import MONTH

NAMES = SkuNames()
DAY = date(2026, 11, 20)


def line(number: int, location: str | None, ordered: int, item: str = "20") -> ExpectedLine:
    return ExpectedLine(
        order_id="2173",
        order="PO1",
        line=number,
        item=item,
        item_name=f"SKU-{item}",
        location=location,
        ordered=Decimal(ordered),
    )


def receipt(
    number: int | None,
    location: str | None,
    quantity: int,
    *,
    document: int = 5000,
    wro: int | None = 90311,
    item: str = "20",
    day: date = DAY,
    goods_at: str | None = None,
    may_exceed: bool = False,
) -> ReceivedLine:
    return ReceivedLine(
        id=str(document),
        number=f"IR{document}",
        external_id="" if wro is None else f"mlc-ir-{wro}-1",
        source="" if wro is None else f"wro {wro}",
        date=day,
        order_id="2173",
        line=number,
        item=item,
        location=location,
        quantity=Decimal(quantity),
        goods_at=goods_at,
        may_exceed=may_exceed,
    )


def side(lines: list[ExpectedLine], *receipts: ReceivedLine) -> OrderSide:
    """Return what NetSuite says: sums by line, and the receipts of orders in doubt."""
    sums = tuple(
        LineReceipts(
            order_id=one.order_id,
            line=one.line,
            item=one.item,
            location=one.location,
            ours=bool(one.external_id),
            in_month=one.date in MONTH,
            quantity=one.quantity,
        )
        for one in receipts
    )
    found = OrderSide(lines=lines, received=sums, mapped={"6", "7", "20", "21"})
    return found._replace(doubtful=receipts if order_lines.in_doubt(found) else ())


def wrong(of: OrderSide, *told: Difference) -> list[tuple[str, str]]:
    judged = order_lines.judge(MONTH, of, NAMES, section="receipts", told=told)
    return [(str(one.kind), one.external_id) for one in judged]


def test_a_receipt_on_the_line_of_its_location_is_right() -> None:
    lines = [line(1, "7", 60), line(4, "6", 40)]

    assert wrong(side(lines, receipt(4, "6", 40))) == []
    assert order_lines.in_doubt(side(lines, receipt(4, "6", 40))) == []


def test_a_receipt_on_the_first_line_whatever_its_location_is_named() -> None:
    of = side([line(1, "7", 60), line(4, "6", 40)], receipt(1, "6", 40))

    [found] = order_lines.judge(MONTH, of, NAMES, section="receipts", told=())

    assert found.kind is Kind.ORDER_LINE_OF_OTHER_LOCATION
    assert found.source == "wro 90311"
    assert found.says == (
        "Item receipt mlc-ir-90311-1 holds 40 x SKU-20 on line 1 of PO1, which expects its units"
        " at location 7, and says that they are at location 6"
    )
    assert "external id mlc-ir-90311-1" in found.remedy
    assert [(one.type, one.id) for one in found.documents] == [
        ("Item receipt", "5000"),
        ("Purchase order", "2173"),
    ]


def test_goods_behind_a_hub_are_on_the_line_of_their_center() -> None:
    lines = [line(1, "21", 30)]

    assert wrong(side(lines, receipt(1, "20", 30, goods_at="21"))) == []
    assert wrong(side(lines, receipt(1, "20", 30, goods_at="20"))) == [
        ("order_line_of_other_location", "mlc-ir-90311-1")
    ]


def test_a_receipt_on_a_line_of_another_item_is_named() -> None:
    of = side([line(1, "6", 60, item="21"), line(2, "6", 60)], receipt(1, "6", 5))

    assert wrong(of) == [("order_line_of_other_item", "mlc-ir-90311-1")]


def test_a_line_without_any_location_takes_units_anywhere() -> None:
    assert wrong(side([line(1, None, 60)], receipt(1, "6", 5))) == []


@pytest.mark.parametrize(
    ("others_first", "expected"),
    [(True, [("order_line_exceeded", "mlc-ir-90311-1")]), (False, [])],
)
def test_who_received_beyond_a_line_is_the_later_one(
    others_first: bool,  # noqa: FBT001 - a parameter
    expected: list[tuple[str, str]],
) -> None:
    theirs, ours = (5000, 5001) if others_first else (5001, 5000)
    of = side(
        [line(1, "6", 60)],
        receipt(1, "6", 30, document=theirs, wro=None),
        receipt(1, "6", 40, document=ours),
    )

    assert wrong(of) == expected


def test_what_the_policy_let_a_line_take_beyond_is_a_surplus_and_no_difference() -> None:
    of = side([line(1, "6", 60)], receipt(1, "6", 70, may_exceed=True))

    [row] = order_lines.rows(of, NAMES)

    assert wrong(of) == []
    assert [*map(int, (row.ordered, row.surplus, row.ours, row.to_come))] == [60, 10, 70, 0]


def test_receipts_of_other_months_are_not_judged_again() -> None:
    before = date(2026, 10, 31)
    of = side(
        [line(1, "7", 60)],
        receipt(1, "6", 40, day=before),
        receipt(1, "7", 5, document=5001, wro=90312),
    )

    assert wrong(of) == []
    assert [row.month_ours for row in order_lines.rows(of, NAMES)] == [5]


def test_a_document_that_is_told_of_already_is_not_told_of_twice() -> None:
    told = Difference(
        kind=Kind.LOCATION_CHANGED,
        section="receipts",
        external_id="mlc-ir-90311-1",
        says="it was moved",
    )

    assert wrong(side([line(1, "6", 60)], receipt(1, "7", 5)), told) == []


def test_a_receipt_that_names_no_line_is_of_the_only_line_of_its_item_there() -> None:
    lines = [line(1, "7", 60), line(4, "6", 40), line(5, "6", 9, item="21")]

    [row] = order_lines.rows(side(lines, receipt(None, "6", 40)), NAMES)

    assert (row.line, int(row.ours)) == (4, 40)


def test_lines_of_others_are_left_out_by_name() -> None:
    own = line(3, "9", 30)
    of = side([own], receipt(3, "9", 12, wro=None))

    [row] = order_lines.rows(of, NAMES)

    assert "location 9, which ShipBob does not hold" in row.left_out
    assert order_lines.rows(side([own], receipt(3, "6", 12)), NAMES)[0].left_out == ""


@pytest.mark.parametrize("seed", range(200))
def test_any_receipts_on_their_own_lines_are_right_and_one_on_another_is_not(seed: int) -> None:
    random = Random(seed)
    lines = [
        line(number * 3 + 1, random.choice(["6", "7"]), random.randint(1, 50), str(item))
        for number, item in enumerate(random.choices([20, 21], k=random.randint(2, 6)))
    ]
    receipts, left = [], {one.line: int(one.ordered) for one in lines}
    for document in range(random.randint(1, 8)):
        on = random.choice(lines)
        units = random.randint(0, left[on.line])
        left[on.line] -= units
        if units:
            wro = random.choice([None, document])
            receipts.append(
                receipt(
                    on.line, on.location, units, item=on.item, document=5000 + document, wro=wro
                )
            )
    clean = side(lines, *receipts)
    at = random.choice(lines)
    elsewhere = "7" if at.location == "6" else "6"
    moved = receipt(at.line, elsewhere, 1, item=at.item, document=6000, wro=99)

    sku, bound = f"SKU-{at.item}", random.randint(0, 60)
    rows = order_lines.rows(clean._replace(on_its_way={("PO1", sku): bound}), NAMES)

    assert wrong(clean) == []
    assert all(
        row.ordered + row.surplus
        == row.ours + row.others + row.on_its_way + row.to_come + row.closed_short
        for row in rows
    )
    assert sum(row.on_its_way for row in rows) <= bound
    assert ("order_line_of_other_location", "mlc-ir-99-1") in wrong(side(lines, *receipts, moved))


def test_what_wros_still_bring_is_on_its_way_to_the_first_lines_of_its_sku() -> None:
    lines = [line(1, "6", 60), line(2, "6", 40), line(3, "6", 10, "21")]
    received = [receipt(number, "6", 10, item=item) for number, item in ((1, "20"), (2, "20"))]
    of = side(lines, *received, receipt(3, "6", 1, item="21"))
    rows = order_lines.rows(of._replace(on_its_way={("PO1", "SKU-20"): 55}), NAMES)

    assert [(int(row.on_its_way), int(row.to_come)) for row in rows] == [(50, 0), (5, 25), (0, 9)]


def test_receipts_that_our_books_lack_are_somebody_elses() -> None:
    lines = [
        ReceiptLine(
            id=str(number),
            line=1,
            item="20",
            quantity=Decimal(40),
            createdfrom="2173",
            externalid=external_id,
            trandate=DAY,
            location="6",
            order_line=1,
        )
        for number, external_id in enumerate(["mlc-ir-90311-1", "mlc-ir-77-1", "import-5", None])
    ]

    ours, *others = doubtful(lines, {90311: "6"}, may_exceed={"mlc-ir-90311-1": True})

    assert (ours.external_id, ours.source) == ("mlc-ir-90311-1", "wro 90311")
    assert (ours.goods_at, ours.may_exceed) == ("6", True)
    assert [(one.external_id, one.source) for one in others] == [("", "")] * 3


@pytest.mark.parametrize(
    ("lines", "one", "was"),
    [
        ([line(1, "7", 60)], receipt(1, "6", 40), {"location": "6"}),
        ([line(1, "6", 60, item="21")], receipt(1, "6", 40), {"item": "20"}),
        ([line(1, "6", 30)], receipt(1, "6", 40), {"left": Decimal(60)}),
    ],
)
def test_a_line_that_was_edited_after_its_receipt_is_told_from_a_wrong_receipt(
    lines: list[ExpectedLine], one: ReceivedLine, was: dict[str, Any]
) -> None:
    now: dict[str, Any] = {
        "item": lines[0].item,
        "location": lines[0].location,
        "left": lines[0].ordered,
    }
    remedies = [
        found.remedy
        for then in (LineThen(**{**now, **was}), LineThen(**now), None)
        for found in order_lines.judge(
            MONTH,
            side(lines, msgspec.structs.replace(one, then=then)),
            NAMES,
            section="receipts",
            told=(),
        )
    ]

    assert "line 1 of PO1 after the receipt was posted: then it" in remedies[0]
    assert remedies[1].startswith("Line 1 of PO1 was so when the receipt was posted: delete")
    assert remedies[2].startswith("Find out whether somebody")
