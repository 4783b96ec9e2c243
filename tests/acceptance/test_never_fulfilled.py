"""Gift cards and services beside goods: never named, with and without ``isfulfillable``."""

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "not_shown"])
def test_goods_are_fulfilled_and_what_is_never_fulfilled_is_left_off(
    unserved: Merchant, *, shown: bool
) -> None:
    retail = Retail(unserved)
    shipbob, netsuite = unserved.world.shipbob, unserved.world.netsuite
    if not shown:
        netsuite.hide_names("item.isfulfillable")
    tee, number = retail.sku(), next(unserved.numbers)
    card, service = f"CARD-{number}", f"PROTECTION-{number}"
    netsuite.add_item(card, kind="GiftCert")
    netsuite.add_item(service, kind="Service")
    order = retail.sell({tee: 2}, in_netsuite=False)
    order_id = netsuite.add_sales_order(
        order.reference_id,
        customer=retail.customer,
        location=6,
        lines=[
            {"item": card, "quantity": 1, "rate": "25"},
            {"item": tee, "quantity": 2, "rate": "9", "location": 6},
            {"item": service, "quantity": 1, "rate": "2"},
        ],
    )
    [shipment] = order.shipments
    shipbob.ship(shipment)
    sync(unserved, "tracking", shipment.id)
    [made] = retail.fulfillments(order)
    [sold] = [one for one in netsuite.documents("salesOrder") if one["id"] == str(order_id)]

    assert units(made) == {tee: (2.0, "6")}
    assert sold["orderStatus"]["id"] == "F"
    assert unserved.books(tee).shipbob == unserved.books(tee).netsuite
    assert found(close(unserved)) == set()
