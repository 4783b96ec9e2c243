"""What a parcel costs in calls, by commands that each begin a process: counted, never timed."""

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail

ONCE = (1, 2)
"""Calls of a process to ShipBob and NetSuite: the channel; a token, and the posting periods."""

PROOF = 1
"""Of an order's line numbers, before the first fulfilment from it."""


def cost(acme: Merchant, shipment_id: int) -> tuple[int, int]:
    """Sync one shipment; return how many calls it took to ShipBob and to NetSuite."""
    shipbob, netsuite = acme.world.shipbob, acme.world.netsuite
    before = len(shipbob.calls), len(netsuite.calls)
    found = sync(acme, "tracking", [str(shipment_id)])

    assert {one["state"] for one in found} <= {"done"}
    return len(shipbob.calls) - before[0], len(netsuite.calls) - before[1]


def test_whose_a_fulfilment_is_costs_no_call(unserved: Merchant) -> None:
    retail = Retail(unserved)
    order = retail.sell({retail.sku(): 2}, {retail.sku(): 1})
    first, second = order.shipments
    for shipment in (first, second):
        unserved.world.shipbob.ship(shipment)
    made = cost(unserved, first.id)
    beside_it = cost(unserved, second.id)
    unserved.world.shipbob.deliver(first)
    updated = cost(unserved, first.id)

    # The shipment, its order, the mark; the order, its fulfilments, the transform.
    assert made[0] - ONCE[0] <= 3
    assert made[1] - ONCE[1] - PROOF <= 3
    # The tracking numbers of what is fulfilled already.
    assert beside_it[0] - ONCE[0] <= 3
    assert beside_it[1] - ONCE[1] <= 4
    # No mark; a change instead of the transform.
    assert updated[0] <= 2
    assert updated[1] - 1 <= 4
