from datetime import timedelta

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim

CHANNEL = {"shipbob_channel_id": "100102"}


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    number = sim.add_product("TEE-S")
    sim.adjust("TEE-S", 10, 10)
    return number


@pytest.mark.usefixtures("tee")
def test_a_shipment_goes_from_the_shelf_to_the_door(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 2}).shipments[0]
    seen = []

    def look() -> None:
        view = checked.get(f"/2026-07/shipment/{shipment.id}").json()
        seen.append((view["status"], [each["id"] for each in view["status_details"]]))

    for step in (sim.pick, sim.pack, sim.label, sim.ship, sim.track, sim.deliver):
        step(shipment)
        look()
        clock.advance(timedelta(hours=1))

    view = checked.get(f"/2026-07/shipment/{shipment.id}").json()
    assert seen == [
        ("Processing", [100]),
        ("Processing", [101]),
        ("LabeledCreated", [102]),
        ("Completed", [200]),
        ("Completed", [201]),
        ("Completed", [203]),
    ]
    assert view["tracking"]["tracking_number"]
    assert view["actual_fulfillment_date"] == "2026-11-02T16:00:00+00:00"
    assert view["delivery_date"] == view["last_tracking_update_at"] == "2026-11-02T19:00:00+00:00"
    assert sim.stock() == {("TEE-S", 10): 8}
    order = checked.get(f"/2026-07/order/{shipment.order_id}").json()
    assert order["status"] == "Fulfilled"


@pytest.mark.usefixtures("tee")
def test_one_order_may_have_several_shipments(sim: ShipBobSim, checked: httpx2.Client) -> None:
    order = sim.create_order("SO-1", {"TEE-S": 3}, shipments=[{"TEE-S": 1}, {"TEE-S": 2}])
    sim.ship(order.shipments[0])

    read = checked.get(f"/2026-07/order/{order.id}").json()
    listed = checked.get(f"/2026-07/order/{order.id}/shipment").json()

    assert read["status"] == "PartiallyFulfilled"
    assert listed == read["shipments"]
    assert [each["products"][0]["inventory_items"][0]["quantity"] for each in listed] == [1, 2]


@pytest.mark.usefixtures("tee")
def test_a_shipment_of_several_parcels_is_delivered_with_the_last_one(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 3}).shipments[0]
    sim.label(shipment, "1Z1", parcels=2, carrier="UPS", service="Ground")
    sim.deliver(shipment, parcel=1)
    partly = checked.get(f"/2026-07/shipment/{shipment.id}").json()
    sim.deliver(shipment, parcel=2)
    rows = checked.get(f"/2026-07/shipments-tracking?ShipmentIds={shipment.id}").json()

    assert partly["delivery_date"] is None
    assert len(partly["parent_cartons"][0]["cartons"]) == 2
    assert checked.get(f"/2026-07/shipment/{shipment.id}").json()["delivery_date"]
    assert [(row["tracking_id"] == "1Z1", row["status"]) for row in rows] == [
        (True, "Delivered"),
        (False, "Delivered"),
    ]
    assert checked.get("/2026-07/tracking?TrackingIds=1Z1").json() == [
        {**rows[0], "shipment_id": shipment.id}
    ]


@pytest.mark.usefixtures("tee")
def test_carriers_have_words_of_their_own(sim: ShipBobSim, checked: httpx2.Client) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 1}).shipments[0]
    sim.ship(shipment)
    sim.track(shipment, "Return to sender", message="Refused")

    row = checked.get(f"/2026-07/shipments-tracking?ShipmentIds={shipment.id}").json()[0]

    assert (row["status"], row["message"]) == ("Return to sender", "Refused")
    assert shipment.details == [204]
    with pytest.raises(ValueError, match="no carrier status"):
        sim.track(shipment, "Lost in space")


@pytest.mark.parametrize(
    "path",
    [
        "/2026-07/shipments-tracking",
        "/2026-07/shipments-tracking?ShipmentIds=x",
        "/2026-07/shipments-tracking?ShipmentIds=" + ",".join(map(str, range(26))),
        "/2026-07/tracking",
    ],
)
def test_errors_of_tracking_are_bare_texts(checked: httpx2.Client, path: str) -> None:
    answer = checked.get(path)

    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


