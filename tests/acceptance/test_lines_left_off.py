"""Order lines of which nobody can tell whether they are goods are named, not left off."""

import pytest

from acceptance import told
from acceptance.merchant import Merchant
from acceptance.test_changed_orders import receive
from acceptance.test_purchase_orders import order_id
from acceptance.test_whose_wro import arrive_whole, enter, numbered, pushed
from acceptance.told import ends_right, number_of
from ml_connector.sim.netsuite.simulator import DEFAULT_ROLE


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
