"""Parcels reach NetSuite: real processes, real HTTP, both systems with books of their own."""

import pytest

from acceptance.merchant import Merchant
from acceptance.retail import Retail, numbers, units
from ml_connector.sim.faults import Fault, FaultKind
from waiting import HANGS_AFTER_SECONDS, wait_until


@pytest.fixture
def retail(acme: Merchant) -> Retail:
    return Retail(acme)


def test_a_parcel_reaches_the_sales_order(acme: Merchant, retail: Retail) -> None:
    tee, cap = retail.sku(), retail.sku()
    order = retail.sell({tee: 3, cap: 1})
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment)

    [made] = retail.fulfillments(order)
    assert made["externalId"] == f"mlc-if-{shipment.id}"
    assert made["shipStatus"]["id"] == "C"
    assert units(made) == {tee: (3.0, "6"), cap: (1.0, "6")}
    assert numbers(made) == [shipment.parcels[0].tracking_number]
    assert acme.books(tee, cap).shipbob == acme.books(tee, cap).netsuite
    assert acme.books(tee, cap).journal == {(tee, 6): -3, (cap, 6): -1}
    assert shipment.tracking_uploaded


def test_split_over_centers_with_two_parcels_and_a_rest_that_stays_open(
    acme: Merchant, retail: Retail
) -> None:
    tee, cap = retail.sku(), retail.sku()
    order = retail.sell({tee: 3}, {tee: 2, cap: 1}, {cap: 4}, center=10)
    first, second, third = order.shipments
    acme.world.shipbob.label(first, parcels=2)
    acme.world.shipbob.ship(second)
    retail.wait_for(first, second)
    made = {one["externalId"]: one for one in retail.fulfillments(order)}

    assert sorted(made) == [f"mlc-if-{first.id}", f"mlc-if-{second.id}"]
    assert units(made[f"mlc-if-{first.id}"]) == {tee: (3.0, "7")}
    assert units(made[f"mlc-if-{second.id}"]) == {tee: (2.0, "7"), cap: (1.0, "7")}
    assert numbers(made[f"mlc-if-{first.id}"]) == [
        parcel.tracking_number for parcel in first.parcels
    ]
    acme.world.shipbob.ship(third)
    wait_until(lambda: len(retail.fulfillments(order)) == 3)
    assert acme.books(tee, cap).shipbob == acme.books(tee, cap).netsuite


def test_what_the_carrier_says_follows_until_delivered(acme: Merchant, retail: Retail) -> None:
    order = retail.sell({retail.sku(): 1})
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment)
    acme.world.shipbob.track(shipment, "OutForDelivery")
    acme.world.shipbob.deliver(shipment)
    wait_until(lambda: "Delivered" in retail.fulfillments(order)[0]["memo"])

    [made] = retail.fulfillments(order)
    day = acme.rows("select to_char(now() at time zone 'America/Chicago', 'YYYY-MM-DD') as day")
    assert made["memo"] == (
        f"ShipBob shipment {shipment.id}: Delivered {day[0]['day']} [mlc-if-{shipment.id}]"
    )
    assert numbers(made) == [shipment.parcels[0].tracking_number]


def test_an_order_that_netsuite_does_not_know_waits_and_wakes(
    acme: Merchant, retail: Retail
) -> None:
    order = retail.sell({retail.sku(): 2}, in_netsuite=False)
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment, state="parked")
    [waits] = acme.rows(
        "select cause, waiting_for from subject where key = %(key)s", key=str(shipment.id)
    )
    retail.enter(order)
    retail.wait_for(shipment)

    assert waits == {
        "cause": "sales_order_not_found",
        "waiting_for": [f"sales_order:{order.reference_id}"],
    }
    assert len(retail.fulfillments(order)) == 1


def test_a_fulfilment_that_a_person_made_keeps_its_packages(
    acme: Merchant, retail: Retail
) -> None:
    tee = retail.sku()
    order = retail.sell({tee: 2}, in_netsuite=False)
    [shipment] = order.shipments
    by_hand = acme.world.netsuite.transform(
        "salesOrder",
        retail.enter(order),
        "itemFulfillment",
        {
            "memo": "by hand",
            "shipStatus": {"id": "C"},
            "package": {"items": [{"packageDescr": "Gift box", "packageWeight": 3}]},
        },
    )
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment)

    [made] = retail.fulfillments(order)
    assert made["id"] == str(by_hand)
    assert [one.get("packageDescr", "")[:8] for one in made["package"]["items"]] == [
        "Gift box",
        "ShipBob ",
    ]
    assert made["memo"].startswith("by hand; ShipBob shipment")
    assert acme.books(tee).journal == {}
    assert shipment.tracking_uploaded


@pytest.mark.parametrize(
    "kind",
    [
        "error_after_commit",
        "cut_after_commit",
        "gateway_timeout",
        "rate_limited",
        "token_revoked",
    ],
)
def test_a_shipment_is_fulfilled_once_whatever_netsuite_answers(
    acme: Merchant, retail: Retail, kind: FaultKind
) -> None:
    tee = retail.sku()
    order = retail.sell({tee: 2})
    fault = acme.world.netsuite.fault(kind, method="POST", path="!transform", times=1)
    acme.world.shipbob.ship(order.shipments[0])
    retail.wait_for(*order.shipments)
    struck = {one["number"]: one["struck"] for one in acme.world.netsuite.faults.listing()}

    assert struck[fault] == 1
    assert len(retail.fulfillments(order)) == 1
    assert acme.books(tee).shipbob == acme.books(tee).netsuite
    assert acme.books(tee).journal == {(tee, 6): -2}


