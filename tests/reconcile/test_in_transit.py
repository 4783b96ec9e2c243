"""Units that are booked at a hub's location, in the report."""

from decimal import Decimal

import pytest

from ml_connector.ledger.postings.documents import UnitsInTransit
from ml_connector.reconcile.compare import in_transit
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.report import Row, RowKey
from reconcile.worlds import SECTIONS


def left(quantity: int, wro: int = 1, *, bound_for: str = "21") -> InTransit:
    return InTransit(
        flow="receiving",
        source=f"wro {wro}",
        units=UnitsInTransit(
            source_line="inventory 7",
            sku="TEE",
            item="501",
            location="20",
            bound_for=bound_for,
            quantity=quantity,
            reason="nothing shows that they moved to center 31",
        ),
    )


def test_units_at_a_hubs_location_are_shown_with_where_they_go() -> None:
    [found] = in_transit.judge([left(6)], {}, SECTIONS)

    assert found.kind.explained
    assert (found.what, found.where, found.netsuite) == ("TEE", "20", Decimal(6))
    assert found.says == (
        "wro 1, inventory 7: 6 x TEE is booked at location 20 and goes to location 21; nothing"
        " shows that they moved to center 31"
    )


def test_a_center_without_location_is_said() -> None:
    [found] = in_transit.judge([left(6, bound_for="")], {}, SECTIONS)

    assert "a center without location" in found.says


@pytest.mark.parametrize(("taken", "shown"), [(0, 2), (6, 2), (9, 2), (10, 0), (12, 0)])
def test_they_are_shown_until_others_have_moved_as_many(taken: int, shown: int) -> None:
    table = {RowKey("other", "TEE", "20"): Row(others=Decimal(-taken))}

    found = list(in_transit.judge([left(6), left(4, 2)], table, SECTIONS))

    assert len(found) == shown
