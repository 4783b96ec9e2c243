"""The samples of the reference, held against what the simulator takes and answers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.values.vocabulary import TOPICS
from waiting import HANGS_AFTER_SECONDS

CHANNEL = {"shipbob_channel_id": "100102"}

LEGACY = {"category", "sub_category", "barcode", "barcode_sticker_url", "channel_metadata"}
"""What version 2.0 shows and the dated versions don't."""

OPEN = {"additional_details"}
"""Its keys differ from charge to charge."""


class Received(Protocol):
    topic: str
    headers: dict[str, str]
    json: dict[str, Any]


class Receiver(Protocol):
    url: str
    received: list[Received]


def sample(reference: Path, name: str) -> Any:
    return json.loads((reference / "samples" / f"{name}.json").read_text())["body"]


def missing(wanted: Any, got: Any, where: str = "$") -> list[str]:
    """Every key of a sample that an answer does not have; of lists, the first element counts."""
    if isinstance(wanted, list) and isinstance(got, list):
        return missing(wanted[0], got[0], f"{where}[]") if wanted and got else []
    if not isinstance(wanted, dict) or not isinstance(got, dict):
        return []
    return [
        fault
        for key, value in wanted.items()
        if key not in LEGACY
        for fault in (
            [f"{where}.{key}"]
            if key not in got
            else missing({} if key in OPEN else value, got[key], f"{where}.{key}")
        )
    ]


@pytest.fixture
def shipped(sim: ShipBobSim) -> int:
    """A delivered shipment with a lot, and everything else that a sample may show."""
    number = sim.add_product("100", lot=True)
    wro = sim.create_wro({"100": 100}, lot="LOT-1")
    sim.stow(wro, lot="LOT-1")
    sim.complete(wro)
    shipment = sim.create_order("SO-10045", {number: 2}).shipments[0]
    sim.ship(shipment)
    sim.track(shipment)
    sim.deliver(shipment)
    return shipment.id


def test_the_request_samples_are_accepted(
    sim: ShipBobSim, checked: httpx2.Client, reference: Path
) -> None:
    sim.add_product("X", inventory_id=12345678)
    wro = sample(reference, "api/wro_create_request")
    bare_date = checked.post("/2026-07/receiving", json=wro).status_code
    wro["expected_arrival_date"] = "2027-01-15T00:00:00Z"

    answers = [
        checked.post(path, json=body, headers=CHANNEL).status_code
        for path, body in (
            ("/2026-07/receiving", wro),
            ("/2026-07/product", sample(reference, "api/product_create_request")),
            ("/2026-07/order", sample(reference, "api/order_create_request")),
        )
    ]

    assert (bare_date, answers) == (422, [201, 201, 201])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("channels_get", "channel"),
        ("products_2_0", "product"),
        ("wro_completed", "receiving/900001"),
        ("wro_boxes_completed", "receiving/900001/boxes"),
        ("shipment_line_items", "shipment/{shipment}:getLineItems"),
        ("shipments_tracking", "shipments-tracking?ShipmentIds={shipment}"),
    ],
)
def test_an_answer_has_every_key_of_its_sample(
    checked: httpx2.Client, reference: Path, shipped: int, name: str, path: str
) -> None:
    answer = checked.get("/2026-07/" + path.format(shipment=shipped))
    wanted, got = sample(reference, f"api/{name}"), answer.json()

    assert answer.status_code == 200
    assert missing(wanted, got["items"] if name == "products_2_0" else got) == []


def test_transactions_and_external_sync_look_like_their_samples(
    sim: ShipBobSim, checked: httpx2.Client, reference: Path
) -> None:
    sim.charge("Shipping", Decimal(1))
    charges = checked.post("/2026-07/transactions:query", json={}).json()
    synced = checked.post(
        "/2026-07/receiving:setExternalSync", json={"ids": [1], "is_external_sync": True}
    ).json()

    assert missing(sample(reference, "api/transactions_query_response"), charges) == []
    assert missing(sample(reference, "api/set_external_sync_response"), synced) == []


def test_every_topic_carries_what_its_sample_shows(
    sim: ShipBobSim, reference: Path, receiver: Receiver
) -> None:
    sim.books.events.logistics_account = True
    sim.subscribe(receiver.url)
    number = sim.add_product("COF-LR-12")
    wro = sim.create_wro({number: 50})
    sim.arrive(wro)
    sim.stow(wro)
    sim.complete(wro)
    sim.create_order("EMPTY", {"NOWHERE": 1})
    edited, held, cancelled, shipped = (
        sim.create_order(f"SO-{n}", {number: 2}).shipments[0] for n in range(4)
    )
    sim.hold(held)
    sim.cancel_shipment(cancelled)
    for topic in ("address.updated", "shipping_service.updated"):
        sim.books.fulfilment.edited(edited, f"order.shipment.{topic}", "edited")
    for change in ("added", "removed", "updated"):
        sim.books.fulfilment.edited(edited, f"order.shipment.line_item.{change}", "edited")
    sim.ship(shipped)
    sim.track(shipped)
    sim.deliver(shipped)
    back = sim.return_shipment(shipped.id)
    sim.complete_return(back, {number: {"Restock": 1, "Dispose": 1}})
    sim.charge("Shipping", Decimal(1))
    sim.credit(Decimal(1), "Sorry")
    sim.charge("Shipping", Decimal(1), kind="Refund")
    assert sim.wait_for_webhooks(HANGS_AFTER_SECONDS)

    bodies = {each.topic: each.json for each in receiver.received}
    faults = {
        topic: missing(sample(reference, f"webhooks/{topic}"), bodies.get(topic, {}))
        for topic in TOPICS
    }
    assert set(bodies) == set(TOPICS)
    assert {topic: fault for topic, fault in faults.items() if fault} == {}
