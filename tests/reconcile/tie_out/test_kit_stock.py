"""Kits that moved, as their members: whether NetSuite lists these beside them or not."""

from decimal import Decimal

import pytest

from ml_connector.netsuite.queries.items import KitMember
from ml_connector.netsuite.queries.stock import MovedStock
from ml_connector.reconcile.sides.kit_stock import are_listed, as_members

MEMBERS = {
    "90": (
        KitMember(parentitem="90", item="1", itemid="MUG", itemtype="InvtPart"),
        KitMember(
            parentitem="90", item="2", itemid="COFFEE", itemtype="InvtPart", quantity=Decimal(2)
        ),
        KitMember(parentitem="90", item="3", itemid="WRAP", itemtype="NonInvtPart"),
    ),
    "91": (KitMember(parentitem="91", item="2", quantity=Decimal(6)),),
}


def moved(item: str, units: int, name: str = "", location: str = "6") -> MovedStock:
    return MovedStock(item=item, itemid=name or item, location=location, quantity=Decimal(units))


def test_kits_count_as_what_lies_on_a_shelf_of_them() -> None:
    found = as_members([moved("90", -3), moved("91", 1, location="7")], MEMBERS)

    assert found == [moved("1", -3, "MUG"), moved("2", -6, "2"), moved("2", 6, "2", "7")]


def test_kits_that_went_out_and_came_back_have_moved_nothing() -> None:
    assert as_members([moved("90", 0), moved("99", 4)], MEMBERS) == []


@pytest.mark.parametrize(
    ("mug", "coffee", "listed"),
    [
        (-3, -6, True),  # the members are lines of their own
        (-5, -6, True),  # and mugs were sold loose beside the kits
        (0, 0, False),
        (-5, 0, False),  # mugs were sold loose beside kits whose members are not listed
        (-3, -5, False),
        (3, 6, False),
    ],
)
def test_members_are_lines_of_their_own_where_all_of_them_are(
    mug: int,
    coffee: int,
    listed: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    expected = as_members([moved("90", -3)], MEMBERS)

    assert are_listed(expected, {("1", "6"): Decimal(mug), ("2", "6"): Decimal(coffee)}) is listed
