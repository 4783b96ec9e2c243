"""Laws of sharing out a WRO's units, also over lines in cases: nothing is lost, none rounded."""

from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.flows.receiving.allocation import allocate, stretch
from ml_connector.flows.receiving.documents import Booking, Increase, item_receipt
from ml_connector.flows.receiving.facts import ReceivingOrder, ReceivingOrderLine
from ml_connector.ledger.postings.documents import TransformRecord
from ml_connector.rules.facts import ItemFact

SKUS = ("TEE", "CAP")
BOOKING = Booking(
    wro_id=90311,
    number=1,
    location="6",
    fact_date=date(2026, 11, 20),
    date=date(2026, 11, 20),
)
HERE = "6"

Ordered = tuple[str, int, int, str | None, bool]
"""SKU, units of the line, eaches in one of them where it does not count in eaches, location, and
whether a part of an each is open as well."""

lines = st.lists(
    st.tuples(
        st.sampled_from(SKUS),
        st.integers(0, 60),
        st.sampled_from([0, 6, 12]),
        st.sampled_from([HERE, "7", None]),
        st.booleans(),
    ),
    max_size=5,
)
stowed = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 90)), min_size=1, max_size=4)


def order(wanted: list[Ordered]) -> ReceivingOrder:
    return ReceivingOrder(
        id="4711",
        number="PO4711",
        status="B",
        lines=tuple(
            ReceivingOrderLine(
                line=number,
                item_id=sku,
                open_quantity=units * (per_unit or 1),
                location=location,
                unit="2" if per_unit else None,
                per_unit=per_unit,
                is_part_open=part,
            )
            for number, (sku, units, per_unit, location, part) in enumerate(wanted, 1)
        ),
    )


def increases(units: list[tuple[str, int]]) -> list[Increase]:
    return [
        Increase(
            inventory_id=number,
            sku=sku,
            item=ItemFact(id=sku, name=sku),
            lot=None,
            lot_date=None,
            quantity=quantity,
        )
        for number, (sku, quantity) in enumerate(units, 1)
    ]


@given(lines, stowed)
def test_every_unit_is_taken_waits_for_its_case_or_is_surplus(
    wanted: list[Ordered], units: list[tuple[str, int]]
) -> None:
    given_order, came = order(wanted), increases(units)
    taken, surplus, broken = allocate(given_order, came, HERE)
    surplus = stretch(given_order, taken, surplus, HERE)

    for one in came:
        shared = [
            *(n for parts in taken.values() for increase, n in parts if increase == one),
            *(n for increase, n in surplus if increase == one),
            *(part.quantity for part in broken if part.increase == one),
        ]
        assert sum(shared) == one.quantity
        assert all(n > 0 for n in shared)


@given(lines, stowed)
def test_no_line_takes_more_than_it_expects_or_a_part_of_its_unit(
    wanted: list[Ordered], units: list[tuple[str, int]]
) -> None:
    given_order = order(wanted)
    taken, _, broken = allocate(given_order, increases(units), HERE)

    for line in given_order.lines:
        units_taken = sum(quantity for _, quantity in taken.get(line.line, ()))
        waiting = sum(part.quantity for part in broken if part.line == line)
        assert units_taken + waiting <= line.open_quantity
        assert units_taken % line.eaches == 0


@given(lines, stowed)
def test_a_line_of_another_location_takes_nothing(
    wanted: list[Ordered], units: list[tuple[str, int]]
) -> None:
    given_order, came = order(wanted), increases(units)
    taken, surplus, broken = allocate(given_order, came, HERE)
    stretch(given_order, taken, surplus, HERE)

    places = {line.line: line.location for line in given_order.lines}
    assert {places[line] for line in taken} <= {HERE, None}
    assert {part.line.location for part in broken} <= {HERE, None}


@given(lines, stowed)
def test_units_are_surplus_only_when_every_line_of_their_location_is_full(
    wanted: list[Ordered], units: list[tuple[str, int]]
) -> None:
    given_order = order([(sku, count, 0, place, part) for sku, count, _, place, part in wanted])
    taken, surplus, _ = allocate(given_order, increases(units), HERE)

    for increase, _ in surplus:
        for line in given_order.lines:
            if line.item_id == increase.item.id and line.location in {HERE, None}:
                units_taken = sum(quantity for _, quantity in taken.get(line.line, ()))
                assert units_taken == line.open_quantity


@given(lines, stowed)
def test_surplus_is_received_on_open_lines_only(
    wanted: list[Ordered], units: list[tuple[str, int]]
) -> None:
    given_order = order(wanted)
    taken, surplus, _ = allocate(given_order, increases(units), HERE)
    stretch(given_order, taken, surplus, HERE)

    is_open = {line.line: line.is_open for line in given_order.lines}
    assert all(is_open[line] for line in taken)


@given(lines, stowed, st.sets(st.integers(1, 6)))
def test_a_receipt_names_each_open_line_once_and_no_other(
    wanted: list[Ordered], units: list[tuple[str, int]], services: set[int]
) -> None:
    given_order = order([*wanted, ("FEE", 1, 0, None, False)])
    lines_given = tuple(
        msgspec.structs.replace(
            line, can_be_received=line.item_id != "FEE" and line.line not in services
        )
        for line in given_order.lines
    )
    given_order = msgspec.structs.replace(given_order, lines=lines_given)
    came = [one for one in increases(units) if not services]
    taken, _, _ = allocate(given_order, came, HERE)
    receipt = item_receipt(BOOKING, given_order, taken)
    assert isinstance(receipt.request, TransformRecord)
    named = {
        one["orderLine"]: one.get("quantity", 0) if one["itemReceive"] else 0
        for one in receipt.request.body["item"]["items"]
    }

    assert list(named) == [line.line for line in given_order.lines if line.is_open]
    assert sum(line.quantity or 0 for line in receipt.lines) == sum(
        quantity * line.eaches for line in given_order.lines if (quantity := named.get(line.line))
    )
