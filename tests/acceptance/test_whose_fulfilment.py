"""Whose fulfilment is it: every parcel on exactly one of its order, or parked; told in both."""

from typing import Any

import pytest

from acceptance.closing import close, found, sync
from acceptance.merchant import Merchant
from acceptance.retail import Retail, numbers, units
from ml_connector.sim.shipbob.books.orders import Order, Shipment

NUMBER = "1Z999AA10123456784"


class Desk:
    """A merchant's people in NetSuite, and what a look at ShipBob leads to."""

    def __init__(self, acme: Merchant) -> None:
        self.acme = acme
        self.retail = Retail(acme)

    def fulfil(self, order: Order, quantities: dict[str, int], *tracked: str, **body: Any) -> str:
        """Fulfil units of an order by hand; return the fulfilment's internal id."""
        packages = [{"packageTrackingNumber": one, "packageWeight": 1} for one in tracked]
        made = self.acme.world.netsuite.transform(
            "salesOrder",
            self.order_id(order),
            "itemFulfillment",
            {
                "memo": "by hand",
                "shipStatus": {"id": "C"},
                "item": {
                    "items": [
                        {
                            "orderLine": number,
                            "itemReceive": line.sku in quantities,
                            "quantity": quantities.get(line.sku, 0),
                            "location": 6,
                        }
                        for number, line in enumerate(order.lines, 1)
                    ]
                },
                **({"package": {"items": packages}} if packages else {}),
                **body,
            },
        )
        return str(made)

    def order_id(self, order: Order) -> int:
        [found] = [
            one
            for one in self.acme.world.netsuite.documents("salesOrder")
            if one["tranId"] == order.reference_id
        ]
        return int(found["id"])

    def look(self, *shipments: Shipment) -> None:
        """Let tracking look at these shipments."""
        sync(self.acme, "tracking", *(one.id for one in shipments))

    def drift(self, sku: str) -> list[str]:
        """Compare the stock of all locations; return what is said of this SKU."""
        details = sync(self.acme, "inventory").details
        return [f"{row['location']}: {row}" for row in details if row["sku"] == sku]

    def stop(self, shipment: Shipment) -> tuple[str, str, str]:
        """Return cause, sentence and remedy of a stopped shipment; empty while it is not."""
        [row] = self.acme.rows(
            "select s.cause, r.failure from subject as s left join run as r on r.id = ("
            " select max(id) from run where subject_id = s.id)"
            " where s.flow = 'tracking' and s.key = %(key)s",
            key=str(shipment.id),
        )
        failure = row["failure"] or {}
        return row["cause"] or "", failure.get("sentence", ""), failure.get("remedy", "")


@pytest.fixture
def desk(unserved: Merchant) -> Desk:
    return Desk(unserved)


def test_a_number_that_a_person_typed_as_it_is_printed_is_the_parcels(desk: Desk) -> None:
    tee = desk.retail.sku()
    order = desk.retail.sell({tee: 2}, {tee: 2})
    shipment, _ = order.shipments
    by_hand = desk.fulfil(order, {tee: 2}, " 1z 999 aa1 01-2345-6784 ")
    desk.acme.world.shipbob.label(shipment, NUMBER, carrier="UPS")
    desk.acme.world.shipbob.ship(shipment)
    desk.look(shipment)
    drift = desk.drift(tee)
    report = close(desk.acme)

    [made] = desk.retail.fulfillments(order)
    assert made["id"] == by_hand
    assert numbers(made) == [" 1z 999 aa1 01-2345-6784 "]
    assert units(made) == {tee: (2.0, "6")}
    assert desk.retail.state(shipment) == "done"
    assert desk.acme.books(tee).shipbob == desk.acme.books(tee).netsuite
    assert (drift, found(report)) == ([], set())
