"""Laws of kits: as many as they are made of, in every split over lots and shipments."""

import pytest
from hypothesis import given
from hypothesis import settings as modest
from hypothesis import strategies as st

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.facts import ItemNames, KitMemberFact, StoreProduct, Units
from ml_connector.flows.tracking.kits import kits_in_shipment
from ml_connector.flows.tracking.sales_orders import OrderLineFact, SalesOrderFact
from ml_connector.words import Cause

MEMBERS = ("COFFEE", "MUG", "SPOON")
LINE = OrderLineFact(line=1, item="601", name="SET", kind="Kit", open=99)
ORDER = SalesOrderFact(id="766", number="SO-1", status="B", lines=(LINE,))

kits = st.dictionaries(st.sampled_from(MEMBERS), st.integers(1, 4), min_size=1)


def names(kit: dict[str, int], *, seen: bool) -> ItemNames:
    bound = {number: f"item {sku}" for number, sku in enumerate(MEMBERS)}
    if not seen:
        return ItemNames(bound=bound, kits={"SET": kit})
    members = tuple(KitMemberFact(item=f"item {sku}", quantity=n) for sku, n in kit.items())
    return ItemNames(bound=bound, members={"601": members})


def product(units: dict[str, int], in_lots: int) -> StoreProduct:
    """The units of each member, spread over some lots."""
    spread = [
        Units(inventory_id=MEMBERS.index(sku), sku=sku, quantity=1, lot=f"lot {n % in_lots}")
        for sku, quantity in units.items()
        for n in range(quantity)
    ]
    return StoreProduct(key="product 1", sku="SET", units=tuple(spread))


@modest(max_examples=100)
@given(kits, st.integers(1, 5), st.integers(1, 3), st.booleans())
def test_whole_kits_are_counted_by_what_one_holds(
    kit: dict[str, int],
    count: int,
    in_lots: int,
    seen: bool,  # noqa: FBT001 - drawn
) -> None:
    units = product({sku: each * count for sku, each in kit.items()}, in_lots)

    assert kits_in_shipment(units, LINE, ORDER, names(kit, seen=seen), 1) == count


@modest(max_examples=100)
@given(kits, st.dictionaries(st.sampled_from(MEMBERS), st.integers(1, 9)), st.booleans())
def test_what_is_no_whole_kits_is_never_counted(
    kit: dict[str, int],
    there: dict[str, int],
    seen: bool,  # noqa: FBT001 - drawn
) -> None:
    if any(there == {sku: each * count for sku, each in kit.items()} for count in range(1, 10)):
        return
    with pytest.raises(NeedsHuman) as stopped:
        kits_in_shipment(product(there, 1), LINE, ORDER, names(kit, seen=seen), 1)

    assert stopped.value.cause is Cause.KIT_UNCLEAR
