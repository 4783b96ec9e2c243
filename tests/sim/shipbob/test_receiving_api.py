from datetime import timedelta
from typing import Any

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim

Body = dict[str, Any]


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    return sim.add_product("TEE-BLK-M", name="Tee")


@pytest.fixture
def new_wro(tee: int) -> Body:
    return {
        "fulfillment_center": {"id": 10},
        "package_type": "Package",
        "box_packaging_type": "EverythingInOneBox",
        "expected_arrival_date": "2026-11-10T14:15:22Z",
        "purchase_order_number": "PO4711",
        "boxes": [
            {"tracking_number": "1Z1", "box_items": [{"inventory_id": tee, "quantity": 50}]}
        ],
    }


def box(**item: object) -> Body:
    return {"tracking_number": "1Z9", "box_items": [item]}


def test_a_wro_is_created_and_can_be_read(checked: httpx2.Client, new_wro: Body, tee: int) -> None:
    created = checked.post("/2026-07/receiving", json=new_wro)
    read = checked.get(f"/2026-07/receiving/{created.json()['id']}")

    assert created.status_code == 201
    assert read.json() == created.json()
    assert read.json()["status"] == "Awaiting"
    assert read.json()["expected_arrival_date"] == "2026-11-10T14:15:22+00:00"
    assert read.json()["inventory_quantities"] == [
        {
            "inventory_id": tee,
            "sku": "TEE-BLK-M",
            "expected_quantity": 50,
            "received_quantity": 0,
            "stowed_quantity": 0,
        }
    ]


def test_the_same_purchase_order_number_is_accepted_twice(
    checked: httpx2.Client, new_wro: Body
) -> None:
    first, second = (checked.post("/2026-07/receiving", json=new_wro) for _ in range(2))
    found = checked.get("/2026-07/receiving?PurchaseOrderNumbers=PO4711").json()

    assert (first.status_code, second.status_code) == (201, 201)
    assert {wro["id"] for wro in found} == {first.json()["id"], second.json()["id"]}


def test_a_box_item_may_name_the_sku_since_2026_07(
    checked: httpx2.Client, new_wro: Body, tee: int
) -> None:
    new_wro["boxes"] = [box(sku="TEE-BLK-M", quantity=3)]

    new = checked.post("/2026-07/receiving", json=new_wro)
    old = checked.post("/2026-01/receiving", json=new_wro)

    assert new.json()["inventory_quantities"][0]["inventory_id"] == tee
    assert (old.status_code, list(old.json())) == (400, ["boxes[0].box_items[0].inventory_id"])


def test_freight_came_with_2026_07(checked: httpx2.Client, new_wro: Body) -> None:
    new_wro["freight"] = {"carrier": "Maersk", "vessel_name": "Emma"}

    created = checked.post("/2026-07/receiving", json=new_wro).json()
    old = checked.get(f"/2026-01/receiving/{created['id']}").json()

    assert created["freight"]["vessel_name"] == "Emma"
    assert "freight" not in old


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expected_arrival_date": "2026-12-15"}, "expected_arrival_date"),
        ({"expected_arrival_date": "2026-11-02T13:59:59Z"}, "expected_arrival_date"),
        ({"fulfillment_center": {"id": 99}}, "fulfillment_center.id"),
        ({"package_type": "Crate"}, "package_type"),
        ({"box_packaging_type": "Loose"}, "box_packaging_type"),
        ({"boxes": []}, "boxes"),
        ({"boxes": [{"tracking_number": "1Z", "box_items": []}]}, "boxes[0].box_items"),
        ({"boxes": [box(inventory_id=1, quantity=1)]}, "boxes[0].box_items[0].inventory_id"),
        ({"boxes": [box(sku="NEW-7731-XL", quantity=1)]}, "boxes[0].box_items[0].sku"),
        ({"boxes": [box(sku="TEE-BLK-M", quantity=0)]}, "boxes[0].box_items[0].quantity"),
        ({"boxes": [box(sku="TEE-BLK-M")]}, "boxes[0].box_items[0].quantity"),
        ({"boxes": [box(sku="TEE-BLK-M", quantity="3")]}, "boxes[0].box_items[0].quantity"),
        ({"boxes": [box(sku="TEE-BLK-M", quantity=1)] * 51}, "boxes"),
        (
            {
                "package_type": "FloorLoadedContainer",
                "boxes": [box(sku="TEE-BLK-M", quantity=1)] * 2,
            },
            "boxes",
        ),
    ],
)
def test_a_wrong_wro_is_422_and_names_the_field(
    checked: httpx2.Client, new_wro: Body, change: Body, field: str
) -> None:
    answer = checked.post("/2026-07/receiving", json={**new_wro, **change})

    assert answer.status_code == 422
    assert list(answer.json()) == [field]