def test_an_update_that_was_cut_off_is_made_again_without_doubling_a_package(
    acme: Merchant, retail: Retail
) -> None:
    order = retail.sell({retail.sku(): 1})
    [shipment] = order.shipments
    acme.world.shipbob.label(shipment, tracking=False)
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment)
    acme.world.netsuite.fault("cut_after_commit", method="PATCH", times=1)
    acme.world.shipbob.number(shipment, "1Z999AA10123456784")
    wait_until(lambda: shipment.tracking_uploaded)

    [made] = retail.fulfillments(order)
    assert numbers(made) == ["1Z999AA10123456784"]


def test_lost_doubled_and_shuffled_webhooks_change_nothing(acme: Merchant, retail: Retail) -> None:
    skus = [retail.sku() for _ in range(3)]
    orders = [retail.sell({sku: 1}, {sku: 2}) for sku in skus for _ in range(4)]
    acme.world.shipbob.tune_webhooks(variant="mixed", duplicates=0.3, losses=0.3, disorder=0.5)
    try:
        acme.world.shipbob.hold_webhooks()
        for order in orders:
            for shipment in order.shipments:
                acme.world.shipbob.ship(shipment)
                acme.world.shipbob.track(shipment)
                acme.world.shipbob.deliver(shipment)
        acme.world.shipbob.release_webhooks("shuffled")
        assert acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
    finally:
        acme.world.shipbob.tune_webhooks(variant="bare", duplicates=0.0, losses=0.0, disorder=0.0)
    retail.sync()
    shipments = [shipment for order in orders for shipment in order.shipments]
    retail.wait_for(*shipments)
    made = [one for order in orders for one in retail.fulfillments(order)]

    assert sorted(one["externalId"] for one in made) == sorted(
        f"mlc-if-{shipment.id}" for shipment in shipments
    )
    assert {number for one in made for number in numbers(one)} == {
        parcel.tracking_number for shipment in shipments for parcel in shipment.parcels
    }
    assert all("Delivered" in one["memo"] for one in made)
    assert acme.books(*skus).shipbob == acme.books(*skus).netsuite


@pytest.mark.parametrize("kind", ["rate_limited", "error_before_commit", "cut_before_commit"])
def test_shipbob_answering_badly_delays_and_loses_nothing(
    acme: Merchant, retail: Retail, kind: FaultKind
) -> None:
    order = retail.sell({retail.sku(): 1})
    acme.world.shipbob.add_fault(Fault(kind=kind, path="/order", times=2))
    acme.world.shipbob.add_fault(Fault(kind=kind, path="batchUpdateTrackingUpload", times=1))
    acme.world.shipbob.ship(order.shipments[0])
    retail.wait_for(*order.shipments)

    assert len(retail.fulfillments(order)) == 1
    assert order.shipments[0].tracking_uploaded


def test_what_a_person_says_in_netsuite_is_seen_by_itself(acme: Merchant, retail: Retail) -> None:
    tee = retail.sku()
    order = retail.sell({tee: 2}, in_netsuite=False)
    [shipment] = order.shipments
    sales_order = acme.world.netsuite.add_sales_order(
        order.reference_id,
        customer=retail.customer,
        location=6,
        lines=[{"item": tee, "quantity": 4, "rate": "9", "location": 6}],
    )
    by_hand = acme.world.netsuite.transform(
        "salesOrder",
        sales_order,
        "itemFulfillment",
        {
            "shipStatus": {"id": "C"},
            "item": {"items": [{"orderLine": 1, "quantity": 2, "location": 6}]},
        },
    )
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment, state="dead")
    [waits] = acme.rows(
        "select cause, waiting_for from subject where key = %(key)s", key=str(shipment.id)
    )
    number = shipment.parcels[0].tracking_number
    acme.world.netsuite.edit(
        "itemFulfillment",
        by_hand,
        {"package": {"items": [{"packageTrackingNumber": number, "packageWeight": 1}]}},
    )
    retail.wait_for(shipment)

    [made] = retail.fulfillments(order)
    [thing] = waits["waiting_for"]
    assert waits["cause"] == "fulfilled_by_others"
    assert thing.startswith("changed_sales_order:")
    assert thing.endswith(f":{order.reference_id}")
    assert numbers(made) == [number]
    assert acme.books(tee).shipbob == acme.books(tee).netsuite


def test_a_fulfilment_that_is_deleted_while_it_is_updated_is_looked_for_anew(
    acme: Merchant, retail: Retail
) -> None:
    order = retail.sell({retail.sku(): 1})
    [shipment] = order.shipments
    acme.world.shipbob.ship(shipment)
    retail.wait_for(shipment)
    fault = acme.world.netsuite.fault("latency", method="PATCH", times=1, seconds=2)
    acme.world.shipbob.deliver(shipment)
    wait_until(
        lambda: any(
            one["number"] == fault and one["struck"]
            for one in acme.world.netsuite.faults.listing()
        )
    )
    [made] = retail.fulfillments(order)
    acme.world.netsuite.delete("itemFulfillment", int(made["id"]))
    retail.wait_for(shipment, state="dead")
    [waits] = acme.rows(
        "select cause, sentence, waiting_for from subject where key = %(key)s",
        key=str(shipment.id),
    )

    assert waits["cause"] == "fulfillment_not_found"
    assert f"no other on sales order {order.reference_id} holds" in waits["sentence"]
    assert waits["waiting_for"][0].startswith("changed_sales_order:")
