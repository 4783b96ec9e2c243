"""Every fault, through the gates of both simulators: each plays what its meaning says."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

import httpx2
import pytest

from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import MEANINGS, NETSUITES_OWN, Fault, FaultKind
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.server import serve
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.words import System
from waiting import HANGS_AFTER_SECONDS

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADJUSTMENT = {
    "externalId": "mlc-ia-1",
    "account": 254,
    "subsidiary": 2,
    "inventory": {"items": [{"item": 20, "location": 6, "adjustQtyBy": 1}]},
}
WRO = {
    "fulfillment_center": {"id": 10},
    "package_type": "Package",
    "box_packaging_type": "EverythingInOneBox",
    "expected_arrival_date": "2026-12-10T14:15:22Z",
    "purchase_order_number": "PO4711",
    "boxes": [{"tracking_number": "1Z1", "box_items": [{"sku": "TEE-S", "quantity": 1}]}],
}


@dataclass(frozen=True)
class Played:
    """What a caller saw of one write, and what there is of it. Status 0: no whole answer."""

    status: int
    is_html: bool
    done: int


def write(client: httpx2.Client, path: str, body: object, done: Callable[[], int]) -> Played:
    try:
        answer = client.post(path, json=body)
    except httpx2.TransportError:
        return Played(status=0, is_html=False, done=done())
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    return Played(status=answer.status_code, is_html=is_html, done=done())


@contextmanager
def netsuite(fault: Fault) -> Iterator[Callable[[], Played]]:
    sim = NetSuiteSim(clock=Clock(NOON, speed=0))
    sim.add_subsidiary("Acme", internal_id=2)
    sim.add_location("Warehouse", internal_id=6, subsidiary=2)
    sim.add_account("Stock Adjustments", internal_id=254, number="5900")
    sim.add_item("TEE-S", internal_id=20, cost="2.00")
    sim.faults.add(fault)
    with serve(sim.app) as served, signed_in(served.url, sim.issue_token()) as client:
        yield lambda: write(
            client,
            "/services/rest/record/v1/inventoryAdjustment",
            ADJUSTMENT,
            lambda: int(sum(sim.stock().values())),
        )


@contextmanager
def shipbob(fault: Fault) -> Iterator[Callable[[], Played]]:
    with ShipBobSim(Clock(NOON, speed=0), per_minute=0, seed=7) as sim:
        sim.add_token("pat-for-tests")
        sim.add_fulfillment_center(10, "Moreno Valley (CA)")
        sim.add_product("TEE-S")
        sim.faults.add(fault)
        with serve(sim.api) as served, signed_in(served.url, "pat-for-tests") as client:
            yield lambda: write(
                client, "/2026-07/receiving", WRO, lambda: len(sim.books.receiving.wros)
            )


def signed_in(url: str, token: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=url,
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=HANGS_AFTER_SECONDS,
    )


GATES = {"netsuite": (netsuite, 204), "shipbob": (shipbob, 201)}


def meant(kind: FaultKind, system: System) -> Played:
    """What the meaning of a fault says that a caller sees of a write."""
    says = MEANINGS[kind]
    well = GATES[system][1]
    if kind in NETSUITES_OWN and system == "shipbob":
        return Played(status=well, is_html=False, done=1)
    if kind == "token_revoked":
        return Played(status=401, is_html=False, done=0)
    code = re.search(r"\b[45]\d\d\b", says)
    status = int(code[0]) if code else well
    if "without an answer" in says or "in the middle" in says:
        status = 0
    return Played(status=status, is_html="HTML" in says, done=int("the work is done" in says))


def test_every_fault_has_a_meaning() -> None:
    assert list(get_args(FaultKind)) == list(MEANINGS)


@pytest.mark.parametrize("kind", get_args(FaultKind))
@pytest.mark.parametrize("system", get_args(System))
def test_a_gate_plays_each_fault_as_its_meaning_says(system: System, kind: FaultKind) -> None:
    gate, _ = GATES[system]
    with gate(Fault(kind=kind, method="POST", times=1, seconds=0.01)) as call:
        played = call()

    assert played == meant(kind, system)
