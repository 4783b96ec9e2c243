"""The simulators as a measured process, which tells the calls to make and its processor time.

It writes the calls, a list of ``Ask``, to standard output; then, for each line it reads, the
seconds of processor time it has used so far. It ends with its input. With ``month N`` as arguments
it plans and plays a month of N orders instead, and writes one ``Month``.
"""

import resource
import sys
from typing import Final

import msgspec

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.stories.retailer import RetailerStory
from ml_connector.sim.world import ACCOUNT_ID, CLIENT_ID, World, world

_IN_FLIGHT: Final = 64
_KIB_PER_MB: Final = 1024


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A simple call, as the bytes of a whole request."""

    name: str
    host: str
    port: int
    request: bytes


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a month: seconds of processor time, and the process's largest size in MB."""

    planned_seconds: float
    planned_megabytes: float
    played_seconds: float
    played_megabytes: float


def main() -> None:
    """Serve and tell the processor time, or play a month."""
    if sys.argv[1:2] == ["month"]:
        _write(_month(int(sys.argv[2])))
        return
    clock = Clock()
    netsuite = NetSuiteSim(clock=clock, account_id=ACCOUNT_ID, seed=1, concurrency=_IN_FLIGHT)
    with world(netsuite=netsuite, shipbob=ShipBobSim(clock=clock, per_minute=0)) as both:
        _write(_asks(both))
        for _ in sys.stdin:
            _write(_used())


def _asks(both: World) -> list[Ask]:
    both.netsuite.add_location("ShipBob", internal_id=6)
    item = both.netsuite.add_item("TEE-BLK-M")
    both.shipbob.add_fulfillment_center(228, "Moreno Valley")
    bearer = both.netsuite.issue_token(CLIENT_ID)
    netsuite, shipbob = both.netsuite_server, both.api_server
    query = msgspec.json.encode(
        {"q": "SELECT id, itemid FROM item WHERE itemid = ?", "params": ["TEE-BLK-M"]}
    )
    return [
        Ask(
            name="NetSuite, a record",
            host=netsuite.host,
            port=netsuite.port,
            request=_request(f"GET /services/rest/record/v1/inventoryItem/{item}", bearer),
        ),
        Ask(
            name="NetSuite, a small SuiteQL query",
            host=netsuite.host,
            port=netsuite.port,
            request=_request("POST /services/rest/query/v1/suiteql", bearer, query),
        ),
        Ask(
            name="ShipBob, fulfillment centers",
            host=shipbob.host,
            port=shipbob.port,
            request=_request("GET /2026-07/fulfillment-center", both.token),
        ),
    ]


def _request(line: str, bearer: str, body: bytes = b"") -> bytes:
    head = (
        f"{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {bearer}\r\n"
        "user-agent: ml-connector bench\r\ncontent-type: application/json\r\n"
        f"prefer: transient\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _month(shipments: int) -> Month:
    clock = Clock()
    netsuite = NetSuiteSim(clock=clock, account_id=ACCOUNT_ID, seed=1)
    with ShipBobSim(clock=clock, seed=1) as shipbob:
        began = _used()
        story = RetailerStory(netsuite, shipbob, shipments=shipments)
        planned, planned_size = _used(), _size()
        story.set_up()
        for step in story.steps():
            step.do()
        return Month(
            planned_seconds=planned - began,
            planned_megabytes=planned_size,
            played_seconds=_used() - began,
            played_megabytes=_size(),
        )


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _size() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
