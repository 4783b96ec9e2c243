"""Both systems' balances by place, from what they say of stock."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ml_connector.netsuite.queries.stock import MovedStock, OnHand
from ml_connector.reconcile.compare.item_names import SkuNames
from ml_connector.reconcile.sides.stock import (
    NetSuiteStock,
    ShipBobStock,
    Window,
    location_names,
    named_items,
    netsuite_sides,
    shipbob_sides,
)
from ml_connector.reconcile.tie_out.judge import tie_out
from ml_connector.reconcile.tie_out.openings import NO_OPENINGS, Openings, closing, opened, sealed
from ml_connector.reconcile.tie_out.rows import Balances, Side, TiePlace
from ml_connector.shipbob.resources.stock import CenterLevel, StockLevel

TEE, CAP = TiePlace("TEE", "6"), TiePlace("CAP", "6")
LOCATIONS = {"228": "6", "229": "6"}
WINDOW = Window(date(2026, 11, 1), date(2026, 12, 1), ZoneInfo("America/Chicago"))


def test_centers_of_one_location_are_added_up_and_counted_back_to_the_months_end() -> None:
    level = StockLevel(
        inventory_id=1,
        sku=" TEE ",
        locations=(
            CenterLevel(location_id=228, name="Moreno Valley", on_hand_quantity=30),
            CenterLevel(location_id=229, name="Cicero", on_hand_quantity=12),
            CenterLevel(location_id=99, on_hand_quantity=5),
        ),
    )
    found = ShipBobStock([level], {1: "TEE"}, {TEE: -8}, {TEE: 2}, [])

    assert shipbob_sides(found, LOCATIONS) == {TEE: Side(moved=Decimal(-8), closing=Decimal(40))}
    assert location_names(found, LOCATIONS) == {"6": "Cicero, Moreno Valley"}


def test_netsuites_items_go_by_their_skus() -> None:
    found = NetSuiteStock(
        [OnHand(item="501", itemid="TEE : TEE-M", location="6", quantityonhand=Decimal(40))],
        [MovedStock(item="501", itemid="TEE : TEE-M", location="6", quantity=Decimal(-8))],
        [MovedStock(item="502", itemid="CAP", location="6", quantity=Decimal(3))],
    )

    assert netsuite_sides(found, SkuNames({"501": "TEE"})) == {
        CAP: Side(closing=Decimal(-3)),
        TEE: Side(moved=Decimal(-8), closing=Decimal(40)),
    }


def test_an_item_goes_by_its_own_name_where_shipbob_has_it() -> None:
    found = NetSuiteStock(
        [OnHand(item="501", itemid="CAP", location="6", quantityonhand=Decimal(4))],
        [
            MovedStock(item="502", itemid="TOPS : TEE", location="6", quantity=Decimal(3)),
            MovedStock(item="503", itemid="Old name", location="6", quantity=Decimal(2)),
        ],
        [],
    )
    taken_for = SkuNames({"501": "TEE", "502": "CAP", "503": "MUG"}, {"TEE-1": "TEE"})
    names = taken_for.preferring(named_items(found), {"TEE", "CAP", "MUG"})

    assert set(netsuite_sides(found, names)) == {CAP, TEE, TiePlace("MUG", "6")}
    assert names.called("501", "CAP") == "CAP"


def test_a_movement_belongs_to_the_merchants_local_day() -> None:
    assert datetime(2026, 12, 1, 5, 59, tzinfo=UTC) in WINDOW
    assert datetime(2026, 12, 1, 6, tzinfo=UTC) not in WINDOW
    assert WINDOW.begins == datetime(2026, 11, 1, 5, tzinfo=UTC)


def test_without_openings_only_movements_are_tied_and_the_report_says_so() -> None:
    balances = Balances(
        shipbob={TEE: Side(moved=Decimal(5), closing=Decimal(50))},
        netsuite={TEE: Side(moved=Decimal(5), closing=Decimal(45))},
    )
    [line] = tie_out(opened(balances, NO_OPENINGS), (), NO_OPENINGS.notes).lines

    assert (int(line.gap), line.red) == (0, False)
    assert line.shipbob.opened == 45
    assert "not sealed" in NO_OPENINGS.notes[0]


def test_a_month_opens_with_what_the_one_before_was_closed_with() -> None:
    before = tie_out(
        Balances(
            shipbob={TEE: Side(moved=Decimal(5), closing=Decimal(50))},
            netsuite={TEE: Side(moved=Decimal(5), closing=Decimal("45.5")), CAP: Side()},
        ),
        (),
    )
    kept = closing(before)
    openings = sealed(kept)

    assert kept == [["TEE", "6", "50", "45.5"]]
    assert (openings.basis, openings.shipbob, openings.netsuite) == (
        "sealed",
        {TEE: Decimal(50)},
        {TEE: Decimal("45.5")},
    )
    assert sealed(None) == NO_OPENINGS


def test_with_openings_closing_is_held_against_closing() -> None:
    balances = Balances(
        shipbob={TEE: Side(moved=Decimal(5), closing=Decimal(50))},
        netsuite={TEE: Side(moved=Decimal(5), closing=Decimal(45))},
    )
    sealed = Openings(
        basis="sealed",
        shipbob={TEE: Decimal(45), CAP: Decimal(2)},
        netsuite={TEE: Decimal(40), CAP: Decimal(2)},
    )
    done = tie_out(opened(balances, sealed), ())
    lines = {one.place: one for one in done.lines}

    assert done.basis == "sealed"
    assert (int(lines[TEE].carried), int(lines[TEE].gap), lines[TEE].red) == (5, 5, False)
    assert [one.says for one in lines[CAP].items] == [
        "ShipBob opened with 2, moved 0, and closes with 0",
        "NetSuite opened with 2, moved 0, and closes with 0",
    ]
