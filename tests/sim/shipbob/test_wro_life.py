from datetime import timedelta

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.receiving import Wro


@pytest.fixture
def wro(sim: ShipBobSim) -> Wro:
    sim.add_product("TEE-S")
    sim.add_product("TEE-M")
    return sim.create_wro(
        boxes=[{"TEE-S": 10, "TEE-M": 5}, {"TEE-S": 20}], purchase_order_number="PO1"
    )


def counts(api: httpx2.Client, wro: Wro) -> dict[str, tuple[int, int]]:
    rows = api.get(f"/2026-07/receiving/{wro.id}").json()["inventory_quantities"]
    return {row["sku"]: (row["expected_quantity"], row["stowed_quantity"]) for row in rows}


def test_a_wro_is_stowed_bit_by_bit_and_every_bit_is_stock(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock, wro: Wro
) -> None:
    sim.arrive(wro, boxes=[1])
    partly = checked.get(f"/2026-07/receiving/{wro.id}").json()["status"]
    clock.advance(timedelta(hours=1))
    sim.arrive(wro)
    sim.stow(wro, {"TEE-S": 12})
    sim.stow(wro, {"TEE-S": 3, "TEE-M": 5})
    read = checked.get(f"/2026-07/receiving/{wro.id}").json()
    boxes = checked.get(f"/2026-07/receiving/{wro.id}/boxes").json()

    assert partly == "PartiallyArrived"
    assert read["status"] == "Processing"
    assert counts(checked, wro) == {"TEE-S": (30, 15), "TEE-M": (5, 5)}
    assert [[item["stowed_quantity"] for item in box["box_items"]] for box in boxes] == [
        [10, 5],
        [5],
    ]
    assert [each["status"] for each in read["status_history"]] == [
        "Awaiting",
        "PartiallyArrived",
        "Arrived",
        "Processing",
    ]
    assert boxes[0]["arrived_date"] < boxes[1]["arrived_date"]
    assert sim.stock() == {("TEE-S", 10): 15, ("TEE-M", 10): 5}


def test_short_and_over_stay_as_they_were_stowed(
    sim: ShipBobSim, checked: httpx2.Client, wro: Wro
) -> None:
    sim.stow(wro, {"TEE-S": 25, "TEE-M": 8})
    sim.complete(wro)

    assert counts(checked, wro) == {"TEE-S": (30, 25), "TEE-M": (5, 8)}
    assert checked.get(f"/2026-07/receiving/{wro.id}").json()["status"] == "Completed"
    assert sim.stock() == {("TEE-S", 10): 25, ("TEE-M", 10): 8}


def test_something_that_nobody_announced_is_stowed_too(
    sim: ShipBobSim, checked: httpx2.Client, wro: Wro
) -> None:
    sim.add_product("MUG")
    sim.stow(wro, {"MUG": 4})

    assert counts(checked, wro)["MUG"] == (0, 4)


def test_a_recount_takes_units_back(sim: ShipBobSim, checked: httpx2.Client, wro: Wro) -> None:
    sim.stow(wro, {"TEE-S": 15})
    sim.stow(wro, {"TEE-S": -2})

    assert counts(checked, wro)["TEE-S"] == (30, 13)
    assert sim.stock() == {("TEE-S", 10): 13}


def test_stowing_without_quantities_stows_all_that_is_expected(
    sim: ShipBobSim, checked: httpx2.Client, wro: Wro
) -> None:
    sim.stow(wro, {"TEE-S": 4})
    sim.stow(wro)

    assert counts(checked, wro) == {"TEE-S": (30, 30), "TEE-M": (5, 5)}


