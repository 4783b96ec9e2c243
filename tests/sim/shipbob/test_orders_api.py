from datetime import timedelta
from typing import Any

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim

CHANNEL = {"shipbob_channel_id": "100102"}
Body = dict[str, Any]


@pytest.fixture
def tee(sim: ShipBobSim) -> int:
    number = sim.add_product("TEE-S")
    sim.adjust("TEE-S", 10, 10)
    return number


@pytest.fixture
def new_order() -> Body:
    return {
        "reference_id": "SO-1",
        "order_number": "1001",
        "type": "DTC",
        "shipping_method": "Standard",
        "recipient": {
            "name": "Pat Doe",
            "address": {"address1": "100 N Racine Ave", "city": "Chicago", "country": "US"},
        },
        "products": [{"reference_id": "TEE-S", "name": "Tee", "quantity": 2, "unit_price": 14.10}],
        "financials": {"total_price": 28.20},
        "tags": [{"name": "a", "value": "b"}],
    }


def test_an_order_is_created_and_can_be_read(
    checked: httpx2.Client, tee: int, new_order: Body
) -> None:
    created = checked.post("/2026-07/order", json=new_order, headers=CHANNEL)
    order = checked.get(f"/2026-07/order/{created.json()['id']}").json()

    assert created.status_code == 201
    assert order == created.json()
    assert (order["status"], order["channel"]["id"]) == ("Processing", 100102)
    assert order["financials"] == {"total_price": 28.20}
    shipment = order["shipments"][0]
    assert (shipment["reference_id"], shipment["tracking"]) == ("SO-1", None)
    assert shipment["products"][0]["inventory_items"][0]["id"] == tee


@pytest.mark.usefixtures("tee")
def test_an_order_wants_the_channel_header_of_its_own_channel(
    checked: httpx2.Client, new_order: Body
) -> None:
    answers = [
        checked.post("/2026-07/order", json=new_order, headers=headers).status_code
        for headers in (
            {},
            {"shipbob_channel_id": "x"},
            {"shipbob_channel_id": "100101"},
            CHANNEL,
        )
    ]

    assert answers == [400, 400, 403, 201]


@pytest.mark.usefixtures("tee")
def test_a_reference_id_is_unique_in_its_channel(checked: httpx2.Client, new_order: Body) -> None:
    checked.post("/2026-07/order", json=new_order, headers=CHANNEL)

    again = checked.post("/2026-07/order", json=new_order, headers=CHANNEL)

    assert (again.status_code, again.json()) == (
        422,
        {"": ["Cannot insert order with existing ReferenceId"]},
    )
    assert len(checked.get("/2026-07/order?ReferenceIds=SO-1").json()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "Gift"}, "type"),
        ({"products": []}, "products"),
        ({"products": [{"reference_id": "A", "quantity": 0}]}, "products[0].quantity"),
        ({"products": [{"quantity": 1}]}, "products[0].reference_id"),
        ({"products": [{"id": 5, "quantity": 1}]}, "products[0].id"),
        ({"recipient": {"name": "x"}}, "recipient.address"),
        ({"reference_id": "x" * 301}, "reference_id"),
        ({"shipping_terms": {"carrier_type": "Bike"}}, "shipping_terms"),
        ({"location_id": 5}, "location_id"),
    ],
)
def test_a_wrong_order_is_422_and_names_the_field(
    checked: httpx2.Client, new_order: Body, change: Body, field: str
) -> None:
    answer = checked.post("/2026-07/order", json={**new_order, **change}, headers=CHANNEL)

    assert (answer.status_code, list(answer.json())) == (422, [field])


