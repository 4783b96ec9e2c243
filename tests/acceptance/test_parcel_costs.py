"""What a parcel costs in calls, by commands that each begin a process and by webhooks."""

from typing import NamedTuple

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail
from waiting import wait_until

ONCE = (1, 2)
"""Calls of a process to ShipBob and NetSuite: the channel; a token, and the posting periods."""

PARCELS = 3
"""Parcels of which the cheapest counts: what the service does by itself may fall into one."""

ASKED = 2
"""Whether ShipBob has a shipment that a person names: it and its order."""

PROOF = 1
"""Of an order's line numbers, before the first fulfilment from it."""


class Calls(NamedTuple):
    """How many calls each system has answered."""

    shipbob: int
    netsuite: int

    def since(self, before: "Calls") -> "Calls":
        return Calls(self.shipbob - before.shipbob, self.netsuite - before.netsuite)


def calls(acme: Merchant) -> Calls:
    return Calls(len(acme.world.shipbob.calls), len(acme.world.netsuite.calls))


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
    assert made[0] - ONCE[0] - ASKED <= 3
    assert made[1] - ONCE[1] - PROOF <= 3
    # The tracking numbers of what is fulfilled already.
    assert beside_it[0] - ONCE[0] - ASKED <= 3
    assert beside_it[1] - ONCE[1] <= 4
    # No mark; a change instead of the transform.
    assert updated[0] <= 2
    assert updated[1] - 1 <= 4


def test_a_parcel_that_webhooks_tell_of_costs_few_calls(acme: Merchant) -> None:
    retail, shipbob = Retail(acme), acme.world.shipbob
    sku = retail.sku()
    labels: list[Calls] = []
    updates: list[Calls] = []
    for _ in range(1 + PARCELS):
        order = retail.sell({sku: 2})
        [shipment] = order.shipments
        before = calls(acme)
        shipbob.label(shipment)
        retail.wait_for(shipment)
        shipbob.ship(shipment)
        between = calls(acme)
        shipbob.track(shipment)
        wait_until(lambda: "InTransit" in retail.fulfillments(order)[0]["memo"])  # noqa: B023 - at once
        retail.wait_for(shipment)
        labels.append(between.since(before))
        updates.append(calls(acme).since(between))

    # The first one of a service asks for what is kept then.
    assert min(one.shipbob for one in labels[1:]) <= 3
    assert min(one.netsuite for one in labels[1:]) <= 4 + PROOF
    assert min(one.shipbob for one in updates[1:]) <= 1
    assert min(one.netsuite for one in updates[1:]) <= 4
