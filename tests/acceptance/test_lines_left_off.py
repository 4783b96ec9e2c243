"""Order lines of which nobody can tell whether they are goods are named, not left off."""

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from acceptance import told
from acceptance.in_process import sync
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import receive
from acceptance.test_purchase_orders import order_id
from acceptance.test_whose_wro import arrive_whole, enter, numbered, pushed
from acceptance.told import ends_right, number_of
from ml_connector.sim.netsuite.simulator import DEFAULT_ROLE
from waiting import wait_until


@pytest.fixture(scope="module")
def acme(quiet: Merchant) -> Merchant:
    told.furnish(quiet)
    told.apply(quiet)
    return quiet


@pytest.mark.parametrize("why", ["type", "hidden"])
def test_a_line_whose_item_is_not_clear_is_named_and_announced_when_it_is(
    acme: Merchant, why: str
) -> None:
    netsuite, sku, set_ = acme.world.netsuite, acme.sku("TEE"), acme.sku("SET", in_netsuite=False)
    item = netsuite.add_item(set_, kind="Bundle" if why == "type" else "InvtPart", cost="4.20")
    number = number_of(acme)
    enter(acme, number, (sku, 30, 6), (set_, 5, 6))
    if why == "hidden":
        netsuite.hide_item(item)
    key = order_id(acme, number)
    stopped = pushed(acme, key)
    [row] = acme.rows(
        "select sentence from subject where flow = 'purchase-orders' and key = %(key)s", key=key
    )
    first = numbered(acme, number)
    announced = sum(one.quantity for box in first.boxes for one in box.items)
    if why == "hidden":
        netsuite.roles.add(DEFAULT_ROLE, "Integration")
    else:
        netsuite.company.change_item(item, {"itemtype": "InvtPart"})
    then = pushed(acme, key)
    wros = [
        one
        for one in acme.world.shipbob.books.receiving.wros.values()
        if (one.purchase_order_number or "").startswith(number) and one.status != "Cancelled"
    ]
    for wro in wros:
        arrive_whole(acme, wro)
    states = {receive(acme, wro) for wro in wros}

    assert stopped == ("dead", "item_type_unknown")
    assert f"line 2 orders 5 of {set_ if why == 'type' else f'item {item}'}" in row["sentence"]
    assert announced == 30
    assert then == ("done", None)
    assert sum(one.stowed for wro in wros for box in wro.boxes for one in box.items) == 35
    assert states == {"done"}
    ends_right(acme, sku, set_)


def test_a_line_that_was_completed_on_the_way_is_left_off_at_the_next_look(acme: Merchant) -> None:
    """NetSuite refuses a receipt that names it, even as not to be received (16.2)."""
    netsuite, tee, cap = acme.world.netsuite, acme.sku("TEE"), acme.sku("CAP")
    number = acme.order({tee: 30, cap: 5})
    wro = acme.deliver({tee: 30}, number=number)
    netsuite.fault("latency", method="POST", path="!transform/itemReceipt", times=1, seconds=2)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(sync, acme, "receiving", [str(wro.id)])
        wait_until(lambda: any(one["struck"] for one in netsuite.faults.listing()))
        by_hand = {"item": {"items": [{"orderLine": 1, "itemReceive": False}]}}
        netsuite.transform("purchaseOrder", int(order_id(acme, number)), "itemReceipt", by_hand)
        refused = first.result()
    wait_until(
        lambda: [row["state"] for row in sync(acme, "receiving", [str(wro.id)])] == ["done"]
    )
    receipts = netsuite.documents("itemReceipt")
    lines = chain.from_iterable(one["item"]["items"] for one in receipts)

    assert [row["state"] for row in refused] == ["retrying"]
    assert sorted(
        (one["item"]["refName"], one["quantity"])
        for one in lines
        if one["item"]["refName"] in {tee, cap}
    ) == [(cap, 5), (tee, 30)]
    assert [one["recordType"] for one in acme.documents(wro)] == ["itemReceipt"]
