from typing import Any

import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim

CHANNEL = {"shipbob_channel_id": "100102"}
Body = dict[str, Any]


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    return sim.add_product("TEE-S")


@pytest.fixture
def new_return(tee: int) -> Body:
    return {
        "reference_id": "RMA-1",
        "fulfillment_center": {"id": 10},
        "inventory": [{"id": tee, "quantity": 3, "requested_action": "Default"}],
        "tracking_number": "1Z1",
    }


def test_a_return_is_created_in_the_small_form_and_read_in_the_full_one(
    checked: httpx2.Client, new_return: Body
) -> None:
    created = checked.post("/2026-07/return", json=new_return, headers=CHANNEL)
    read = checked.get(f"/2026-07/return/{created.json()['id']}").json()

    assert created.status_code == 201
    assert "sku" not in created.json()["inventory"][0]
    assert "invoice_amount" in created.json()
    assert read["inventory"][0]["sku"] == "TEE-S"
    assert (read["status"], read["return_type"]) == ("AwaitingArrival", "Regular")
    assert read["status_history"] == [
        {"status": "AwaitingArrival", "timestamp": "2026-11-02T14:00:00+00:00"}
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"reference_id": ""},
        {"reference_id": "x" * 51},
        {"tracking_number": "x" * 501},
        {"fulfillment_center": {"id": 5}},
        {"inventory": []},
        {"inventory": [{"id": 5, "quantity": 1, "requested_action": "Default"}]},
        {"inventory": [{"id": 5, "quantity": 1}]},
        {"original_shipment_id": 5},
    ],
)
def test_a_wrong_return_is_422_with_a_list_of_errors(
    checked: httpx2.Client, new_return: Body, change: Body
) -> None:
    answer = checked.post("/2026-07/return", json={**new_return, **change}, headers=CHANNEL)

    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "details", "errors", "stackTrace"}
    assert len(answer.json()["errors"]) == 1


def test_each_item_may_come_once_and_neither_digital_nor_a_bundle(
    sim: ShipBobSim, checked: httpx2.Client, new_return: Body
) -> None:
    line = new_return["inventory"][0]
    digital = sim.add_product("EBOOK", digital=True)

    answers = [
        checked.post(
            "/2026-07/return", json={**new_return, "inventory": inventory}, headers=CHANNEL
        ).status_code
        for inventory in (
            [line, line],
            [{**line, "id": digital}],
            [{**line, "quantity": 0}],
            [{**line, "requested_action": "Burn"}],
        )
    ]

    assert answers == [422] * 4


def test_a_reference_id_is_unique_and_the_channel_is_required(
    checked: httpx2.Client, new_return: Body
) -> None:
    answers = [
        checked.post("/2026-07/return", json=new_return, headers=headers).status_code
        for headers in ({}, {"shipbob_channel_id": "100101"}, CHANNEL, CHANNEL)
    ]

    assert answers == [400, 403, 201, 422]