@pytest.mark.usefixtures("tee")
def test_shipments_are_cancelled_one_by_one_or_together(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    first, second, gone = (
        sim.create_order(f"SO-{n}", {"TEE-S": 1}).shipments[0] for n in range(3)
    )
    sim.label(gone)

    alone = checked.post(f"/2026-07/shipment/{first.id}:cancel")
    late = checked.post(f"/2026-07/order/{gone.order_id}/shipment/{gone.id}:cancel")
    together = checked.post(
        "/2026-07/shipment:batchCancel",
        json={"shipment_ids": [second.id, gone.id, 5]},
        headers=CHANNEL,
    ).json()

    assert (alone.json()["status"], late.status_code) == ("Cancelled", 422)
    assert [each["is_success"] for each in together["results"]] == [True, False, False]


@pytest.mark.usefixtures("tee")
def test_timeline_and_logs_tell_what_happened(sim: ShipBobSim, checked: httpx2.Client) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 1}).shipments[0]
    sim.pick(shipment)
    sim.ship(shipment)
    path = f"/2026-07/order/{shipment.order_id}/shipment/{shipment.id}"

    logs = [each["log_type_name"] for each in checked.get(f"{path}/logs").json()]
    timeline = [each["log_type_name"] for each in checked.get(f"{path}/timeline").json()]

    assert logs == ["OrderReceived", "Picked", "Labeled", "Fulfilled"]
    assert timeline == ["OrderReceived", "Labeled", "Fulfilled"]
    assert checked.get(f"/2026-07/shipment/{shipment.id}/logs").json()
    assert checked.get(f"/2026-07/order/5/shipment/{shipment.id}/logs").status_code == 404


@pytest.mark.usefixtures("tee")
def test_a_shipment_can_be_edited_until_its_label(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    mug = sim.add_product("MUG")
    sim.adjust("MUG", 5, 10)
    shipment = sim.create_order("SO-1", {"TEE-S": 1}).shipments[0]
    sim.hold(shipment)
    path = f"/2026-07/shipment/{shipment.id}"
    address = {"street_address1": "1 New St", "city": "Joliet", "country_code": "US"}

    moved = checked.put(f"{path}:updateAddress", json=address)
    items = checked.post(
        f"{path}:updateLineItems",
        json={
            "items": [{"inventory_id": tee, "quantity": 0}, {"inventory_id": mug, "quantity": 2}]
        },
    )
    service = checked.put(
        "/2026-07/shipment:bulkUpdateShippingService",
        json={
            "reason": "faster",
            "requested_shipping_service_id": 2,
            "shipment_ids": [shipment.id, 5],
        },
    )
    read = checked.get(path).json()
    rows = checked.get(f"{path}:getLineItems").json()
    sim.label(shipment)
    late = checked.put(f"{path}:updateAddress", json=address)

    assert (moved.status_code, items.status_code, service.status_code) == (200, 200, 200)
    assert (read["status"], read["recipient"]["address"]["city"]) == ("Processing", "Joliet")
    assert read["ship_option"] == "Expedited"
    assert [each["action"] for each in items.json()["shipment_line_items"]] == [
        "removed",
        "added",
    ]
    assert [(row["inventory_id"], row["quantity"]) for row in rows] == [(mug, 2)]
    assert service.json()["summary"] == {"total": 2, "successful": 1, "failed": 1}
    assert (late.status_code, late.json()["code"]) == (400, "CONFLICT")
    assert checked.get("/2026-07/shipment/5:getLineItems").json()["code"] == "NOT_FOUND"


@pytest.mark.usefixtures("tee")
def test_the_sandbox_can_ship_and_deliver_after_a_delay(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 1}).shipments[0]
    deliver = {"action": "DeliverOrder", "delay": 60}
    made = checked.post(
        "/2026-07/simulate/shipment",
        json={
            "shipment_id": str(shipment.id),
            "simulation": {"action": "ShipOrder", "delay": 0, "next": deliver},
        },
    ).json()
    path = f"/2026-07/simulate/status/{made['simulation_id']}"
    before = checked.get(path).json()["simulation"]
    clock.advance(timedelta(hours=1))
    after = checked.get(path).json()["simulation"]

    assert (before["status"], before["next"]["status"]) == ("Success", "Pending")
    assert after["next"]["status"] == "Success"
    assert shipment.delivered is not None
