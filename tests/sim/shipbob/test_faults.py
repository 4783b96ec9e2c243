from typing import Any

import httpx2
import pytest

from ml_connector.sim.faults import Fault, FaultFile, FaultKind
from ml_connector.sim.shipbob import ShipBobSim


@pytest.fixture
def new_wro(sim: ShipBobSim) -> dict[str, Any]:
    sim.add_product("TEE-S")
    return {
        "fulfillment_center": {"id": 10},
        "package_type": "Package",
        "box_packaging_type": "EverythingInOneBox",
        "expected_arrival_date": "2026-11-10T14:15:22Z",
        "purchase_order_number": "PO4711",
        "boxes": [{"tracking_number": "1Z1", "box_items": [{"sku": "TEE-S", "quantity": 5}]}],
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("error_before_commit", (500, 0)),
        ("error_after_commit", (500, 1)),
        ("hang_before_commit", (504, 0)),
        ("hang_after_commit", (201, 1)),
        ("rate_limited", (429, 0)),
        ("overload_login", (401, 0)),
        ("bad_gateway", (502, 0)),
        ("unavailable", (503, 0)),
        ("gateway_timeout", (504, 1)),
        ("latency", (201, 1)),
        ("token_revoked", (401, 0)),
    ],
)
def test_a_fault_answers_its_status_and_does_the_work_or_not(
    sim: ShipBobSim,
    api: httpx2.Client,
    new_wro: dict[str, Any],
    kind: FaultKind,
    expected: tuple[int, int],
) -> None:
    sim.add_fault(Fault(kind=kind, method="POST", path="/receiving", times=1, seconds=0.01))

    answer = api.post("/2026-07/receiving", json=new_wro)

    assert (answer.status_code, len(sim.books.receiving.wros)) == expected


@pytest.mark.parametrize(("kind", "made"), [("cut_before_commit", 0), ("cut_after_commit", 1)])
def test_a_cut_connection_gives_no_answer(
    sim: ShipBobSim, api: httpx2.Client, new_wro: dict[str, Any], kind: FaultKind, made: int
) -> None:
    sim.add_fault(Fault(kind=kind, method="POST", times=1))

    with pytest.raises(httpx2.TransportError):
        api.post("/2026-07/receiving", json=new_wro)

    assert len(sim.books.receiving.wros) == made
    assert api.post("/2026-07/receiving", json=new_wro).status_code == 201


def test_a_truncated_answer_ends_in_the_middle(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.add_fault(Fault(kind="truncated", path="/channel", times=1))

    with pytest.raises(httpx2.TransportError):
        api.get("/2026-07/channel")

    assert api.get("/2026-07/channel").status_code == 200


def test_a_fault_strikes_only_what_it_names(sim: ShipBobSim, api: httpx2.Client) -> None:
    other = Fault(kind="bad_gateway", system="netsuite")
    mine = Fault(kind="unavailable", path=r"/receiving\?.*Page=2")
    sim.faults.load(FaultFile(fault=(other, mine)))

    answers = [
        api.get(path).status_code
        for path in ("/2026-07/receiving", "/2026-07/receiving?Page=2", "/2026-07/channel")
    ]

    assert answers == [200, 503, 200]


def test_the_edge_answers_in_html(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.fault("bad_gateway", path="/channel")

    answer = api.get("/2026-07/channel")

    assert answer.headers["content-type"].startswith("text/html")


def test_the_log_says_whether_the_work_was_done(sim: ShipBobSim, api: httpx2.Client) -> None:
    sim.add_fault(Fault(kind="gateway_timeout", times=1))
    sim.add_fault(Fault(kind="bad_gateway", times=1))

    for _ in range(3):
        api.get("/2026-07/channel")

    assert [call.status for call in sim.calls] == [200, 0, 200]


def test_faults_can_be_set_and_taken_back_over_http(api: httpx2.Client) -> None:
    api.post("/_sim/add_fault", json={"fault": {"kind": "unavailable", "path": "/channel"}})
    broken = api.get("/2026-07/channel").status_code
    api.post("/_sim/clear_faults")

    assert (broken, api.get("/2026-07/channel").status_code) == (503, 200)