def test_what_was_done_may_differ_from_what_was_asked_and_only_that_is_stock(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    made = sim.create_return("RMA-1", {"TEE-S": 5}, requested_action="Restock")
    sim.arrive_return(made)
    sim.complete_return(made, {"TEE-S": {"Restock": 2, "Quarantine": 1, "Dispose": 1}})

    read = checked.get(f"/2026-07/return/{made.id}").json()
    level = checked.get(f"/2026-07/inventory-level/{tee}").json()

    assert read["inventory"][0]["action_requested"]["action"] == "Restock"
    assert [
        (each["action"], each["quantity_processed"])
        for each in read["inventory"][0]["action_taken"]
    ] == [("Restock", 2), ("Quarantine", 1), ("Dispose", 1)]
    assert [each["status"] for each in read["status_history"]] == [
        "AwaitingArrival",
        "Arrived",
        "Processing",
        "Completed",
    ]
    assert read["completed_date"]
    assert sim.stock() == {("TEE-S", 10): 3}
    assert (level["total_on_hand_quantity"], level["total_sellable_quantity"]) == (3, 2)


def test_a_parcel_that_comes_back_knows_its_shipment(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    sim.adjust(tee, 5, 228)
    order = sim.create_order("SO-1", {"TEE-S": 1}, fulfillment_center_id=228)
    sim.label(order.shipments[0], "1Z1")
    made = sim.create_return(
        "RTS-1", {"TEE-S": 1}, shipment=order.shipments[0].id, return_type="ReturnToSender"
    )

    read = checked.get(f"/2026-07/return/{made.id}").json()

    assert (read["return_type"], read["store_order_id"]) == ("ReturnToSender", "SO-1")
    assert (read["fulfillment_center"]["id"], read["shipment_tracking_number"]) == (228, "1Z1")


def test_an_awaited_return_can_be_edited_and_cancelled_and_a_later_one_not(
    sim: ShipBobSim, checked: httpx2.Client, new_return: Body
) -> None:
    made = checked.post("/2026-07/return", json=new_return, headers=CHANNEL).json()
    path = f"/2026-07/return/{made['id']}"
    changed = {**new_return, "reference_id": "RMA-2"}

    edited = checked.put(path, json=changed)
    sim.arrive_return(made["id"])
    late_edit = checked.put(path, json=changed)
    late_cancel = checked.post(f"{path}:cancel")

    assert edited.json()["reference_id"] == "RMA-2"
    assert (late_edit.status_code, late_cancel.status_code) == (422, 400)
    assert "stack_trace" in late_edit.json()
    assert checked.get("/2026-07/return?ReferenceIds=RMA-2").json()["items"][0]["id"] == made["id"]
    other = sim.create_return("RMA-3", {"TEE-S": 1})
    assert checked.post(f"/2026-07/return/{other.id}:cancel").status_code == 200
    assert other.status == "Cancelled"


def test_the_list_is_filtered_and_its_cursor_is_a_page_number(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    made = [sim.create_return(f"RMA-{number}", {"TEE-S": 1}) for number in range(5)]
    sim.complete_return(made[0])

    def found(query: str) -> list[int]:
        items = checked.get(f"/2026-07/return?SortOrder=Asc&{query}").json()["items"]
        return [made.index(sim.books.returns.by_id[item["id"]]) for item in items]

    page = checked.get("/2026-07/return?Limit=2&SortOrder=Asc")
    assert found("") == [0, 1, 2, 3, 4]
    assert found("Status=Completed") == [0]
    assert found("Status=Awaiting Arrival,Cancelled") == [1, 2, 3, 4]
    assert found("CompletedStartDate=2026-11-01") == [0]
    assert found("ReturnActions=Restock") == [0]
    assert found(f"Ids={made[3].id}&InventoryIds={tee}") == [3]
    assert found("FulfillmentCenterIds=228") == []
    assert found("ReturnTypes=RTS") == []
    assert page.headers["total-pages"] == "3"
    assert page.json()["next"].startswith("http://127.0.0.1:")
    assert page.json()["next"].endswith("/2026-07/return?Limit=2&SortOrder=Asc&Cursor=2")
    assert [item["id"] for item in checked.get(page.json()["last"]).json()["items"]] == [
        made[4].id
    ]


def test_statuses_may_be_written_with_spaces(
    sim: ShipBobSim, checked: httpx2.Client, tee: int
) -> None:
    sim.apis.returns.views.spaced = True
    made = sim.create_return("RTS-1", {tee: 1}, return_type="ReturnToSender")

    read = checked.get(f"/2026-07/return/{made.id}").json()

    assert (read["status"], read["return_type"]) == ("Awaiting Arrival", "RTS")


def test_a_return_that_is_not_there_is_a_problem(checked: httpx2.Client) -> None:
    assert checked.get("/2026-07/return/5").json()["status"] == 404
    assert checked.post("/2026-07/return/5:cancel").status_code == 400
