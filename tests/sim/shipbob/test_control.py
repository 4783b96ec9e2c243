import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from waiting import HANGS_AFTER_SECONDS


def test_another_process_can_drive_the_whole_life_of_a_wro(api: httpx2.Client) -> None:
    api.post("/_sim/add_product", json={"sku": "TEE-S", "lot": False})
    made = api.post(
        "/_sim/create_wro",
        json={"quantities": {"TEE-S": 5}, "purchase_order_number": "PO1"},
    ).json()["result"]
    api.post("/_sim/arrive", json={"wro": made["id"]})
    api.post("/_sim/stow", json={"wro": made["id"], "quantities": {"TEE-S": 4}})
    api.post("/_sim/complete", json={"wro": made["id"]})

    wro = api.get("/_sim/wros").json()[0]
    stock = api.get("/_sim/stock").json()

    assert (wro["status"], wro["boxes"][0]["box_items"][0]["stowed_quantity"]) == ("Completed", 4)
    assert [(row["sku"], row["on_hand"]) for row in stock] == [("TEE-S", 4)]


def test_orders_returns_and_bills_can_be_driven_too(api: httpx2.Client, sim: ShipBobSim) -> None:
    sim.add_product("TEE-S")
    api.post("/_sim/adjust", json={"item": "TEE-S", "quantity": 5})
    order = api.post(
        "/_sim/create_order", json={"reference_id": "SO-1", "items": {"TEE-S": 2}}
    ).json()["result"]
    shipment = order["shipments"][0]["id"]
    for action in ("label", "ship", "deliver"):
        assert api.post(f"/_sim/{action}", json={"shipment": shipment}).status_code == 200
    back = api.post("/_sim/return_shipment", json={"shipment": shipment}).json()["result"]
    api.post(
        "/_sim/complete_return",
        json={"found": back["id"], "done": {"TEE-S": {"Restock": 1, "Dispose": 1}}},
    )
    api.post("/_sim/charge", json={"fee": "Shipping", "amount": "6.10"})
    invoices = api.post("/_sim/invoice").json()["result"]

    assert sim.stock() == {("TEE-S", 10): 4}
    assert sim.books.billing.invoices[invoices[0]["id"]].amount == Decimal("6.10")
    assert [len(api.get(f"/_sim/{name}").json()) for name in ("orders", "returns", "charges")] == [
        1,
        1,
        1,
    ]


def test_the_clock_can_be_advanced_and_sped_up(api: httpx2.Client, clock: Clock) -> None:
    before = clock.now()

    answer = api.post("/_sim/clock", json={"advance_seconds": 90}).json()

    assert clock.now() == before + timedelta(seconds=90)
    assert answer == api.get("/_sim/clock").json()


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/_sim/fly", {}, "There is no action fly"),
        ("/_sim/stow", {}, "wro is missing"),
        ("/_sim/stow", {"wro": 5}, "There is no WRO 5"),
        ("/_sim/stow", {"wro": "x"}, "wro: "),
        ("/_sim/stow", {"wro": 5, "speed": 3}, "Unknown: speed. Known: box"),
        ("/_sim/tune_webhooks", {"variant": "xml"}, "no variant"),
        ("/_sim/clock", {"advance_seconds": -1}, "only goes forward"),
    ],
)
def test_what_cannot_be_done_says_why(
    api: httpx2.Client, path: str, body: dict[str, object], text: str
) -> None:
    answer = api.post(path, json=body)

    assert answer.status_code in {400, 404}
    assert text in answer.json()["error"]


def test_every_action_says_what_it_does(api: httpx2.Client) -> None:
    actions = api.get("/_sim/actions").json()

    assert {"create_wro", "stow", "create_order", "invoice", "subscribe"} <= set(actions)
    assert all(each["does"] for each in actions.values())


def test_calls_of_the_control_surface_are_not_counted(sim: ShipBobSim, api: httpx2.Client) -> None:
    api.get("/_sim/stock")
    api.get("/2026-07/channel")

    assert [call["path"] for call in api.get("/_sim/calls").json()] == ["/2026-07/channel"]
    assert api.get("/_sim/limit").json()["in_use"] == {}
    assert api.get("/_sim/nothing").status_code == 404
    assert len(sim.calls) == 1


def test_a_browser_on_another_site_cannot_press_the_buttons(api: httpx2.Client) -> None:
    foreign = {"sec-fetch-site": "cross-site"}

    answers = [
        api.post(path, headers=foreign).status_code
        for path in ("/_sim/page/invoice", "/_sim/invoice")
    ]

    assert answers == [403, 403]


