from datetime import timedelta

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim

HISTORY = "/2026-07/inventory/history:query"


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    number = sim.add_product("TEE-S")
    wro = sim.create_wro({"TEE-S": 10}, purchase_order_number="PO1")
    sim.stow(wro, {"TEE-S": 6})
    sim.adjust("TEE-S", 5, 228)
    sim.create_order("SO-1", {"TEE-S": 2}, fulfillment_center_id=10)
    return number


def test_levels_are_network_wide(checked: httpx2.Client, tee: int) -> None:
    expected = {
        "inventory_id": tee,
        "sku": "TEE-S",
        "name": "TEE-S",
        "total_on_hand_quantity": 11,
        "total_fulfillable_quantity": 9,
        "total_committed_quantity": 2,
        "total_sellable_quantity": 9,
        "total_awaiting_quantity": 4,
        "total_exception_quantity": 0,
        "total_internal_transfer_quantity": 0,
        "total_backordered_quantity": 0,
    }

    assert checked.get(f"/2026-07/inventory-level/{tee}").json() == expected
    assert checked.get("/2026-07/inventory-level").json()["items"] == [expected]
    assert checked.get("/2026-07/inventory-level?InventoryIds=5").json()["items"] == []


def test_levels_can_be_had_by_location(checked: httpx2.Client, tee: int) -> None:
    rows = checked.get(f"/2026-07/inventory-level/{tee}/locations").json()["locations"]
    one = checked.get("/2026-07/inventory-level/locations?LocationId=228").json()["items"][0]

    assert [(row["location_id"], row["on_hand_quantity"]) for row in rows] == [(10, 6), (228, 5)]
    assert (rows[0]["committed_quantity"], rows[0]["awaiting_quantity"]) == (2, 4)
    assert [row["location_id"] for row in one["locations"]] == [228]


def test_levels_can_be_had_by_lot(sim: ShipBobSim, checked: httpx2.Client) -> None:
    number = sim.add_product("COFFEE", lot=True)
    sim.stow(sim.create_wro({"COFFEE": 3}, lot="L1"))
    sim.stow(sim.create_wro({"COFFEE": 4}, lot="L2", fulfillment_center_id=228))

    lots = checked.get(f"/2026-07/inventory-level/{number}/lots").json()["lots"]

    assert [(lot["lot_number"], lot["on_hand_quantity"]) for lot in lots] == [("L1", 3), ("L2", 4)]
    assert lots[0]["lot_date"] == "2027-11-02T14:00:00+00:00"
    assert checked.get("/2026-07/inventory-level/lots?SearchBy=coffee").json()["items"]


def test_an_unknown_item_is_a_problem(checked: httpx2.Client) -> None:
    assert checked.get("/2026-07/inventory-level/5").json()["status"] == 404


def test_movements_tell_where_stock_came_from(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    shipment = next(iter(sim.books.orders.shipments.values()))
    sim.label(shipment)

    rows = checked.post(HISTORY, json={"facility_id": 10, "inventory_ids": [tee]}).json()["data"]
    here = checked.post(HISTORY, json={"facility_id": 228}).json()["data"]
    picked = checked.post(HISTORY, json={"facility_id": 10, "event_category": "OrderPicked"})

    assert [row["event_category"] for row in rows] == ["ReceivingStow", "OrderPicked"]
    assert rows[0]["increment"]["quantity_change"] == 6
    assert rows[0]["additional_reference"][0]["key"] == "WRO"
    assert rows[1]["decrement"]["quantity_change"] == -2
    assert rows[1]["shipbob_order_id"] == shipment.order_id
    assert [row["event_category"] for row in here] == ["InventoryAdjusted"]
    assert len(picked.json()["data"]) == 1


def test_movements_go_on_after_the_last_id_that_was_seen(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    for _ in range(150):
        sim.adjust(tee, 1, 228)
    first = checked.post(HISTORY, json={"facility_id": 228}).json()
    second = checked.post(f"{HISTORY}?cursor={first['next']}", json={"facility_id": 228}).json()

    assert (len(first["data"]), len(second["data"])) == (100, 51)
    assert second["next"] is None
    assert first["next"] == str(first["data"][-1]["inventory_audit_event_id"])


@pytest.mark.usefixtures("tee")
def test_movements_of_at_most_ninety_days(checked: httpx2.Client, clock: Clock) -> None:
    clock.advance(timedelta(days=100))

    too_long = checked.post(
        HISTORY, json={"facility_id": 10, "start_date": "2026-11-01T00:00:00Z"}
    )
    nothing = checked.post(HISTORY, json={"facility_id": 10})

    assert (too_long.status_code, nothing.json()["data"]) == (400, [])
    assert checked.post(HISTORY, json={}).status_code == 400


def test_the_movements_add_up_to_the_stock(sim: ShipBobSim, tee: int) -> None:
    sim.label(next(iter(sim.books.orders.shipments.values())))
    sim.complete_return(sim.create_return("R1", {tee: 3}), {tee: {"Restock": 1, "Quarantine": 1}})
    sums: dict[tuple[str, int], int] = {}
    for each in sim.books.stock.movements:
        key = (each.sku, each.center_id)
        sums[key] = sums.get(key, 0) + each.quantity

    assert sums == sim.stock() == {("TEE-S", 10): 6, ("TEE-S", 228): 5}
