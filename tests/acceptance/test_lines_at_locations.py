"""One item on lines of two locations: each parcel takes the line it left for, told in both."""

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units


def test_each_shipment_takes_the_line_of_its_location(unserved: Merchant) -> None:
    retail = Retail(unserved)
    shipbob, netsuite = unserved.world.shipbob, unserved.world.netsuite
    tee = retail.sku()
    order = retail.sell({tee: 2}, {tee: 3}, center=10, in_netsuite=False)
    order_id = netsuite.add_sales_order(
        order.reference_id,
        customer=retail.customer,
        location=6,
        lines=[
            {"item": tee, "quantity": 3, "rate": "9", "location": 6},
            {"item": tee, "quantity": 2, "rate": "9", "location": 7},
        ],
    )
    shipment, _ = order.shipments
    shipbob.ship(shipment)
    sync(unserved, "tracking", shipment.id)
    [made] = retail.fulfillments(order)
    [rest] = [one for one in netsuite.documents("salesOrder") if one["id"] == str(order_id)]

    assert units(made) == {tee: (2.0, "7")}
    assert [line["quantityFulfilled"] for line in rest["item"]["items"]] == [0, 2]
    assert unserved.books(tee).shipbob == unserved.books(tee).netsuite
    assert [row for row in sync(unserved, "inventory").details if row["sku"] == tee] == []
    assert found(close(unserved)) == set()
