"""Both simulators with very many WROs that ShipBob awaits, as a process, under its real limit.

Arguments: how many WROs, and how many of them have arrived. Writes a connection file, as JSON
text; then for each line it reads how many calls ShipBob has had and how many of them it refused;
ends with its input.
"""

import sys
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import msgspec

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.world import World, world

_THEIRS_PER_MINUTE: Final = 150
_BEFORE: Final = timedelta(days=2)


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """What ShipBob has seen."""

    all: int
    refused: int


def main() -> None:
    """Fill ShipBob's books, serve both, and tell the calls."""
    wros, arrived = int(sys.argv[1]), int(sys.argv[2])
    # They were made before today: what was made today is no part of a day's round.
    clock = Clock(start=datetime.now(UTC) - _BEFORE)
    with world(shipbob=ShipBobSim(clock=clock, per_minute=_THEIRS_PER_MINUTE)) as both:
        _fill(both, wros, arrived)
        clock.advance(_BEFORE)
        _write(both.connection_file(None, head="start_date = 2020-01-01"))
        for _ in sys.stdin:
            calls = list(both.shipbob.calls)
            refused = sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls)
            _write(Calls(all=len(calls), refused=refused))


def _fill(both: World, wros: int, arrived: int) -> None:
    shipbob = both.shipbob
    both.netsuite.add_location("ShipBob", internal_id=6)
    shipbob.add_fulfillment_center(228, "Moreno Valley")
    shipbob.add_product("TEE")
    for number in range(wros):
        wro = shipbob.create_wro({"TEE": 1}, purchase_order_number=f"PO{number}")
        if number < arrived:
            shipbob.arrive(wro)


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
