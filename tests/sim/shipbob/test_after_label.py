"""What ShipBob's people do with a parcel after its label, by the control surface."""

import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.books.orders import Shipment


@pytest.fixture
def shipment(sim: ShipBobSim) -> Shipment:
    for sku in ("TEE-S", "MUG"):
        sim.add_product(sku)
        sim.adjust(sku, 10, 10)
    made = sim.create_order("SO-1", {"TEE-S": 2}).shipments[0]
    return sim.label(made, "1Z1")


def act(api: httpx2.Client, action: str, shipment: Shipment, **arguments: object) -> int:
    answer = api.post(f"/_sim/{action}", json={"shipment": shipment.id, **arguments})
    return answer.status_code


def read(checked: httpx2.Client, shipment: Shipment) -> tuple[str, list[int], str | None]:
    view = checked.get(f"/2026-07/shipment/{shipment.id}").json()
    number = view["tracking"] and view["tracking"]["tracking_number"]
    return view["status"], [one["id"] for one in view["status_details"]], number


@pytest.mark.parametrize(
    ("reason", "held"),
    [("InvalidAddress", ("OnHold", [401])), ("OutOfStock", ("Exception", [303]))],
)
def test_it_is_held_again_and_labelled_anew(
    api: httpx2.Client,
    checked: httpx2.Client,
    shipment: Shipment,
    reason: str,
    held: tuple[str, list[int]],
) -> None:
    done = [act(api, "pull_back", shipment, reason=reason)]
    between, stock = read(checked, shipment), api.get("/_sim/stock").json()
    done += [act(api, "resume", shipment), act(api, "label", shipment, tracking_number="1Z2")]

    assert done == [200] * 3
    assert between == (*held, None)
    assert [row["on_hand"] for row in stock if row["sku"] == "TEE-S"] == [10]
    assert read(checked, shipment) == ("LabeledCreated", [102], "1Z2")


def test_one_that_is_held_again_can_be_cancelled(sim: ShipBobSim, shipment: Shipment) -> None:
    sim.pull_back(shipment)

    assert sim.cancel_shipment(shipment)
    assert sim.stock()[("TEE-S", 10)] == 10


def test_what_is_in_it_changes_and_its_label_stays(
    sim: ShipBobSim, api: httpx2.Client, checked: httpx2.Client, shipment: Shipment
) -> None:
    done = act(api, "repack", shipment, units={"TEE-S": 1, "MUG": 3})
    view = checked.get(f"/2026-07/shipment/{shipment.id}").json()
    held = {
        item["name"]: item["quantity"]
        for product in view["products"]
        for item in product["inventory_items"]
    }

    assert done == 200
    assert held == {"TEE-S": 1, "MUG": 3}
    assert read(checked, shipment) == ("LabeledCreated", [102], "1Z1")
    assert view["actual_fulfillment_date"]
    assert sim.stock() == {("TEE-S", 10): 9, ("MUG", 10): 7}


def test_what_there_is_too_little_of_stops_it(
    sim: ShipBobSim, checked: httpx2.Client, shipment: Shipment
) -> None:
    sim.repack(shipment, {"TEE-S": 11})

    assert read(checked, shipment) == ("Exception", [303], None)
    assert sim.stock()[("TEE-S", 10)] == 10


def test_its_label_is_printed_again(
    api: httpx2.Client, checked: httpx2.Client, shipment: Shipment
) -> None:
    done = act(api, "relabel", shipment, tracking_number="1Z2")

    assert done == 200
    assert read(checked, shipment) == ("LabeledCreated", [102], "1Z2")


def test_it_is_cancelled_and_sent_again(
    sim: ShipBobSim, api: httpx2.Client, checked: httpx2.Client, shipment: Shipment
) -> None:
    done = act(api, "recall", shipment), act(api, "reship", shipment)
    again = sim.books.orders.by_id[shipment.order_id].shipments[-1]

    assert done == (200, 200)
    assert read(checked, shipment)[0] == "Cancelled"
    assert read(checked, again)[0] == "Processing"
    assert sim.stock()[("TEE-S", 10)] == 10


def test_it_leaves_from_another_center_while_it_has_no_label(sim: ShipBobSim) -> None:
    sim.add_product("CAP")
    sim.add_fulfillment_center(228, "Moreno Valley")
    for center in (10, 228):
        sim.adjust("CAP", 5, center)
    made = sim.create_order("SO-2", {"CAP": 2}, fulfillment_center_id=10).shipments[0]
    sim.move(made, 228)
    sim.ship(made)

    assert sim.stock() == {("CAP", 10): 5, ("CAP", 228): 3}


def test_what_has_left_is_out_of_reach(
    sim: ShipBobSim, api: httpx2.Client, shipment: Shipment
) -> None:
    sim.ship(shipment)

    assert [act(api, one, shipment) for one in ("recall", "pull_back", "relabel")] == [400] * 3
    assert act(api, "repack", shipment, units={"TEE-S": 1}) == 400


def test_a_reason_that_holds_nothing_is_refused(api: httpx2.Client, shipment: Shipment) -> None:
    assert act(api, "pull_back", shipment, reason="Delivered") == 400