def test_without_stock_an_order_is_in_exception_until_stock_comes(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    number = sim.add_product("MUG")
    order = sim.create_order("SO-1", {"MUG": 3})
    shipment = checked.get(f"/2026-07/order/{order.id}").json()["shipments"][0]
    sim.stow(sim.create_wro({"MUG": 3}))

    assert shipment["status"] == "Exception"
    assert shipment["status_details"][0]["name"] == "OutOfStock"
    assert shipment["status_details"][0]["inventory_id"] == number
    assert order.status == "Processing"


def test_what_a_cancelled_shipment_held_goes_to_whoever_waits_for_it(sim: ShipBobSim) -> None:
    sim.add_product("MUG")
    sim.adjust("MUG", 1, 10)
    first, second = (sim.create_order(f"SO-{n}", {"MUG": 1}).shipments[0] for n in range(2))
    before = second.status
    sim.cancel_shipment(first)

    assert (before, second.status) == ("Exception", "Processing")


def test_an_unknown_or_inactive_sku_is_an_exception(sim: ShipBobSim) -> None:
    sim.add_product("OLD", active=False)

    unknown = sim.create_order("SO-1", {"NOWHERE": 1})
    inactive = sim.create_order("SO-2", {"OLD": 1})

    assert [each.shipments[0].details for each in (unknown, inactive)] == [[304], [302]]
    assert unknown.status == "Exception"


@pytest.mark.usefixtures("tee")
def test_a_label_may_come_without_a_number(sim: ShipBobSim, checked: httpx2.Client) -> None:
    shipment = sim.create_order("SO-1", {"TEE-S": 1}).shipments[0]
    sim.label(shipment, tracking=False)
    without = checked.get("/2026-07/order?HasTracking=true").json()
    sim.number(shipment, "1Z1")

    assert without == []
    assert len(checked.get("/2026-07/order?HasTracking=true").json()) == 1


@pytest.mark.usefixtures("tee")
def test_orders_are_filtered_and_paged(
    sim: ShipBobSim, checked: httpx2.Client, clock: Clock
) -> None:
    orders = []
    for number in range(5):
        orders.append(sim.create_order(f"SO-{number}", {"TEE-S": 1}))
        clock.advance(timedelta(hours=1))
    sim.label(orders[0].shipments[0])
    sim.label(orders[1].shipments[0])
    marked = checked.post(
        "/2026-07/shipment:batchUpdateTrackingUpload",
        json={"shipment_ids": [orders[0].shipments[0].id, 5], "is_tracking_uploaded": True},
    ).json()

    def found(query: str) -> list[int]:
        rows = checked.get(f"/2026-07/order?SortOrder=Oldest&{query}").json()
        return [orders.index(sim.books.orders.by_id[row["id"]]) for row in rows]

    assert found("") == [0, 1, 2, 3, 4]
    assert found(f"IDs={orders[2].id},{orders[3].id}") == [2, 3]
    assert found("ReferenceIds=SO-1,SO-4") == [1, 4]
    assert found("HasTracking=true&IsTrackingUploaded=false") == [1]
    assert found("StartDate=2026-11-02T16:30:00Z") == [3, 4]
    assert found("EndDate=2026-11-02T14:30:00Z") == [0]
    assert found("LastTrackingUpdateStartDate=2026-11-02T15:00:00Z") == [0, 1]
    assert found("LastUpdateStartDate=2026-11-02T18:30:00Z") == [0, 1]
    assert found("Limit=2&Page=3") == [4]
    assert marked["summary"] == {"total": 2, "successful": 1, "failed": 1}
    assert marked["results"][1]["error"]["code"] == "NOT_FOUND"
    page = checked.get("/2026-07/order?Limit=2")
    assert (page.headers["total-pages"], page.headers["total-count"]) == ("3", "5")
    assert page.headers["next-page"] == "/2026-07/order?Limit=2&Page=2"


@pytest.mark.usefixtures("tee")
def test_the_channel_header_filters_reads(sim: ShipBobSim, checked: httpx2.Client) -> None:
    order = sim.create_order("SO-1", {"TEE-S": 1})
    other = {"shipbob_channel_id": "100101"}

    assert checked.get("/2026-07/order", headers=other).json() == []
    assert checked.get(f"/2026-07/order/{order.id}", headers=other).status_code == 404
    assert (
        checked.get(f"/2026-07/shipment/{order.shipments[0].id}", headers=other).status_code == 404
    )
    assert len(checked.get("/2026-07/order", headers=CHANNEL).json()) == 1


@pytest.mark.parametrize("query", ["Limit=0", "Limit=251", "Page=0", "IDs=x", "HasTracking=maybe"])
def test_a_query_that_cannot_be_is_400(checked: httpx2.Client, query: str) -> None:
    assert checked.get(f"/2026-07/order?{query}").status_code == 400


@pytest.mark.usefixtures("tee")
def test_cancelling_an_order_tells_what_could_not_be_cancelled(
    sim: ShipBobSim, checked: httpx2.Client
) -> None:
    order = sim.create_order("SO-1", {"TEE-S": 2}, shipments=[{"TEE-S": 1}, {"TEE-S": 1}])
    sim.label(order.shipments[0])

    partly = checked.post(f"/2026-07/order/{order.id}:cancel").json()

    assert partly["status"] == "PartialSuccess"
    assert [each["is_success"] for each in partly["canceled_shipment_results"]] == [False, True]
    assert sim.books.stock.at((order.shipments[1].picks[0].inventory_id, 10, "")).committed == 0


def test_estimates_methods_and_the_stored_order_can_be_read(
    checked: httpx2.Client, tee: int, new_order: Body
) -> None:
    made = checked.post("/2026-07/order", json=new_order, headers=CHANNEL).json()
    estimate = checked.post(
        "/2026-07/order:estimate",
        json={"address": {"country": "US"}, "products": [{"id": tee, "quantity": 2}]},
        headers=CHANNEL,
    )
    stored = checked.get(f"/2026-07/order/{made['id']}/store-order-json")

    assert estimate.json()["estimates"][0]["total_weight_oz"] == 16
    assert '"reference_id":"SO-1"' in stored.json()
    assert checked.get("/2026-07/shipping-method?Limit=2").json()[0]["name"] == "Standard"
