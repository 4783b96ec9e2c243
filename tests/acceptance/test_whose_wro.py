"""Which order a WRO is of, and which line: told in both systems, to the end of the month."""

from typing import Any

import pytest

from acceptance.closing import close
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import (
    UNLIMITED,
    ordered,
    push,
    receive,
    statuses,
    stow,
)
from acceptance.test_purchase_orders import wros_of

WAREHOUSE = 3
"""A location of the merchant's own."""


@pytest.fixture
def acme(unserved: Merchant) -> Merchant:
    """A merchant of the test's own, whose calls ShipBob does not count."""
    unserved.world.shipbob.books.limit.per_minute = 0
    unserved.world.netsuite.add_location("Warehouse", internal_id=WAREHOUSE, subsidiary=1)
    unserved.apply(limits=UNLIMITED)
    return unserved


def drifts(acme: Merchant) -> list[dict[str, Any]]:
    """Look at the stock of both systems; return what is not explained."""
    sync(acme, "inventory")
    return acme.rows("select * from subject where flow = 'inventory' and state <> 'done'")


def test_one_item_on_two_lines_for_two_centers_and_a_third_for_the_own_warehouse(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    number = ordered(acme, (sku, 10, 6), (sku, 5, 7), (sku, 8, WAREHOUSE))
    push(acme, number)
    announced = statuses(acme, number)
    second, first = wros_of(acme, number)
    for wro in (second, first):
        stow(acme, wro)
        acme.world.shipbob.complete(wro)
        receive(acme, wro)
        pushed = push(acme, number)
        assert pushed["state"] == "done"
    report = close(acme).report

    assert announced == [(number, 10, "Awaiting", 5), (f"{number}-2", 228, "Awaiting", 10)]
    assert statuses(acme, number) == [
        (number, 10, "Completed", 5),
        (f"{number}-2", 228, "Completed", 10),
    ]
    assert acme.books(sku) == ({(sku, 6): 10, (sku, 7): 5},) * 3
    assert report.green
    assert drifts(acme) == []
