"""Shipments that NetSuite has no order for, and inserts that no order has: by policy."""

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, units
from ml_connector.sim.shipbob.books.orders import Order, Shipment


def adjustments(acme: Merchant, shipment: Shipment) -> list[dict[str, float]]:
    return [
        {line["item"]["refName"]: float(line["adjustQtyBy"]) for line in one["inventory"]["items"]}
        for one in acme.world.netsuite.documents("inventoryAdjustment")
        if str(one.get("externalId", "")).startswith(f"mlc-ia-shp-{shipment.id}-")
    ]


def cause_of(acme: Merchant, shipment: Shipment) -> str:
    [row] = acme.rows("select cause from subject where key = %(key)s", key=str(shipment.id))
    return str(row["cause"])


def shipped(acme: Merchant, order: Order) -> Shipment:
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    sync(acme, "tracking", shipment.id)
    return shipment


def test_a_shipment_without_an_order_is_adjusted_once_and_never_fulfilled_as_well(
    unserved: Merchant,
) -> None:
    retail = Retail(unserved)
    tee = retail.sku()
    order = retail.sell({tee: 2}, in_netsuite=False)
    shipment = shipped(unserved, order)
    before = cause_of(unserved, shipment)
    woken = unserved.apply(policies='unmatched_shipment = "adjust"').woken
    sync(unserved, "tracking", shipment.id)
    sync(unserved, "inventory", 6)
    [stock] = unserved.rows("select state from subject where flow = 'inventory' and key = '6'")
    retail.enter(order)
    unserved.world.shipbob.deliver(shipment)
    sync(unserved, "tracking", shipment.id)

    assert (before, woken) == ("sales_order_not_found", 1)
    assert adjustments(unserved, shipment) == [{tee: -2.0}]
    assert retail.fulfillments(order) == []
    assert (retail.state(shipment), stock["state"]) == ("done", "done")
    assert unserved.books(tee).shipbob == unserved.books(tee).netsuite
    assert found(close(unserved)) == set()


def test_an_adjustment_that_was_taken_back_makes_room_for_the_order(unserved: Merchant) -> None:
    retail = Retail(unserved)
    tee = retail.sku()
    unserved.apply(policies='unmatched_shipment = "adjust"')
    order = retail.sell({tee: 2}, in_netsuite=False)
    shipment = shipped(unserved, order)
    undone = unserved.command("journal", "undo", f"mlc-ia-shp-{shipment.id}-1", "--yes")
    sync(unserved, "tracking", shipment.id)
    left = adjustments(unserved, shipment)
    retail.enter(order)
    sync(unserved, "tracking", shipment.id)
    [made] = retail.fulfillments(order)

    assert undone.status == 0, undone.err
    assert left == adjustments(unserved, shipment) == [{tee: -2.0}]
    assert units(made) == {tee: (2.0, "6")}
    assert retail.state(shipment) == "done"
    assert unserved.books(tee).shipbob == unserved.books(tee).netsuite
    assert found(close(unserved)) == set()


def test_a_shipment_without_an_order_is_left_out_and_shown(unserved: Merchant) -> None:
    retail = Retail(unserved)
    tee = retail.sku()
    unserved.apply(policies='unmatched_shipment = "ignore"')
    shipment = shipped(unserved, retail.sell({tee: 3}, in_netsuite=False))
    report = close(unserved).report

    assert retail.state(shipment) == "done"
    assert adjustments(unserved, shipment) == []
    assert report.green
    assert any(
        str(shipment.id) in str(one) and "unmatched_shipment" in str(one)
        for one in report.explained
    )


def test_an_insert_is_left_off_and_the_order_is_fulfilled(unserved: Merchant) -> None:
    retail = Retail(unserved)
    tee, flyer = retail.sku(), retail.sku()
    order = retail.sell({tee: 2, flyer: 1}, in_netsuite=False)
    unserved.world.netsuite.add_sales_order(
        order.reference_id,
        customer=retail.customer,
        location=6,
        lines=[{"item": tee, "quantity": 2, "rate": "9", "location": 6}],
    )
    shipment = shipped(unserved, order)
    before = cause_of(unserved, shipment)
    woken = unserved.apply(policies='extra_items = "ignore"').woken
    sync(unserved, "tracking", shipment.id)
    unserved.world.shipbob.deliver(shipment)
    sync(unserved, "tracking", shipment.id)
    [made] = retail.fulfillments(order)

    assert (before, woken) == ("sku_not_on_order", 1)
    assert units(made) == {tee: (2.0, "6")}
    assert retail.state(shipment) == "done"
