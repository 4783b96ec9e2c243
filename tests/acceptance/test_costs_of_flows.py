"""What each flow costs in calls, alone and in crowds, as docs/explanation/limits.md says.

Counted, never timed. A crowd is found by one sweep. How many share a read depends on how quickly
others are answered, so a bound leaves room for that; the documents themselves share none.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail
from acceptance.returning import QUARANTINE, Desk
from acceptance.test_costs import UNLIMITED, counting
from ml_connector.sim.shipbob.people.dock import Item

__all__ = ["counting"]

Prepare = Callable[[Merchant, int], object]


class Cost(NamedTuple):
    """Calls to ShipBob and to NetSuite."""

    shipbob: float
    netsuite: float


def loose_wros(acme: Merchant, count: int) -> None:
    skus = [acme.sku() for _ in range(min(count, 20))]
    for number in range(count):
        acme.deliver({skus[number % len(skus)]: 5})


def ordered_wros(acme: Merchant, count: int) -> None:
    skus = [acme.sku() for _ in range(min(count, 20))]
    for number in range(count):
        sku = skus[number % len(skus)]
        acme.deliver({sku: 5}, number=acme.order({sku: 5}))


def parcels(acme: Merchant, count: int) -> None:
    retail = Retail(acme)
    skus = [retail.sku(1_000) for _ in range(min(count, 20))]
    for number in range(count):
        [shipment] = retail.sell({skus[number % len(skus)]: 1}).shipments
        acme.world.shipbob.ship(shipment)


def returned(acme: Merchant, count: int) -> None:
    """Returns with the number of an authorization that a person entered."""
    for desk, units, _ in sold(acme, count):
        desk.complete(desk.announce(units, desk.authorize(units)))


def returned_by_shipment(acme: Merchant, count: int) -> None:
    """The same, of which ShipBob also knows the shipment: the authorization has to fit it."""
    for desk, units, shipment in sold(acme, count):
        desk.complete(desk.announce(units, desk.authorize(units), shipment=shipment))


def returned_to_order(acme: Merchant, count: int) -> None:
    """Returns that nobody authorised: that is done from the sales order."""
    for desk, units, shipment in sold(acme, count):
        desk.complete(desk.announce(units, shipment=shipment))


def sold(acme: Merchant, count: int) -> Iterator[tuple[Desk, dict[Item, int], int]]:
    """Yield the desk, and units with the shipment in which they were sold."""
    netsuite, desk = acme.world.netsuite, Desk(acme)
    netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
    netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
    acme.apply(limits=UNLIMITED, policies=f'quarantine_location = "{QUARANTINE}"')
    skus = [acme.sku() for _ in range(min(count, 20))]
    for number in range(count):
        units: dict[Item, int] = {skus[number % len(skus)]: 1}
        _, _, shipment = desk.sell(units)
        yield desk, units, shipment


def invoices(acme: Merchant, count: int) -> None:
    for _ in range(count):
        acme.world.shipbob.charge("Per Pick Fee", Decimal("6.13"))
        acme.world.shipbob.invoice()


def stock(acme: Merchant, count: int) -> None:
    retail = Retail(acme)
    for _ in range(count):
        retail.sku(10)


def spent(acme: Merchant, flow: str) -> tuple[int, Cost]:
    """Sync a flow; return how many subjects are done, and what that took."""
    shipbob, netsuite = acme.world.shipbob, acme.world.netsuite
    before = len(shipbob.calls), len(netsuite.calls)
    found = sync(acme, flow)
    cost = Cost(len(shipbob.calls) - before[0], len(netsuite.calls) - before[1])

    assert {one["state"] for one in found} <= {"done"}
    return len(found), cost


class Case(NamedTuple):
    """A flow, its crowd, and what it costs at most.

    Attributes:
        alone: of one subject, with its sweep and what a process asks once.
        each: of each subject of a crowd, beside that.
        nothing_new: of a sweep that finds nothing new, for each hundred subjects begun.
    """

    flow: str
    prepare: Prepare
    alone: Cost
    each: Cost
    nothing_new: Cost


CASES: Mapping[str, Case] = {
    "loose WROs": Case("receiving", loose_wros, Cost(4, 5), Cost(0.4, 1.6), Cost(1, 0)),
    "ordered WROs": Case("receiving", ordered_wros, Cost(4, 7), Cost(0.4, 2.9), Cost(1, 0)),
    "parcels": Case("tracking", parcels, Cost(6, 6), Cost(0.6, 2.6), Cost(3, 0)),
    "returns": Case("returns", returned, Cost(2, 9), Cost(1, 5), Cost(2, 0)),
    "returns of a shipment": Case(
        "returns", returned_by_shipment, Cost(2, 10), Cost(1, 5), Cost(2, 0)
    ),
    "returns to an order": Case(
        "returns", returned_to_order, Cost(5, 16), Cost(3.3, 11), Cost(2, 0)
    ),
    "invoices": Case("billing", invoices, Cost(4, 5), Cost(1.7, 3.5), Cost(2, 0)),
    "stock": Case("inventory", stock, Cost(1, 5), Cost(0.01, 0.01), Cost(1, 4)),
}


@pytest.mark.parametrize(
    ("case", "size"),
    [*((case, size) for case in CASES for size in (1, 10, 100)), ("stock", 1_000)],
)
def test_a_crowd_costs_no_more_than_it_is_said(counting: Merchant, case: str, size: int) -> None:
    flow, prepare, alone, each, nothing_new = CASES[case]
    prepare(counting, size)
    done, first = spent(counting, flow)
    _, again = spent(counting, flow)
    hundreds = math.ceil(size / 100)

    assert done == (size if flow != "inventory" else 2)  # of stock, its locations are compared
    assert first.shipbob <= alone.shipbob + each.shipbob * (size - 1)
    assert first.netsuite <= alone.netsuite + each.netsuite * (size - 1)
    assert again.shipbob <= nothing_new.shipbob * hundreds
    assert again.netsuite <= nothing_new.netsuite * hundreds


def test_a_look_through_awaited_wros_takes_a_call_for_fifty(counting: Merchant) -> None:
    sku = counting.sku()
    for _ in range(120):
        counting.world.shipbob.create_wro({sku: 1})
    found, cost = spent(counting, "receiving")

    assert found == 0
    assert cost == Cost(math.ceil(120 / 50), 0)