def press(api: httpx2.Client, text: str) -> str:
    """Press the first button with this text; the answer is what the page then says."""
    page = api.get("/_sim/").text
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page)
    action, inside = next(form for form in forms if f"<button>{text}</button>" in form[1])
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', inside)
    }
    answer = api.post(action, data=fields, follow_redirects=True)
    said = re.search(r'role="status">([^<]*)<', answer.text)
    return unescape(said.group(1)) if said else ""


def test_a_person_does_everything_from_the_page(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.add_product("TEE<S>")
    sim.create_wro(boxes=[{"TEE<S>": 5}, {"TEE<S>": 2}])
    sim.charge("Shipping", Decimal(1))

    assert press(api, "Stow the box") == "stow: done"
    assert press(api, "Complete") == "complete: done"
    sim.create_order("SO-1", {"TEE<S>": 2})
    assert press(api, "Ship") == "ship: done"
    assert press(api, "Deliver") == "deliver: done"
    assert press(api, "Return") == "return shipment: done"
    assert press(api, "Complete") == "complete return: done"
    assert press(api, "Invoice what is open") == "invoice: done"
    assert press(api, "Advance").startswith("It is ")
    assert sim.stock() == {("TEE<S>", 10): 5}
    page = api.get("/_sim/").text
    assert "TEE&lt;S&gt;" in page
    assert "TEE<S>" not in page


def test_a_webhook_is_sent_again_from_the_page(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.subscribe("http://127.0.0.1:9/hook", ["wro.created"])
    sim.create_wro({sim.add_product("TEE-S"): 1})
    assert sim.wait_for_webhooks(HANGS_AFTER_SECONDS)

    assert press(api, "Send again") == "redeliver: done"
    assert sim.wait_for_webhooks(HANGS_AFTER_SECONDS)
    assert [each.attempt for each in sim.deliveries] == [1, 2]


def test_a_button_that_comes_too_late_says_so(sim: ShipBobSim, api: httpx2.Client) -> None:
    wro = sim.create_wro({sim.add_product("TEE-S"): 1})
    sim.complete(wro)

    answer = api.post("/_sim/page/complete", data={"wro": wro.id})

    assert "Not+done" in answer.headers["location"]


def test_webhooks_can_be_held_back_and_waited_for_from_outside(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    api.post("/_sim/subscribe", json={"url": "http://127.0.0.1:9/h", "topics": ["wro.created"]})
    api.post("/_sim/hold_webhooks")
    sim.create_wro({sim.add_product("TEE-S"): 1})
    held = len(sim.deliveries)

    released = api.post("/_sim/release_webhooks", json={"order": "shuffled"}).json()
    quiet = api.post(
        "/_sim/wait_for_webhooks", json={"timeout_seconds": HANGS_AFTER_SECONDS}
    ).json()

    assert (held, released, quiet) == (0, {"result": 1}, {"result": True})
    assert len(api.get("/_sim/deliveries").json()) == 1


def test_what_varies_live_can_be_switched_from_outside(
    sim: ShipBobSim, api: httpx2.Client
) -> None:
    before = api.post("/_sim/switch").json()["result"]
    change = {
        "received_lags": True,
        "live_invoice_names": True,
        "lines_vanish_after_days": None,
        "listed_after_seconds": 2.5,
    }

    after = api.post("/_sim/switch", json={"settings": change}).json()["result"]

    assert after == {**before, **change}
    assert sim.apis.receiving.received_lags
    assert sim.books.billing.lines_vanish_after is None
    assert sim.apis.receiving.listed_after == timedelta(seconds=2.5)


@pytest.mark.parametrize("settings", [{"colour": "red"}, {"received_lags": "perhaps"}])
def test_a_switch_that_does_not_exist_says_so(
    api: httpx2.Client, settings: dict[str, object]
) -> None:
    answer = api.post("/_sim/switch", json={"settings": settings})

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_actions_and_faults_are_where_netsuites_are(api: httpx2.Client) -> None:
    made = api.post("/_sim/actions/add_product", json={"sku": "TEE-S"})
    unknown = api.post("/_sim/actions/fly", json={})
    number = api.post("/_sim/faults", json={"kind": "unavailable", "times": 1}).json()["number"]
    listed = api.get("/_sim/faults").json()
    removed = api.delete(f"/_sim/faults/{number}").json()
    api.post("/_sim/faults", json={"kind": "unavailable"})
    api.delete("/_sim/faults")

    assert made.status_code == 200
    assert unknown.json()["error"].startswith("There is no action fly. Known: add_application, ")
    assert len(listed) == 1
    assert removed == {"removed": True}
    assert api.get("/_sim/faults").json() == []
    assert api.post("/_sim/faults", json={"kind": "nonsense"}).status_code == 400
