from typing import Any

import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim

Body = dict[str, Any]


@pytest.fixture
def tee(checked: httpx2.Client) -> Body:
    body = {
        "name": "Tee",
        "type_id": 1,
        "variants": [
            {"name": "Tee S", "sku": "TEE-S", "barcodes": [{"value": "100"}]},
            {"name": "Tee M", "sku": "TEE-M", "lot_information": {"is_lot": True}},
        ],
    }
    made: Body = checked.post("/2026-07/product", json=body).json()
    return made


def test_a_new_product_gets_inventory_ids(checked: httpx2.Client, tee: Body) -> None:
    first, second = tee["variants"]

    assert checked.get(f"/2026-07/product/{tee['id']}").json() == tee
    assert first["inventory"]["inventory_id"] != second["inventory"]["inventory_id"]
    assert second["lot_information"]["is_lot"] is True


@pytest.mark.usefixtures("tee")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variants": [{"sku": "TEE-S"}]}, "variants[0].sku"),
        ({"variants": [{"sku": "A"}, {"sku": "A"}]}, "variants[1].sku"),
        ({"variants": [{"name": "x"}]}, "variants[0].sku"),
        ({"type_id": 3}, "type_id"),
        ({"name": " "}, "name"),
        (
            {"variants": [{"sku": "A", "packaging_requirement_id": 99}]},
            "variants[0].packaging_requirement_id",
        ),
        (
            {
                "variants": [
                    {
                        "sku": "A",
                        "return_preferences": {"primary_action_id": 2, "instructions": "x"},
                    }
                ]
            },
            "variants[0].return_preferences.instructions",
        ),
        (
            {"variants": [{"sku": "A", "bundle_definition": [{"variant_id": 5, "quantity": 1}]}]},
            "variants[0].bundle_definition",
        ),
        ({"variants": [{"sku": "A", "customs": {"value": "dear"}}]}, "variants[0].customs.value"),
    ],
)
def test_a_wrong_product_is_422_and_names_the_field(
    checked: httpx2.Client, change: Body, field: str
) -> None:
    body = {"name": "Other", "type_id": 1, "variants": [], **change}

    answer = checked.post("/2026-07/product", json=body)

    assert (answer.status_code, list(answer.json())) == (422, [field])


def test_products_and_variants_can_be_changed(checked: httpx2.Client, tee: Body) -> None:
    path = f"/2026-07/product/{tee['id']}"
    renamed = checked.patch(path, json={"name": "T-shirt", "type_id": 1, "taxonomy_id": 2}).json()
    more = checked.post(f"{path}/variants", json=[{"sku": "TEE-L", "name": "Tee L"}])
    changed = checked.patch(
        f"{path}/variants",
        json={"id": tee["variants"][0]["id"], "name": "Small", "status": 2, "weight": 9.5},
    ).json()

    assert (renamed["name"], renamed["taxonomy"]["parent_name"]) == ("T-shirt", "Apparel")
    assert [each["sku"] for each in more.json()["variants"]] == ["TEE-S", "TEE-M", "TEE-L"]
    assert (changed[0]["name"], changed[0]["status"]) == ("Small", "Inactive")
    assert changed[0]["weight"]["weight"] == 9.5
    assert checked.patch(f"{path}/variants", json=[{"id": 5}]).status_code == 400


def test_variants_move_between_products(checked: httpx2.Client, tee: Body) -> None:
    small = {"id": tee["variants"][0]["id"]}
    new = checked.post(
        "/2026-07/product:moveVariants", json={"variants": [small], "name": "Small tees"}
    )
    back = checked.post(
        f"/2026-07/product/{tee['id']}:moveVariants", json={"variants": [small]}
    ).json()

    assert (new.status_code, new.json()["name"]) == (201, "Small tees")
    assert {each["sku"] for each in back["variants"]} == {"TEE-S", "TEE-M"}
    unknown = {"variants": [{"id": 5}]}
    assert checked.post("/2026-07/product:moveVariants", json=unknown).status_code == 400


def test_merged_variants_share_one_inventory_id_and_their_stock(
    sim: ShipBobSim, checked: httpx2.Client, tee: Body
) -> None:
    small, medium = tee["variants"]
    sim.adjust("TEE-S", 3, 10)
    merged = checked.post(
        f"/2026-07/variant/{medium['id']}:merge", json=[{"id": small["id"]}]
    ).json()

    first, second = merged["variants"]
    assert first["inventory"] == second["inventory"]
    assert second["inventory"]["on_hand_qty"] == 3
    assert first["status"] == "Inactive"
    assert second["merge_children"][0]["variant_id"] == small["id"]


def test_a_bundle_is_sent_as_its_parts(sim: ShipBobSim, checked: httpx2.Client, tee: Body) -> None:
    small, medium = tee["variants"]
    sim.adjust("TEE-S", 4, 10)
    bundle = checked.post(
        f"/2026-07/variant/{medium['id']}:convertToBundle",
        json={"bundle_definition": [{"variant_id": small["id"], "quantity": 2}]},
    )
    order = sim.create_order("SO-1", {"TEE-M": 2})

    assert (bundle.status_code, bundle.json()["type"]) == (201, "Bundle")
    assert [(pick.inventory_id, pick.quantity) for pick in order.shipments[0].picks] == [
        (small["inventory"]["inventory_id"], 4)
    ]
    assert order.status == "Processing"


def test_a_product_with_stock_cannot_be_deleted(
    sim: ShipBobSim, checked: httpx2.Client, tee: Body
) -> None:
    sim.adjust("TEE-S", 1, 10)
    path = f"/2026-07/product/{tee['id']}"
    refused = checked.delete(path).status_code
    sim.adjust("TEE-S", -1, 10)

    assert (refused, checked.delete(path).status_code) == (400, 200)
    assert checked.get(path).status_code == 404


def test_allergens_came_with_2026_07(api: httpx2.Client) -> None:
    assert api.get("/2026-07/allergens").json()[0] == {"id": 1, "key": "milk", "name": "Milk"}
    assert api.get("/2026-01/allergens").status_code == 404