def test_the_past_is_refused_in_shipbobs_words(checked: httpx2.Client, new_wro: Body) -> None:
    new_wro["expected_arrival_date"] = "2020-01-01T00:00:00Z"

    answer = checked.post("/2026-07/receiving", json=new_wro)

    assert answer.json() == {"expected_arrival_date": ["Arrival date must be in the future"]}


def test_fifty_pallets_and_more_are_allowed(checked: httpx2.Client, new_wro: Body) -> None:
    new_wro |= {"package_type": "Pallet", "boxes": [box(sku="TEE-BLK-M", quantity=1)] * 51}

    assert checked.post("/2026-07/receiving", json=new_wro).status_code == 201


def test_lot_tracked_stock_needs_its_lot_and_date(
    sim: ShipBobSim, checked: httpx2.Client, new_wro: Body
) -> None:
    coffee = sim.add_product("COFFEE", lot=True)
    lot = {"lot_number": "L1", "lot_date": "2027-06-01T00:00:00Z"}

    answers = [
        checked.post(
            "/2026-07/receiving",
            json={**new_wro, "boxes": [box(inventory_id=coffee, quantity=1, **given)]},
        )
        for given in ({}, {"lot_number": "L1"}, lot)
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 201]


def test_more_than_10000_skus_are_refused_by_their_reason_code(
    sim: ShipBobSim, checked: httpx2.Client, new_wro: Body
) -> None:
    items = [
        {"inventory_id": sim.add_product(f"S{number}"), "quantity": 1} for number in range(10_001)
    ]
    new_wro["boxes"] = [{"tracking_number": "1Z", "box_items": items}]

    answer = checked.post("/2026-07/receiving", json=new_wro)

    assert answer.status_code == 422
    assert "WRO_UNIQUE_SKU_LIMIT_EXCEEDED" in answer.text


def test_a_body_that_is_no_json_is_422(checked: httpx2.Client) -> None:
    answer = checked.post(
        "/2026-07/receiving", content=b"{", headers={"content-type": "application/json"}
    )

    assert answer.status_code == 422


