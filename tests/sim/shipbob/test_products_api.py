import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim


@pytest.fixture
def tees(sim: ShipBobSim) -> dict[str, int]:
    ids = {sku: sim.add_product(sku, name="Tee") for sku in ("TEE-S", "TEE-M", "TEE,L")}
    ids["old"] = sim.add_product("TEE-S", name="Old tee", active=False)
    return ids


def skus(api: httpx2.Client, query: str) -> list[str]:
    items = api.get(f"/2026-07/product?{query}").json()["items"]
    return [variant["sku"] for product in items for variant in product["variants"]]


def test_a_product_shows_its_variants_and_their_inventory_ids(
    checked: httpx2.Client, tees: dict[str, int]
) -> None:
    product = checked.get("/2026-07/product?SKU=TEE-M").json()["items"][0]

    assert checked.get(f"/2026-07/product/{product['id']}").json() == product
    assert checked.get(f"/2026-07/product/{product['id']}/variants").json() == product["variants"]
    assert product["variants"][0]["inventory"] == {"inventory_id": tees["TEE-M"], "on_hand_qty": 0}


def test_filters_take_one_value_or_any_of_several(
    checked: httpx2.Client, tees: dict[str, int]
) -> None:
    assert skus(checked, "SKU=TEE-M") == ["TEE-M"]
    assert skus(checked, "sku=any:TEE-M,TEE-S") == ["TEE-S", "TEE-M", "TEE-S"]
    assert skus(checked, f"InventoryId={tees['old']}") == ["TEE-S"]
    assert skus(checked, "VariantStatus=Inactive") == ["TEE-S"]
    assert skus(checked, "SKU=TEE-S&VariantStatus=Active") == ["TEE-S"]
    assert skus(checked, "Name=old") == ["TEE-S"]
    assert skus(checked, "Search=tee-m") == ["TEE-M"]
    assert skus(checked, "Barcode=TEE-M") == ["TEE-M"]
    assert skus(checked, "SKU=tee-m") == []
    assert skus(checked, "LastUpdatedTimestamp=2026-11-03") == []


@pytest.mark.usefixtures("tees")
def test_an_escaped_comma_is_no_separator(checked: httpx2.Client) -> None:
    assert skus(checked, "SKU=any:TEE-M%2CTEE-S") == []
    assert skus(checked, "SKU=any%3ATEE-M,TEE-S") == []
    assert skus(checked, "SKU=TEE%2CL") == ["TEE,L"]


@pytest.mark.usefixtures("tees")
def test_the_same_sku_can_be_found_on_an_inactive_variant_too(checked: httpx2.Client) -> None:
    items = checked.get("/2026-07/product?SKU=TEE-S").json()["items"]

    assert [item["variants"][0]["status"] for item in items] == ["Active", "Inactive"]


@pytest.mark.usefixtures("tees")
def test_the_next_page_has_no_version_in_its_address(checked: httpx2.Client) -> None:
    seen, path = [], "/product?SKU=any:TEE-S,TEE-M&PageSize=1"
    while path:
        page = checked.get(f"/2026-07{path}").json()
        seen += [each["variants"][0]["sku"] for each in page["items"]]
        path = page["next"]
        assert path is None or path.startswith("/Product?cursor=")

    assert seen == ["TEE-S", "TEE-M", "TEE-S"]


def test_a_page_can_be_shorter_than_asked(sim: ShipBobSim, api: httpx2.Client) -> None:
    for number in range(60):
        sim.add_product(f"S{number}")
    sim.apis.products.pages = type(sim.apis.products.pages)(path="/Product", cap=50)

    page = api.get("/2026-07/product?PageSize=250").json()

    assert len(page["items"]) == 50
    assert len(api.get(f"/2026-07{page['next']}").json()["items"]) == 10


def test_the_item_behind_an_inventory_id(sim: ShipBobSim, checked: httpx2.Client) -> None:
    number = sim.add_product("COFFEE", lot=True)

    item = checked.get(f"/2026-07/inventory/{number}").json()

    assert (item["sku"], item["is_lot"], item["variant"]["is_active"]) == ("COFFEE", True, True)
    assert checked.get("/2026-07/inventory/5").status_code == 404
    assert checked.get("/2026-07/inventory?SearchBy=cof").json()["items"] == [item]


@pytest.mark.usefixtures("tees")
def test_products_of_another_application_can_be_invisible(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    sim.apis.products.channel_sees_only_its_own = True
    next(iter(sim.books.products.by_id.values())).channel_id = 100101

    assert skus(api, "SKU=TEE-S&VariantStatus=Active") == []


def test_a_product_that_is_not_there_is_a_problem(checked: httpx2.Client) -> None:
    answer = checked.get("/2026-07/product/5")

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


def test_taxonomy_and_packaging_can_be_read(checked: httpx2.Client) -> None:
    shirts = checked.get("/2026-07/taxonomy?search=shirts").json()[0]

    assert shirts["path"] == "Apparel > Shirts"
    assert checked.get(f"/2026-07/taxonomy/{shirts['id']}").json() == shirts
    assert checked.get(f"/2026-07/taxonomy/{shirts['id']}/parent").json()["name"] == "Apparel"
    assert checked.get("/2026-07/taxonomy/1/parent").status_code == 404
    assert checked.get("/2026-07/packaging-requirement").json()[6]["name"] == "Apparel"


def test_centers_and_locations_can_be_read(sim: ShipBobSim, checked: httpx2.Client) -> None:
    sim.add_fulfillment_center(300, "Hub (PA)", receiving=False)

    centers = checked.get("/2026-07/fulfillment-center").json()
    locations = checked.get("/2026-07/location").json()

    assert [each["id"] for each in centers] == [10, 228]
    assert [each["id"] for each in locations] == [10, 228, 300]
    assert len(checked.get("/2026-07/location?ReceivingEnabled=true").json()) == 2


@pytest.mark.usefixtures("tees")
def test_a_row_can_come_again_on_the_next_page(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.apis.products.pages = type(sim.apis.products.pages)(path="/Product", overlap=1)
    first = api.get("/2026-07/product?PageSize=2").json()
    second = api.get(f"/2026-07{first['next']}").json()

    assert second["items"][0] == first["items"][1]
