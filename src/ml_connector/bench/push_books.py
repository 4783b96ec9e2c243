"""Both simulators with new purchase orders, as a process; ShipBob keeps its real limit.

Arguments: how many orders, the port at which the service takes webhooks, and how many seconds of
ShipBob's time pass in one second. Writes a connection file, as JSON text; then for each line it
reads: after ``dock`` the id of a WRO that has just arrived and been stowed, after any other one
``Counted``. It ends with its input.
"""

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import msgspec

from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.shipbob.http.gate import CallRecord
from ml_connector.sim.stories.wro import TOPICS
from ml_connector.sim.world import World, world

CONNECTION: Final = "acme"
OURS_PER_MINUTE: Final = 120
"""Calls of ShipBob's minute that the connection uses: what it does unless told otherwise."""

_THEIRS_PER_MINUTE: Final = 150
_BEFORE: Final = timedelta(hours=6)
_SKUS: Final = 40
_LOOSE: Final = "LOOSE"
_RECEIVING: Final = "/receiving"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What both systems have seen.

    Attributes:
        announced: orders with just one WRO.
        several: numbers of orders with more than one.
        push_calls: calls to ShipBob to find products, look numbers up and make WROs.
        other_calls: all others to ShipBob: of webhooks, sweeps and chores.
        refused: calls that ShipBob refused for its limit.
        netsuite_calls: all calls to NetSuite.
    """

    announced: int
    several: tuple[str, ...]
    push_calls: int
    other_calls: int
    refused: int
    netsuite_calls: int


def main() -> None:
    """Fill both books, serve them, and do and tell what is asked."""
    orders, port, speed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    # Its time begins behind ours, so that nothing is dated in the future when it runs fast.
    clock = Clock(start=datetime.now(UTC) - _BEFORE, speed=speed)
    with world(shipbob=ShipBobSim(clock=clock, per_minute=_THEIRS_PER_MINUTE)) as both:
        _fill(both, orders)
        _, secret = both.shipbob.subscribe(
            f"http://127.0.0.1:{port}/webhooks/shipbob/{CONNECTION}", set(TOPICS)
        )
        _write(
            both.connection_file(
                secret,
                subsidiary=1,
                head=f"start_date = {(clock.now() - timedelta(days=3)).date().isoformat()}",
                locations='"228" = "6"',
                accounts='inventory_adjustment = "54"',
                schedule='purchase_orders = "1h"',
                limits=f"shipbob_per_minute = {round(OURS_PER_MINUTE * speed)}",
            )
        )
        for line in sys.stdin:
            _write(_dock(both) if line.strip() == "dock" else _counted(both))


def _fill(both: World, orders: int) -> None:
    netsuite, shipbob = both.netsuite, both.shipbob
    netsuite.add_subsidiary("Bench", internal_id=1)
    netsuite.add_location("ShipBob", internal_id=6, subsidiary=1)
    netsuite.add_vendor("Norfolk Mills", internal_id=301, subsidiary=1)
    netsuite.add_account("Inventory adjustment", internal_id=54, account_type="COGS")
    shipbob.add_fulfillment_center(228, "Moreno Valley")
    skus = [f"SKU-{number:02}" for number in range(_SKUS)]
    for sku in (*skus, _LOOSE):
        netsuite.add_item(sku, cost="4.20")
        shipbob.add_product(sku)
    for number in range(orders):
        line = {"item": skus[number % _SKUS], "quantity": 10 + number % 7, "rate": "4.20"}
        netsuite.add_purchase_order(f"PO{number}", vendor=301, location=6, lines=[line])


def _dock(both: World) -> int:
    shipbob = both.shipbob
    wro = shipbob.arrive(shipbob.create_wro({_LOOSE: 1}))
    return shipbob.complete(shipbob.stow(wro)).id


def _counted(both: World) -> Counted:
    books = both.shipbob.books
    with books.lock:
        calls = list(both.shipbob.calls)
        numbers = Counter(
            wro.purchase_order_number
            for wro in books.receiving.wros.values()
            if wro.purchase_order_number
        )
    push = sum(map(_is_of_push, calls))
    return Counted(
        announced=sum(1 for times in numbers.values() if times == 1),
        several=tuple(sorted(number for number, times in numbers.items() if times > 1)),
        push_calls=push,
        other_calls=len(calls) - push,
        refused=sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls),
        netsuite_calls=len(both.netsuite.calls),
    )


def _is_of_push(call: CallRecord) -> bool:
    if call.path.endswith(_RECEIVING):
        return call.method == "POST" or "PurchaseOrderNumbers" in call.query
    return call.path.endswith("/product")


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