def test_an_unknown_wro_is_a_validation_problem(checked: httpx2.Client) -> None:
    answers = [
        checked.get(f"/2026-07/receiving/{key}{end}") for key in (5, "x") for end in ("", "/boxes")
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert set(answers[0].json()) == {"type", "title", "status", "detail", "instance", "errors"}


def test_the_list_is_a_bare_array_with_its_pages_in_the_headers(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    for _ in range(5):
        sim.create_wro({tee: 1})

    answer = checked.get("/2026-07/receiving?Statuses=Awaiting,Completed&Limit=2&Page=2")

    assert len(answer.json()) == 2
    assert {
        name: answer.headers[name]
        for name in ("page-number", "page-size", "total-pages", "total-count")
    } == {
        "page-number": "2",
        "page-size": "2",
        "total-pages": "3",
        "total-count": "5",
    }
    assert answer.headers["next-page"] == (
        "/2026-07/receiving?Statuses=Awaiting,Completed&Limit=2&Page=3"
    )
    assert "prev-page" in answer.headers
    assert "next-page" not in checked.get("/2026-07/receiving?Limit=2&Page=3").headers
    assert checked.get("/2026-07/receiving?Page=9").json() == []


def test_every_filter_of_the_list_narrows_it(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    first = sim.create_wro({tee: 1}, purchase_order_number="PO1")
    second = sim.create_wro({tee: 1}, purchase_order_number="PO1-2", fulfillment_center_id=228)
    sim.complete(second)
    checked.post(
        "/2026-07/receiving:setExternalSync", json={"ids": [second.id], "is_external_sync": True}
    )

    def found(query: str) -> list[int]:
        return [wro["id"] for wro in checked.get(f"/2026-07/receiving?{query}").json()]

    assert found("") == [second.id, first.id]
    assert found(f"IDs={first.id},1") == [first.id]
    assert found("Statuses=Completed,Cancelled") == [second.id]
    assert found("PurchaseOrderNumbers=PO1") == [first.id]
    assert found("FulfillmentCenterIds=228") == [second.id]
    assert found("ExternalSync=true") == [second.id]
    assert found("ExternalSync=false") == [first.id]
    assert found("CompletedStartDate=2026-11-01T00:00:00Z") == [second.id]
    assert found("InsertStartDate=2026-11-03") == []
    assert found("InsertEndDate=2026-11-03T00:00:00Z&Statuses=Awaiting") == [first.id]


def test_external_sync_is_a_time_stamp_and_can_be_taken_back(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    wro = sim.create_wro({tee: 1})
    path = "/2026-07/receiving:setExternalSync"

    answer = checked.post(path, json={"ids": [wro.id, 5], "is_external_sync": True})
    synced = checked.get(f"/2026-07/receiving/{wro.id}").json()["external_sync_timestamp"]
    checked.post(path, json={"ids": [wro.id], "is_external_sync": False})

    assert answer.json()["results"] == [
        {"id": wro.id, "action": "ExternalSync", "is_success": True, "reason": ""},
        {
            "id": 5,
            "action": "ExternalSync",
            "is_success": False,
            "reason": "Receiving order not found",
        },
    ]
    assert synced == "2026-11-02T14:00:00+00:00"
    assert checked.get(f"/2026-07/receiving/{wro.id}").json()["external_sync_timestamp"] is None


def test_an_awaited_wro_can_be_cancelled_and_an_arrived_one_not(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    awaited, arrived = sim.create_wro({tee: 1}), sim.create_wro({tee: 1})
    sim.arrive(arrived)

    good, bad = (checked.post(f"/2026-07/receiving/{wro.id}:cancel") for wro in (awaited, arrived))

    assert (good.status_code, good.json()["status"]) == (200, "Cancelled")
    assert bad.status_code == 422


def test_labels_are_a_pdf(sim: ShipBobSim, api: httpx2.Client, tee: int) -> None:
    wro = sim.create_wro({tee: 1})

    answer = api.get(f"/2026-07/receiving/{wro.id}/labels")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4")


def test_a_wro_for_a_center_with_a_hub_comes_back_with_the_hub(
    sim: ShipBobSim, checked: httpx2.Client, new_wro: Body
) -> None:
    sim.add_fulfillment_center(300, "Hub (PA)", receiving=False)
    sim.add_fulfillment_center(301, "Bethlehem (PA)", hub=300)
    new_wro["fulfillment_center"] = {"id": 301}

    created = checked.post("/2026-07/receiving", json=new_wro).json()

    assert created["fulfillment_center"]["id"] == 300
    assert created["final_destination_fulfillment_center_id"] == 301


def test_what_was_seen_live_can_be_switched_on(
    sim: ShipBobSim, api: httpx2.Client, clock: Clock, tee: int
) -> None:
    sim.apis.receiving.listed_after = timedelta(seconds=5)
    sim.apis.receiving.awaiting = "AwaitingArrival"
    sim.apis.receiving.empty_past_the_end = True
    wro = sim.create_wro({tee: 1})
    at_once = api.get("/2026-07/receiving")
    clock.advance(timedelta(seconds=5))
    later = api.get("/2026-07/receiving").json()

    assert (at_once.status_code, at_once.content) == (200, b"")
    assert [(each["id"], each["status"]) for each in later] == [(wro.id, "AwaitingArrival")]
    assert api.get("/2026-07/receiving?Page=2").content == b""


def test_counters_of_a_wro_may_lag_behind_its_boxes_for_some_answers(
    sim: ShipBobSim, api: httpx2.Client, tee: int
) -> None:
    wro = sim.arrive(sim.create_wro({tee: 9}))
    sim.stow(wro, {tee: 4})
    sim.stow(wro, {tee: 3})
    sim.switch({"stowed_lags": 2})
    stowed = [
        api.get(f"/2026-07/receiving/{wro.id}").json()["inventory_quantities"][0][
            "stowed_quantity"
        ]
        for _ in range(3)
    ]
    [box] = api.get(f"/2026-07/receiving/{wro.id}/boxes").json()

    assert stowed == [4, 4, 7]
    assert [item["stowed_quantity"] for item in box["box_items"]] == [7]
    assert sim.switch().stowed_lags == 0


def test_the_moment_of_a_completion_may_be_written_otherwise(
    sim: ShipBobSim, api: httpx2.Client, tee: int
) -> None:
    wro = sim.complete(sim.stow(sim.arrive(sim.create_wro({tee: 1}))))
    sim.switch({"completed_written": "24.11.2026"})
    history = api.get(f"/2026-07/receiving/{wro.id}").json()["status_history"]

    assert [one["timestamp"] for one in history if one["status"] == "Completed"] == ["24.11.2026"]
    assert "24.11.2026" not in {one["timestamp"] for one in history if one["status"] == "Arrived"}
