"""What stands several times in a WRO, told through both systems, with the month end after it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acceptance.closing import MONTH, close
from acceptance.closing import sync as compared
from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture(scope="module")
def dock(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant of this file's own, whose month nobody else touches."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("dock"), url) as made,
    ):
        yield made


def lot_item(dock: Merchant, *, in_netsuite: bool = True) -> str:
    """An item that ShipBob keeps by lot, and NetSuite too unless told otherwise."""
    sku = f"LOT-{next(dock.numbers)}"
    dock.world.shipbob.add_product(sku, lot=True)
    dock.world.netsuite.add_item(sku, lot=in_netsuite, cost="4.20")
    return sku


def of_lot(wro: Wro, days: list[datetime | None]) -> None:
    """Let every box of a WRO hold lot L1, each with its own expiry date."""
    for box, day in zip(wro.boxes, days, strict=True):
        for item in box.items:
            item.lot_number, item.lot_date = "L1", day


def differing(dock: Merchant, sku: str) -> list[Mapping[str, Any]]:
    """Return what the comparison of stock shows of a SKU."""
    return [row for row in compared(dock, "inventory").details if row["sku"] == sku]


def look(dock: Merchant, wro: Wro) -> tuple[str, str]:
    [row] = sync(dock, "receiving", [str(wro.id)])
    return row["state"], row["cause"] or ""


def test_a_lot_in_two_boxes_beside_an_item_without_lots_is_booked_in_parts(
    dock: Merchant, tmp_path: Path
) -> None:
    shipbob = dock.world.shipbob
    cheese, spoon = lot_item(dock), lot_item(dock, in_netsuite=False)
    number = dock.order({cheese: 100, spoon: 30})
    wro = shipbob.create_wro(
        boxes=[{cheese: 60, spoon: 20}, {cheese: 40, spoon: 10}],
        purchase_order_number=number,
        fulfillment_center_id=228,
    )
    of_lot(wro, [datetime(2027, 6, 30, tzinfo=UTC), None])
    shipbob.stow(shipbob.arrive(wro), box=1)
    first = look(dock, wro)
    shipbob.complete(shipbob.stow(wro, box=2))
    second = look(dock, wro)
    stock = sync(dock, "inventory")
    closed = close(dock, tmp_path)

    assert (first, second) == (("done", ""), ("done", ""))
    assert dock.books(cheese, spoon) == ({(cheese, 6): 100, (spoon, 6): 30},) * 3
    assert shipbob.dock.find(wro).external_sync is not None
    assert {row["state"] for row in stock} == {"done"}
    assert closed.report.open == ()


def test_a_count_that_went_down_waits_until_it_is_right(dock: Merchant, tmp_path: Path) -> None:
    shipbob = dock.world.shipbob
    tee = dock.sku("TEE")
    wro = dock.announce({tee: 50}, number=dock.order({tee: 50}))
    shipbob.stow(wro, {tee: 40})
    look(dock, wro)
    shipbob.stow(wro, {tee: -5})
    fewer = look(dock, wro)
    shipbob.stow(wro, {tee: 15})
    shipbob.complete(wro)
    more = look(dock, wro)
    closed = close(dock, tmp_path)

    assert (fewer, more) == (("dead", "quantity_went_down"), ("done", ""))
    assert dock.books(tee) == ({(tee, 6): 50},) * 3
    assert closed.report.open == ()
    assert differing(dock, tee) == []


@pytest.mark.parametrize(
    ("looks", "told"), [(1, ("done", "")), (2, ("dead", "quantity_went_down"))]
)
def test_fewer_units_count_only_when_a_second_look_shows_them_too(
    dock: Merchant, tmp_path: Path, looks: int, told: tuple[str, str]
) -> None:
    shipbob = dock.world.shipbob
    tee = dock.sku("TEE")
    wro = dock.announce({tee: 50}, number=dock.order({tee: 50}))
    shipbob.stow(wro, {tee: 40})
    look(dock, wro)
    shipbob.switch({"stowed_lags": looks})
    between = look(dock, wro)
    left = shipbob.switch().stowed_lags
    booked = dock.books(tee).netsuite
    shipbob.complete(shipbob.stow(wro, {tee: 10}))
    then = look(dock, wro)
    closed = close(dock, tmp_path)

    assert (between, left) == (told, 0)
    assert booked == {(tee, 6): 40}
    assert then == ("done", "")
    assert dock.books(tee) == ({(tee, 6): 50},) * 3
    assert closed.report.open == ()
    assert differing(dock, tee) == []


def test_a_completion_that_cant_be_read_waits_until_it_can(dock: Merchant, tmp_path: Path) -> None:
    shipbob = dock.world.shipbob
    tee = dock.sku("TEE")
    wro = dock.deliver({tee: 9}, number=dock.order({tee: 9}))
    shipbob.switch({"completed_written": "24.11.2026"})
    unreadable = look(dock, wro)
    closed = close(dock, tmp_path / "unreadable")
    shipbob.switch({"completed_written": None})
    dated = look(dock, wro)
    again = close(dock, tmp_path / "dated")

    assert unreadable == ("dead", "date_missing")
    assert [one.source for one in closed.report.open] == [f"wro {wro.id}"]
    assert dated == ("done", "")
    assert dock.books(tee) == ({(tee, 6): 9},) * 3
    assert again.report.open == ()
    assert differing(dock, tee) == []


def test_a_wro_that_shipbob_does_not_date_waits_and_is_shown_at_the_month_end(
    dock: Merchant, tmp_path: Path
) -> None:
    shipbob = dock.world.shipbob
    tee = dock.sku("TEE")
    wro = dock.deliver({tee: 9})
    said = wro.history[-1]
    wro.history[-1] = (said[0], datetime(1, 1, 1, tzinfo=UTC))
    undated = look(dock, wro)
    closed = close(dock, tmp_path / "undated")
    wro.history[-1] = said
    dated = look(dock, wro)
    again = close(dock, tmp_path / "dated")

    assert undated == ("dead", "date_missing")
    assert [one.source for one in closed.report.open] == [f"wro {wro.id}"]
    assert dated == ("done", "")
    assert dock.books(tee) == ({(tee, 6): 9},) * 3
    assert again.report.open == ()
    assert differing(dock, tee) == []
    assert shipbob.dock.find(wro).external_sync is not None


def test_an_open_adjusting_period_takes_nothing_of_a_closed_month(dock: Merchant) -> None:
    month = f"{MONTH.first:%Y-%m}"
    dock.world.netsuite.add_adjusting_period(month)
    dock.world.netsuite.close_period(month)
    tee = dock.sku("TEE")
    wro = dock.deliver({tee: 4})
    told = look(dock, wro)
    dock.world.netsuite.reopen_period(month)
    [document] = dock.documents(wro)

    assert told == ("done", "")
    assert differing(dock, tee) == []
    assert document["tranDate"] == f"{MONTH.after}"


@pytest.mark.parametrize("of_its_own", [True, False])
def test_goods_behind_a_hub_end_where_their_center_is_and_are_booked_once(
    dock: Merchant,
    tmp_path: Path,
    of_its_own: bool,  # noqa: FBT001 - a parameter
) -> None:
    shipbob, netsuite = dock.world.shipbob, dock.world.netsuite
    number = 300 + 10 * of_its_own
    for location in (number, number + 1):
        netsuite.add_location(f"Place {location}", internal_id=location, subsidiary=1)
    shipbob.add_fulfillment_center(number, "Hub (PA)", receiving=False)
    shipbob.add_fulfillment_center(number + 1, "Bethlehem (PA)", hub=number)
    hub = number if of_its_own else number + 1
    mapped = f'"228" = "6"\n"10" = "7"\n"{number}" = "{hub}"\n"{number + 1}" = "{number + 1}"'
    dock.apply(locations=mapped)
    tee = dock.sku("TEE")
    wro = dock.announce({tee: 30}, center=number + 1)
    shipbob.transfer(wro)
    shipbob.stow(wro, {tee: 20})
    first = look(dock, wro)
    between = dock.books(tee).netsuite
    shipbob.complete(shipbob.stow(wro))
    last = look(dock, wro)
    stock = sync(dock, "inventory")
    closed = close(dock, tmp_path)

    assert (first, last) == (("done", ""), ("done", ""))
    assert between == {(tee, hub): 20}
    assert {at: units for at, units in dock.books(tee).netsuite.items() if units} == {
        (tee, number + 1): 30
    }
    assert {(sku, at): units for (sku, at), units in shipbob.stock().items() if sku == tee} == {
        (tee, number + 1): 30
    }
    assert {row["state"] for row in stock} == {"done"}
    assert closed.report.open == ()
    kinds = [one["recordType"] for one in dock.documents(wro)]
    assert kinds.count("inventoryTransfer") == (1 if of_its_own else 0)
    assert shipbob.dock.find(wro).external_sync is not None
