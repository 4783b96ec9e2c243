"""A program sets a connection up: what the console does, by calls."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from ml_connector.sim.world import CLIENT_ID
from waiting import wait_until

WITH_CONSOLE = True


@pytest.fixture(scope="module")
def api(installed: Merchant, service: Process) -> Iterator[httpx2.Client]:
    assert service.process.poll() is None
    made = installed.command("token", "add", "builder", "--scope", "admin", "--json").json
    with httpx2.Client(
        base_url=f"{installed.url}/api/v1",
        trust_env=False,
        timeout=60,
        headers={"authorization": f"Bearer {made['token']}"},
    ) as client:
        yield client


def answer(api: httpx2.Client, asked: httpx2.Response) -> Any:
    """Return what came of an errand."""
    assert asked.status_code == 202, asked.text
    path = f"/errands/{asked.json()['errand']}"
    wait_until(lambda: api.get(path).json()["state"] in {"done", "failed"})
    return api.get(path).json()


def tell(api: httpx2.Client, section: str, **values: Any) -> httpx2.Response:
    return api.patch("/drafts/second", json={"section": section, "values": values})


def test_a_connection_is_set_up_by_calls(acme: Merchant, api: httpx2.Client) -> None:
    world = acme.world
    acme.command("connection", "pause", "acme")
    begun = {"name": "second", "account_id": world.netsuite.account_id}
    assert api.post("/drafts", json=begun).status_code == 201
    assert api.post("/drafts", json=begun).json()["detail"] == '"second" is being set up already'
    lacking = answer(api, api.post("/drafts/second/apply"))
    assert lacking["failure"]["what"].startswith("Something is missing: NetSuite's client id")

    certificate = api.post("/drafts/second/certificate").json()["certificate"]
    uploaded = world.netsuite.register_certificate(CLIENT_ID, certificate)
    address = world.netsuite_server.url
    tell(
        api,
        "netsuite",
        client_id=CLIENT_ID,
        certificate_id=uploaded,
        base_url=address,
        restlets_url=address,
        subsidiary="1",
    )
    tell(api, "shipbob", api_url=world.api_server.url, auth_url=world.auth_server.url)
    sealed = api.put("/drafts/second/secrets/shipbob.token", json={"secret": world.token})
    assert sealed.status_code == 204
    seen = answer(api, api.post("/drafts/second/look"))["answer"]
    assert {one["result"] for one in seen["checks"]} == {"ok"}
    assert [one["id"] for one in seen["vendors"]] == ["302"]
    assert seen["products"]["skus"] == seen["products"]["matched"] + len(
        seen["products"]["to_settle"]
    )
    assert {one["way"] for one in seen["orders"]["ways"]} >= {"tranid", "shopify"}

    assert tell(api, "schedule", timezone="Nowhere/Here").status_code == 400
    tell(api, "schedule", timezone="America/Chicago")
    tell(api, "", start_date="2026-11-01")
    tell(api, "locations", **{"228": "6", "10": "999"})
    tell(api, "accounts", inventory_adjustment="54")
    refused = answer(api, api.post("/drafts/second/apply"))["answer"]
    assert refused["saved"] is False
    tell(api, "locations", **{"10": "7"})
    acme.deliver({acme.sku(): 5})
    tried = answer(api, api.post("/drafts/second/try"))["answer"]
    assert tried["calls"] <= 60
    assert {one["policy"] for one in tried["policies"] if one["facts"]} == {"unmatched_wro"}
    assert 'token = "env:SHIPBOB_TOKEN"' in api.get("/drafts/second/file").json()["toml"]
    assert answer(api, api.post("/drafts/second/apply"))["answer"]["saved"] is True

    assert api.get("/drafts/second").status_code == 404
    assert api.get("/connections/second").json()["mode"] == "dry-run"
    wait_until(lambda: api.get("/connections/second/plan").json()["planned"])
    planned = answer(api, api.post("/connections/second/plan"))["answer"]
    [same] = acme.command("plan", "receiving", "--connection", "second", "--json").json["plans"]
    assert [one["external_id"] for one in planned["documents"]] == [
        one["external_id"] for one in same["documents"]
    ]
    assert planned["kinds"][0] == {
        "kind": "inventoryAdjustment",
        "documents": 1,
        "units": 5,
        "amounts": {},
    }
    assert "[locations]" in api.get("/connections/second/file").json()["toml"]
    live = api.put("/connections/second/mode", json={"mode": "live"})
    assert (live.status_code, live.json()["changed"]) == (200, True)
    wait_until(lambda: acme.rows("select * from posting where state = 'done'"))
    assert api.post("/connections/second/sync").status_code == 204
    shown = acme.rows("select * from act where details ->> 'draft' = 'second'")
    assert {one["what"] for one in shown} == {"draft.begin", "draft.answer", "draft.discard"}
    assert world.token not in str(shown)
    acme.command("connection", "remove", "second", "--yes")


def test_nothing_is_kept_of_what_is_discarded(acme: Merchant, api: httpx2.Client) -> None:
    api.post("/drafts", json={"name": "third", "account_id": "1234567"})
    api.put("/drafts/third/secrets/shipbob.token", json={"secret": "a-token-of-the-third"})

    assert api.delete("/drafts/third").status_code == 204

    assert acme.rows("select * from draft_secret where connection = 'third'") == []
    assert api.get("/drafts").json() == {"drafts": []}


@pytest.mark.parametrize("name", ["Acme", "", "a b", "x" * 41, "acme"])
def test_a_name_that_cant_be_used_is_said(api: httpx2.Client, name: str) -> None:
    refused = api.post("/drafts", json={"name": name, "account_id": "1234567"})

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
