"""What each thing costs in calls, as docs/explanation/limits.md says: counted, never timed."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.in_process import sync
from acceptance.merchant import Merchant, fresh_database, merchant
from acceptance.test_purchase_orders import order_id, wros_of

ONCE = 2
"""Calls of each process: the channel and the fulfillment centers."""

TOKEN = 1
"""A call to NetSuite of each process."""

SWEEP = 3
"""Calls to NetSuite of a sweep over few open orders: a token, and both types of order."""

CROWDS = 5
"""Crowds of which the cheapest counts: a busy machine may part one, whose parts share less."""

UNLIMITED = "netsuite_concurrency = 4\nshipbob_per_minute = 100000"


@pytest.fixture
def counting(tmp_path: Path, server_url: str, template: str) -> Iterator[Merchant]:
    """A merchant for whom only syncs do anything, and whose ShipBob allows any number of calls."""
    with fresh_database(server_url, template) as url, merchant(tmp_path, url) as made:
        made.world.shipbob.books.limit.per_minute = 0
        made.apply(limits=UNLIMITED)
        yield made


def orders(acme: Merchant, count: int) -> list[str]:
    skus = [acme.sku() for _ in range(min(count, 20))]
    return [acme.order({skus[one % len(skus)]: 10 + one}) for one in range(count)]


def cost(acme: Merchant, *ids: str) -> tuple[int, int]:
    """Sync purchase orders; return how many calls it took to ShipBob and to NetSuite."""
    shipbob, netsuite = acme.world.shipbob, acme.world.netsuite
    before = len(shipbob.calls), len(netsuite.calls)
    found = sync(acme, "purchase-orders", ids)

    assert {one["state"] for one in found} <= {"done"}
    return len(shipbob.calls) - before[0], len(netsuite.calls) - before[1]


def test_a_new_order_alone_takes_three_calls_to_shipbob(counting: Merchant) -> None:
    [number] = orders(counting, 1)
    shipbob, _ = cost(counting, order_id(counting, number))

    assert shipbob - ONCE <= 3
    assert len(wros_of(counting, number)) == 1


@pytest.mark.parametrize("crowd", [10, 100])
def test_new_orders_in_a_crowd_share_what_they_read(counting: Merchant, crowd: int) -> None:
    numbers = orders(counting, crowd)
    shipbob, netsuite = cost(counting)
    made = Counter(len(wros_of(counting, number)) for number in numbers)

    assert shipbob - ONCE <= 1.3 * crowd + 1
    assert netsuite - SWEEP <= 2 * crowd
    assert made == {1: crowd}


@pytest.mark.parametrize("crowd", [10, 100])
def test_a_push_with_nothing_new_looks_at_fifty_wros_a_call(
    counting: Merchant, crowd: int
) -> None:
    orders(counting, crowd)
    cost(counting)
    before = len(counting.world.shipbob.calls)
    _, netsuite = cost(counting)
    asked = Counter(call.path.rpartition("/")[2] for call in counting.world.shipbob.calls[before:])

    assert asked["receiving"] <= math.ceil(crowd / 50)
    assert asked.total() - asked["receiving"] <= ONCE
    assert netsuite <= SWEEP + math.ceil(crowd / 200) + math.ceil(crowd / 100)


@pytest.mark.parametrize(("crowd", "each"), [(1, 4), (10, 2.4)])
def test_later_parts_of_a_wro_cost_no_more_than_its_first(
    counting: Merchant, crowd: int, each: float
) -> None:
    """All that its order has received is ours: nobody asks for receipts of others."""
    shipbob, netsuite = counting.world.shipbob, counting.world.netsuite
    skus = [counting.sku() for _ in range(crowd)]
    wros = [counting.announce({sku: 50}, number=counting.order({sku: 60})) for sku in skus]
    costs: list[int] = []
    for stowed in (5, *[9] * CROWDS):
        for sku, wro in zip(skus, wros, strict=True):
            shipbob.stow(wro, {sku: stowed})
        before = len(shipbob.calls), len(netsuite.calls)
        found = sync(counting, "receiving", [str(wro.id) for wro in wros])
        costs.append(len(netsuite.calls) - before[1] - TOKEN)

        assert {one["state"] for one in found} == {"done"}
        assert len(shipbob.calls) - before[0] <= 3 * crowd
    assert min(costs[1:]) <= each * crowd


PROOF = 1
"""A read of each order's own record, once, that proves the numbers of its lines."""


def proofs(acme: Merchant, since: int) -> int:
    """Count the reads of purchase orders' own records since a call."""
    paths = [str(call["path"]) for call in acme.world.netsuite.calls[since:]]
    return sum("/record/v1/purchaseOrder/" in path and "!" not in path for path in paths)


@pytest.mark.parametrize(("crowd", "alone", "again"), [(1, 5, 5), (10, 2.4, 2.4)])
def test_a_wro_costs_one_read_more_for_the_line_numbers_of_its_order_once(
    counting: Merchant, crowd: int, alone: float, again: float
) -> None:
    netsuite = counting.world.netsuite
    costs: dict[int, list[int]] = {PROOF: [], 0: []}
    for _ in range(CROWDS):
        skus = [counting.sku() for _ in range(crowd)]
        numbers = [counting.order({sku: 30}) for sku in skus]
        for units, first in ((10, PROOF), (20, 0)):
            ordered = zip(skus, numbers, strict=True)
            wros = [counting.deliver({sku: units}, number=number) for sku, number in ordered]
            before = len(netsuite.calls)
            found = sync(counting, "receiving", [str(wro.id) for wro in wros])
            costs[first].append(len(netsuite.calls) - before - TOKEN)

            assert {one["state"] for one in found} == {"done"}
            assert proofs(counting, before) == first * crowd
    assert min(costs[PROOF]) <= (alone + PROOF) * crowd
    assert min(costs[0]) <= again * crowd


def test_many_wros_of_one_order_prove_its_line_numbers_once(counting: Merchant) -> None:
    sku = counting.sku()
    number = counting.order({sku: 100})
    wros = [counting.deliver({sku: 5}, number=number) for _ in range(10)]
    before = len(counting.world.netsuite.calls)
    sync(counting, "receiving", [str(wro.id) for wro in wros])

    assert counting.books(sku).netsuite == {(sku, 6): 50}
    assert proofs(counting, before) == 1
