"""Every operation of the OpenAPI file, with good, odd and broken requests.

Nothing may be answered with a 5xx, and every answer must be one that the file describes.
"""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from waiting import HANGS_AFTER_SECONDS

Schema = dict[str, Any]
World = tuple[ShipBobSim, httpx2.Client]

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 2**31, 1.5, "", "x", "1", "ü" * 9, [], [None], {}, {"x": None}]
)
ODD_TEXTS = st.sampled_from(["", "0", "-1", "1", "x", "true", "2026-11-02", "%00", "1,2,x", "ü"])


ODD_KEYS = ["5", "x", "-1", "²", "9" * 30]


@pytest.fixture(scope="module")
def world(off_schema: Callable[[httpx2.Response], None]) -> Iterator[World]:
    """A simulator in which everything exists once."""
    with ShipBobSim(per_minute=0) as sim, serve(sim.api) as served:
        sim.add_token("pat")
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        number = sim.add_product("TEE-S", lot=True)
        wro = sim.create_wro({number: 10}, lot="L1")
        sim.stow(wro)
        sim.add_uro({number: 1})
        shipment = sim.create_order("SO-1", {number: 2}).shipments[0]
        sim.label(shipment)
        sim.create_order("SO-2", {number: 1})
        sim.return_shipment(shipment.id)
        sim.charge("Shipping", Decimal("6.10"))
        sim.invoice()
        with httpx2.Client(
            base_url=served.url,
            headers={"authorization": "Bearer pat"},
            event_hooks={"response": [off_schema]},
            trust_env=False,
            timeout=HANGS_AFTER_SECONDS,
        ) as client:
            yield sim, client


def resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def values(document: Schema, schema: Schema, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that fit a schema, and now and then one that does not."""
    schema = resolved(document, schema)
    for key in ("anyOf", "allOf"):
        if key in schema:
            return values(document, schema[key][0], depth)
    if "enum" in schema:
        fitting: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
    elif schema.get("type") == "array":
        inner = values(document, schema["items"], depth + 1)
        fitting = st.lists(inner, max_size=2)
    elif "properties" in schema and depth < 6:
        fitting = members(document, schema, depth)
    else:
        fitting = {
            "integer": st.sampled_from([1, 2, 10, 8500001, 210000001, 900001, 7000001]),
            "number": st.sampled_from([0, 1, 14.1]),
            "boolean": st.booleans(),
            "string": st.sampled_from(["TEE-S", "2030-01-01T00:00:00Z", "https://a.test/h", "1"]),
        }.get(schema.get("type", ""), st.none())
    return st.integers(0, 24).flatmap(lambda chance: ODD if chance == 0 else fitting)


def members(document: Schema, schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    required = set(schema.get("required", ()))
    all_of_it = {
        name: values(document, each, depth + 1) for name, each in schema["properties"].items()
    }
    return st.fixed_dictionaries(
        {name: each for name, each in all_of_it.items() if name in required},
        optional={name: each for name, each in all_of_it.items() if name not in required},
    )


def path_values(sim: ShipBobSim, name: str) -> st.SearchStrategy[str]:
    """Ids that exist, one that does not, and what is no id at all."""
    books = sim.books
    known: dict[str, list[object]] = {
        "orderId": list(books.orders.by_id),
        "shipmentId": list(books.orders.shipments),
        "inventoryId": list(books.products.by_inventory_id),
        "productId": list(books.products.by_id),
        "variantId": list(books.products.by_variant_id),
        "invoiceId": list(books.billing.invoices),
        "uroId": list(books.uros.by_id),
        "id": [*books.receiving.wros, *books.returns.by_id, *books.webhooks.subscriptions, 1],
    }
    return st.sampled_from([str(each) for each in known.get(name, [])] * 3 + ODD_KEYS)


def operations(document: Schema) -> list[tuple[str, str, Schema]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_no_request_is_answered_with_a_5xx_or_off_schema(world: World, document: Schema) -> None:
    sim, client = world
    tried = operations(document)

    for method, path, operation in tried:
        call_many(sim, client, document, (method, path.replace("/:", ":"), operation))

    assert len(tried) == 78
    assert {call.status for call in sim.calls} <= {200, 201, 204, 400, 403, 404, 422}


def call_many(
    sim: ShipBobSim, client: httpx2.Client, document: Schema, what: tuple[str, str, Schema]
) -> None:
    method, path, operation = what
    parameters = operation.get("parameters", [])
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    ids = {
        each["name"]: path_values(sim, each["name"]) for each in parameters if each["in"] == "path"
    }
    query = {
        each["name"]: ODD_TEXTS | st.sampled_from(["10", "TEE-S", "2030-01-01T00:00:00Z"])
        for each in parameters
        if each["in"] == "query"
    }

    @seed(7)
    @settings(
        max_examples=20,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        chosen=st.fixed_dictionaries(ids),
        asked=st.fixed_dictionaries({}, optional=query),
        sent=values(document, body["schema"]) if body else st.none(),
    )
    def call(chosen: dict[str, str], asked: dict[str, str], sent: Any) -> None:
        address = path
        for name, value in chosen.items():
            address = address.replace(f"{{{name}}}", value)
        answer = client.request(
            method,
            address,
            params=asked,
            content=json.dumps(sent).encode() if body else None,
            headers={"content-type": "application/json", "shipbob_channel_id": "100102"},
        )

        assert answer.status_code < 500, f"{method} {address} {asked} {sent}: {answer.text}"

    call()
