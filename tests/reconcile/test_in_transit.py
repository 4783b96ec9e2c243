"""Units that are booked at a hub's location, in the report."""

from datetime import date
from decimal import Decimal

import pytest

from ml_connector.ledger.postings.documents import UnitsInTransit
from ml_connector.reconcile.compare import in_transit
from ml_connector.reconcile.compare.in_transit import InTransit
from ml_connector.reconcile.compare.report import Row, RowKey
from reconcile.worlds import MONTH, SECTIONS


def left(
    quantity: int, wro: int = 1, *, bound_for: str = "21", since: date = MONTH.first
) -> InTransit:
    return InTransit(
        flow="receiving",
        source=f"wro {wro}",
        since=since,
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
    [found] = in_transit.judge(MONTH, [left(6)], {}, SECTIONS)

    assert found.kind.explained
    assert (found.what, found.where, found.netsuite) == ("TEE", "20", Decimal(6))
    assert found.says == (
        "wro 1, inventory 7: 6 x TEE is booked at location 20 and goes to location 21; nothing"
        " shows that they moved to center 31"
    )


def test_a_center_without_location_is_said() -> None:
    [found] = in_transit.judge(MONTH, [left(6, bound_for="")], {}, SECTIONS)

    assert "a center without location" in found.says


@pytest.mark.parametrize(("taken", "shown"), [(0, 2), (6, 2), (9, 2), (10, 0), (12, 0)])
def test_they_are_shown_until_others_have_moved_as_many(taken: int, shown: int) -> None:
    table = {RowKey("other", "TEE", "20"): Row(others=Decimal(-taken))}

    found = list(in_transit.judge(MONTH, [left(6), left(4, 2)], table, SECTIONS))

    assert len(found) == shown


OCTOBER = date(2026, 10, 20)


def test_units_of_an_earlier_month_are_carried_into_this_one_with_their_first_day() -> None:
    [found] = in_transit.judge(MONTH, [left(6, since=OCTOBER)], {}, SECTIONS)

    assert "is booked at location 20 since 2026-10-20 and goes to location 21" in found.says
    assert in_transit.places_before([left(6, since=OCTOBER), left(4, 2)], MONTH) == {
        "20": (OCTOBER, {"501"})
    }


@pytest.mark.parametrize(("before", "now", "shown"), [(0, 5, 1), (1, 5, 0), (6, 0, 0), (5, 0, 1)])
def test_what_others_took_before_the_month_ends_what_is_carried(
    before: int, now: int, shown: int
) -> None:
    table = {RowKey("other", "TEE", "20"): Row(others=Decimal(-now))}
    taken = {("501", "20"): Decimal(before)}
    found = list(in_transit.judge(MONTH, [left(6, since=OCTOBER)], table, SECTIONS, taken))

    assert len(found) == shown
