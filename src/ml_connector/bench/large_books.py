"""Both simulators with large books, as a process: many open orders, one WRO of many SKUs.

Arguments: how many orders, how many SKUs. Writes one ``LargeBooks``; then, for each line it
reads, the seconds that NetSuite has spent on calls since the last; ends with its input.
"""

import sys
from typing import Final

import msgspec

from ml_connector.sim.clock import Clock
from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.world import ACCOUNT_ID, World, world

LINES: Final = 5
_IN_FLIGHT: Final = 64
_TABLES: Final = (
    '[locations]\n"228" = "6"\n[accounts]\ninventory_adjustment = "54"\n'
    "[limits]\nnetsuite_concurrency = 20\nshipbob_per_minute = 100000\n"
)


class LargeBooks(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach both simulators.

    Attributes:
        connection: a connection file.
        wro_id: of the WRO with many SKUs, stowed and completed, with its order's number.
    """

    connection: str
    wro_id: int


def main() -> None:
    """Fill both books, serve them, and tell the time spent."""
    orders, skus = int(sys.argv[1]), int(sys.argv[2])
    clock = Clock()
    netsuite = NetSuiteSim(clock=clock, account_id=ACCOUNT_ID, seed=1, concurrency=_IN_FLIGHT)
    with world(netsuite=netsuite, shipbob=ShipBobSim(clock=clock, per_minute=0)) as both:
        wro_id = _fill(both, orders, skus)
        text = both.connection_file(None, head="start_date = 2020-01-01") + _TABLES
        _write(LargeBooks(connection=text, wro_id=wro_id))
        told = 0.0
        for _ in sys.stdin:
            spent = sum(float(call["seconds"]) for call in netsuite.calls)
            _write(spent - told)
            told = spent


def _fill(both: World, orders: int, skus: int) -> int:
    netsuite, shipbob = both.netsuite, both.shipbob
    netsuite.add_location("ShipBob", internal_id=6)
    netsuite.add_vendor("Norfolk Mills", internal_id=301)
    netsuite.add_account("Inventory adjustment", internal_id=54, account_type="COGS")
    shipbob.add_fulfillment_center(228, "Moreno Valley")
    names = [f"SKU-{number:05}" for number in range(1, skus + 1)]
    for name in names:
        netsuite.add_item(name, cost=1)
        shipbob.add_product(name)
    netsuite.add_purchase_order(
        "PO-LARGE", vendor=301, location=6, lines=[_line(name, 2) for name in names]
    )
    wro = shipbob.create_wro(dict.fromkeys(names, 2), purchase_order_number="PO-LARGE")
    shipbob.complete(shipbob.stow(shipbob.arrive(wro)))
    _copy(
        netsuite,
        netsuite.add_purchase_order(
            "PO-COPY", vendor=301, location=6, lines=[_line(name, 3) for name in names[:LINES]]
        ),
        orders,
    )
    return wro.id


def _line(sku: str, quantity: int) -> dict[str, object]:
    return {"item": sku, "quantity": quantity, "rate": "1", "location": 6}


def _copy(netsuite: NetSuiteSim, order_id: int, times: int) -> None:
    """Copy an order in the database; entering each would take longer than the measure."""
    books = netsuite.books
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})"  # noqa: S608 - a number of ours
    for table, key, changed in (
        ("transaction", "id", {"tranid": "'PO-' || n.i"}),
        ("transactionline", "transaction", {"uniquekey": "o.uniquekey + 1000000 * n.i"}),
    ):
        row = books.row(f'SELECT * FROM "{table}" WHERE "{key}" = ?', (order_id,))  # noqa: S608 - names of ours
        columns = [f'"{name}"' for name in row or ()]
        values = [
            f"{order_id} + n.i" if name == key else changed.get(name, f'o."{name}"')
            for name in row or ()
        ]
        books.execute(  # with names and numbers of our own only
            f'INSERT INTO "{table}" ({", ".join(columns)}) {numbers}'  # noqa: S608 - names of ours
            f' SELECT {", ".join(values)} FROM n, "{table}" AS o WHERE o."{key}" = {order_id}'
        )


def _write(answer: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