def test_lots_are_kept_apart(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("COFFEE", lot=True)
    wro = sim.create_wro({"COFFEE": 6}, lot="L1")
    sim.stow(wro, {"COFFEE": 4}, lot="L1")
    sim.stow(wro, {"COFFEE": 1}, lot="L2")

    items = checked.get(f"/2026-07/receiving/{wro.id}/boxes").json()[0]["box_items"]

    assert [(item["lot_number"], item["stowed_quantity"]) for item in items] == [
        ("L1", 4),
        ("L2", 1),
    ]


def test_the_wro_counter_of_received_units_can_lag_behind_its_boxes(
    sim: ShipBobSim, checked: httpx2.Client, wro: Wro
) -> None:
    sim.apis.receiving.received_lags = True
    sim.stow(wro, {"TEE-M": 5})

    row = checked.get(f"/2026-07/receiving/{wro.id}").json()["inventory_quantities"][1]

    assert (row["received_quantity"], row["stowed_quantity"]) == (0, 5)


def test_a_wro_is_split_into_new_ones_without_a_link_back(
    sim: ShipBobSim, checked: httpx2.Client, wro: Wro
) -> None:
    first, second = sim.split(wro, {"TEE-S": 12}, {"TEE-S": 3, "TEE-M": 5})

    assert counts(checked, wro) == {"TEE-S": (15, 0)} | {"TEE-M": (0, 0)}
    assert counts(checked, first) == {"TEE-S": (12, 0)}
    assert counts(checked, second) == {"TEE-S": (3, 0), "TEE-M": (5, 0)}
    assert first.purchase_order_number == "PO1"
    assert str(wro.id) not in checked.get(f"/2026-07/receiving/{first.id}").text


def test_a_split_keeps_the_lots(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_product("COFFEE", lot=True)
    (part,) = sim.split(sim.create_wro({"COFFEE": 6}, lot="L1"), {"COFFEE": 4})

    item = checked.get(f"/2026-07/receiving/{part.id}/boxes").json()[0]["box_items"][0]

    assert (item["lot_number"], item["quantity"]) == ("L1", 4)


def test_a_wro_can_end_incomplete_but_not_anyhow(sim: ShipBobSim, wro: Wro) -> None:
    with pytest.raises(ValueError, match="not as Lost"):
        sim.complete(wro, "Lost")

    assert sim.complete(wro, "Incomplete").status == "Incomplete"


def test_a_wro_that_is_split_up_completely_is_cancelled(sim: ShipBobSim, wro: Wro) -> None:
    sim.split(wro, {"TEE-S": 30, "TEE-M": 5})

    assert wro.status == "Cancelled"


def test_more_than_is_open_cannot_be_split_off(sim: ShipBobSim, wro: Wro) -> None:
    with pytest.raises(ValueError, match="open of inventory"):
        sim.split(wro, {"TEE-M": 6})


def test_the_hub_route_has_statuses_of_its_own(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_fulfillment_center(300, "Hub (PA)", receiving=False)
    sim.add_fulfillment_center(301, "Bethlehem (PA)", hub=300)
    sim.add_product("TEE-L")
    wro = sim.create_wro({"TEE-L": 3}, fulfillment_center_id=301)
    sim.arrive(wro)
    sim.transfer(wro)
    sim.stow(wro)
    sim.complete(wro)

    history = checked.get(f"/2026-07/receiving/{wro.id}").json()["status_history"]

    assert [each["status"] for each in history] == [
        "Awaiting",
        "ArrivedAtHub",
        "ProcessingAtHub",
        "InternalTransfer",
        "Processing",
        "Completed",
    ]
    assert sim.stock() == {("TEE-L", 301): 3}


def test_nothing_happens_to_a_completed_wro_any_more(sim: ShipBobSim, wro: Wro) -> None:
    sim.complete(wro)

    with pytest.raises(ValueError, match="is Completed"):
        sim.stow(wro, {"TEE-S": 1})


def test_what_is_awaited_goes_down_with_every_unit_and_is_nothing_in_the_end(
    sim: ShipBobSim, wro: Wro
) -> None:
    def awaiting() -> int:
        return sum(levels.awaiting for _, levels in sim.books.stock)

    seen = [awaiting()]
    sim.stow(wro, {"TEE-S": 10})
    seen.append(awaiting())
    sim.split(wro, {"TEE-S": 5})
    seen.append(awaiting())
    sim.stow(wro, {"TEE-S": 100})
    seen.append(awaiting())
    sim.complete(wro)
    seen.append(awaiting())

    assert seen == [35, 25, 25, 10, 5]


def test_a_hub_must_be_there_before_its_center(sim: ShipBobSim) -> None:
    with pytest.raises(LookupError, match="no hub 300"):
        sim.add_fulfillment_center(301, "Bethlehem (PA)", hub=300)
