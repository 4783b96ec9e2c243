"""The control surface and the page for people."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.netsuite.control import ACTIONS
from ml_connector.sim.world import new_certificate


def act(client: TestClient, action: str, /, **arguments: Any) -> Any:
    answer = client.post(f"/_sim/actions/{action}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_another_process_can_set_up_and_drive_a_company(clock: Clock) -> None:
    sim = NetSuiteSim(clock=clock)
    client = TestClient(sim.app)
    act(client, "add_subsidiary", name="Acme", internal_id=2)
    place = act(client, "add_location", name="ShipBob", subsidiary=2)
    vendor = act(client, "add_vendor", name="Supply", subsidiary=2)
    act(client, "add_item", sku="TEE", cost="2.50")
    order = act(
        client,
        "add_purchase_order",
        tranid="PO1",
        vendor=vendor,
        location=place,
        lines=[{"item": "TEE", "quantity": 3, "rate": 2.5}],
    )
    act(
        client,
        "transform",
        record_type="purchaseOrder",
        internal_id=order,
        target="itemReceipt",
    )
    books = client.get("/_sim/books").json()

    assert books["stock"] == [{"sku": "TEE", "location": place, "quantity": 3}]
    assert books["documents"] == {"itemReceipt": 1, "purchaseOrder": 1}
    assert books["balances"] == {"901": 7.5, "903": -7.5}
    assert client.get("/_sim/documents?type=purchaseOrder").json()[0]["tranId"] == "PO1"


def test_every_action_is_a_method(sim: NetSuiteSim) -> None:
    assert [name for name in ACTIONS if not callable(getattr(sim, name, None))] == []


def test_refusals_and_nonsense_are_told_apart(client: TestClient) -> None:
    refused = client.post(
        "/_sim/actions/create", json={"record_type": "inventoryAdjustment", "body": {}}
    )
    unknown = client.post("/_sim/actions/format_disk", json={})
    wrong = client.post("/_sim/actions/close_period", json={"month": "October"})
    missing = client.post("/_sim/actions/close_period", json={})

    assert (refused.status_code, "refused" in refused.json()) == (409, True)
    assert [answer.status_code for answer in (unknown, wrong, missing)] == [400, 400, 400]
    assert "2026-10" in wrong.json()["error"]


def test_faults_are_set_listed_and_cleared(client: TestClient) -> None:
    number = client.post(
        "/_sim/faults", json={"kind": "unavailable", "times": 1, "path": "purchaseOrder"}
    ).json()["number"]
    struck = client.get("/services/rest/record/v1/purchaseOrder")
    listed = client.get("/_sim/faults").json()
    removed = client.delete(f"/_sim/faults/{number}").json()
    client.post("/_sim/faults", json={"kind": "unavailable"})
    client.delete("/_sim/faults")

    assert struck.status_code == 503
    assert (listed[0]["struck"], removed) == (1, {"removed": True})
    assert client.get("/_sim/faults").json() == []
    assert client.post("/_sim/faults", json={"kind": "nonsense"}).status_code == 400


def test_the_clock_moves(client: TestClient) -> None:
    client.post("/_sim/clock", json={"advance_seconds": 3600})
    client.post("/_sim/clock", json={"advance_to": "2026-11-21T00:00:00+00:00"})

    assert client.get("/_sim/clock").json() == {"now": "2026-11-21T00:00:00Z", "speed": 0.0}


def test_limits_and_preferences_change(client: TestClient, sim: NetSuiteSim) -> None:
    client.patch("/_sim/limits", json={"concurrency": 2})
    client.patch("/_sim/preferences", json={"over_receipts": True})

    assert (sim.limits.concurrency, sim.preferences.over_receipts) == (2, True)
    assert client.patch("/_sim/limits", json={"peak": 2}).status_code == 400
    assert client.patch("/_sim/preferences", json={"nonsense": 2}).status_code == 400


def test_calls_and_tokens_are_shown_without_secrets(client: TestClient, sim: NetSuiteSim) -> None:
    client.get("/services/rest/record/v1/purchaseOrder")
    calls = client.get("/_sim/calls").json()
    tokens = client.get("/_sim/tokens").text

    assert [call["path"] for call in calls] == ["/services/rest/record/v1/purchaseOrder"]
    assert client.get("/_sim/calls?since=1").json() == []
    assert next(iter(sim.sign_in.tokens)) not in tokens


@pytest.fixture
def person(sim: NetSuiteSim) -> TestClient:
    return TestClient(sim.app, base_url="http://netsuite.test")


def test_the_page_shows_the_books(
    person: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    sim.transform("purchaseOrder", purchase_order, "itemReceipt")
    sim.add_item("<script>", internal_id=99)
    sim.add_to_stock("<script>", 6, 1)
    page = person.get("/_sim/")

    assert page.status_code == 200
    for text in ("TSTDRV1234567_SB1", "SKU-20", "PO45723", "itemReceipt", "Nov 2026"):
        assert text in page.text
    assert "<script>" not in page.text


def test_a_person_closes_a_period_changes_a_line_and_deletes_a_receipt(
    person: TestClient, sim: NetSuiteSim, purchase_order: int
) -> None:
    receipt = sim.transform(
        "purchaseOrder",
        purchase_order,
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "quantity": 5}]}},
    )

    def press(name: str, **form: object) -> str:
        answer = person.post(f"/_sim/page/{name}", data=form)
        assert answer.status_code == 200
        return answer.text

    line = {"type": "purchaseOrder", "id": purchase_order, "line": 1, "quantity": 50}
    changed = press("edit-line", **line)
    closed = press("close-period", month="2026-11")
    refused = press("delete", type="itemReceipt", id=receipt)
    press("reopen-period", month="2026-11")
    deleted = press("delete", type="itemReceipt", id=receipt)

    assert f"Line 1 of purchaseOrder {purchase_order} is changed." in changed
    assert "Period 2026-11 is closed." in closed
    assert "Refused: " in refused
    assert f"itemReceipt {receipt} is deleted." in deleted
    assert sim.stock() == {}


def test_a_person_uploads_a_certificate(person: TestClient, sim: NetSuiteSim) -> None:
    _, certificate = new_certificate("ours")
    form = {"client": "ours", "certificate": certificate}

    said = person.post("/_sim/page/upload-certificate", data=form).text
    wrong = person.post("/_sim/page/upload-certificate", data={**form, "certificate": "no"}).text

    [uploaded] = [one for one in sim.sign_in.certificates.values() if one.client_id == "ours"]
    assert f"Certificate id: {uploaded.id}" in said
    assert "Not done: " in wrong


def test_forms_from_elsewhere_are_refused(person: TestClient) -> None:
    answer = person.post(
        "/_sim/page/close-period",
        data={"month": "2026-11"},
        headers={"Origin": "http://evil.test"},
    )

    assert answer.status_code == 400


def test_errors_are_sentences_and_name_what_there_is(client: TestClient) -> None:
    asked = [
        client.post("/_sim/actions/add_to_stock", json={}),
        client.post("/_sim/actions/close_period", json={"item": "TEE"}),
        client.post(
            "/_sim/actions/add_to_stock", json={"sku": "NOPE", "location": 6, "quantity": 1}
        ),
        client.get("/_sim/nothing"),
    ]

    assert [answer.status_code for answer in asked] == [400, 400, 400, 404]
    assert [answer.json()["error"] for answer in asked] == [
        "sku, location, quantity are missing.",
        "Unknown: item. Known: month.",
        "There is no item 'NOPE'.",
        "There is nothing here. /_sim/ is the page, /_sim/actions a list.",
    ]


def test_the_actions_are_listed_with_what_they_take(client: TestClient) -> None:
    told = client.get("/_sim/actions").json()

    assert told["add_to_stock"]["takes"].startswith("(sku: str | int, location: int")
    assert all(one["does"] for one in told.values())
