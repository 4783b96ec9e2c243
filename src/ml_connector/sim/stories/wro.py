"""A small story: goods arrive at ShipBob in every way that receiving knows."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ml_connector.sim.netsuite import NetSuiteSim
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.sim.stories.story import Difference, Step

LOCATIONS: Final = {228: 6, 10: 7}
"""ShipBob fulfillment center to NetSuite location."""

TOPICS: Final = (
    "wro.created",
    "wro.updated",
    "wro.completed",
    "wro.box.arrived",
    "wro.box.scanned",
    "wro.box.stowed",
)

_ORDERS: Final[dict[str, dict[str | int, int]]] = {
    "PO4711": {"TEE-BLK-M": 100, "TEE-BLK-L": 60},
    "PO4712": {"CAP-RED": 40},
}
_ANNOUNCED_SECONDS: Final = 45.0
_LOOK_SECONDS: Final = 0.2


class WroStory:
    """Purchase orders, partial stowing, found stock, an unknown SKU, doubled webhooks."""

    name = "wro"

    def __init__(self, netsuite: NetSuiteSim, shipbob: ShipBobSim) -> None:
        self.netsuite = netsuite
        self.shipbob = shipbob

    def set_up(self) -> None:
        """Enter what both systems know before the story begins."""
        netsuite, shipbob = self.netsuite, self.shipbob
        netsuite.add_subsidiary("Harbor & Pine", internal_id=1)
        for location, name in ((6, "ShipBob Moreno Valley"), (7, "ShipBob Cicero")):
            netsuite.add_location(name, internal_id=location)
        netsuite.add_account("Inventory adjustment", internal_id=54, account_type="COGS")
        vendor = netsuite.add_vendor("Norfolk Mills", internal_id=301)
        shipbob.add_fulfillment_center(228, "Moreno Valley (CA)")
        shipbob.add_fulfillment_center(10, "Cicero (IL)")
        for sku in ("TEE-BLK-M", "TEE-BLK-L", "CAP-RED"):
            netsuite.add_item(sku, cost="4.20")
            shipbob.add_product(sku)
        shipbob.add_product("NEW-7731-XL")
        netsuite.add_purchase_order(
            "PO4711",
            vendor=vendor,
            location=6,
            lines=[
                {"item": "TEE-BLK-M", "quantity": 100, "rate": "4.20", "location": 6},
                {"item": "TEE-BLK-L", "quantity": 60, "rate": "4.20", "location": 6},
            ],
        )
        netsuite.add_purchase_order(
            "PO4712",
            vendor=vendor,
            location=7,
            lines=[{"item": "CAP-RED", "quantity": 40, "rate": "2.80", "location": 7}],
        )

    def connection_tables(self) -> dict[str, str]:
        """Return the tables of the connection file that this story wants."""
        locations = "\n".join(f'"{center}" = "{place}"' for center, place in LOCATIONS.items())
        return {
            "locations": locations,
            "accounts": 'inventory_adjustment = "54"',
            "schedule": 'timezone = "America/Chicago"\npurchase_orders = "10s"',
        }

    def opening(self) -> dict[tuple[str, int], int]:
        """Return nothing: the shelves are empty when the story begins."""
        return {}

    def steps(self) -> Iterator[Step]:
        """Yield what happens, one step at a time."""
        shipbob, netsuite = self.shipbob, self.netsuite
        yield Step(
            says="NetSuite holds the purchase orders PO4711 and PO4712; ShipBob is told of them",
            do=lambda: (self._wro("PO4711", 228), self._wro("PO4712", 10)),
        )
        tees, caps = self._wro("PO4711", 228), self._wro("PO4712", 10)
        yield Step(
            says="PO4711 arrives in Moreno Valley; 60 medium tees are on the shelf by noon",
            do=lambda: (shipbob.arrive(tees), shipbob.stow(tees, {"TEE-BLK-M": 60})),
        )
        yield Step(
            says="The rest of PO4711 is stowed and the WRO completed",
            do=lambda: (shipbob.stow(tees), shipbob.complete(tees)),
        )
        yield Step(
            says="PO4712 arrives in Cicero with 3 caps too many",
            do=lambda: (
                shipbob.arrive(caps),
                shipbob.stow(caps, {"CAP-RED": 43}),
                shipbob.complete(caps),
            ),
        )
        found = shipbob.create_wro({"TEE-BLK-L": 12}, fulfillment_center_id=228)
        yield Step(
            says="A box without any order number turns up: 12 large tees",
            do=lambda: (shipbob.arrive(found), shipbob.stow(found), shipbob.complete(found)),
        )
        new = shipbob.create_wro({"NEW-7731-XL": 5}, fulfillment_center_id=228)
        yield Step(
            says="5 units of NEW-7731-XL are stowed, a SKU that NetSuite does not know",
            do=lambda: (shipbob.arrive(new), shipbob.stow(new), shipbob.complete(new)),
            waits=frozenset({"sku_missing_in_netsuite"}),
        )
        yield Step(
            says="Somebody creates the item NEW-7731-XL in NetSuite",
            do=lambda: netsuite.add_item("NEW-7731-XL", cost="9.90"),
        )
        yield Step(
            says="ShipBob sends every webhook of the day once more",
            do=self._send_all_again,
        )

    def _wro(self, number: str, center: int) -> int:
        """Return the WRO of a purchase order; make it by hand if nobody announces it."""
        gives_up = time.monotonic() + _ANNOUNCED_SECONDS
        while time.monotonic() < gives_up:
            for wro in list(self.shipbob.books.receiving.wros.values()):
                if wro.purchase_order_number == number:
                    return wro.id
            time.sleep(_LOOK_SECONDS)
        made = self.shipbob.create_wro(
            _ORDERS[number], purchase_order_number=number, fulfillment_center_id=center
        )
        return made.id

    def _send_all_again(self) -> None:
        for webhook_id in {delivery.webhook_id for delivery in self.shipbob.deliveries}:
            self.shipbob.redeliver(webhook_id)

    def differences(self) -> list[Difference]:
        """Compare the stock of both systems, SKU by SKU and place by place."""
        shipbob, netsuite = self.shipbob.stock(), self.netsuite.stock()
        centers = {place: center for center, place in LOCATIONS.items()}
        places = {(sku, center) for sku, center in shipbob} | {
            (sku, centers[place]) for sku, place in netsuite
        }
        return [
            Difference(
                sku=sku,
                fulfillment_center=center,
                location=LOCATIONS[center],
                shipbob=shipbob.get((sku, center), 0),
                netsuite=netsuite.get((sku, LOCATIONS[center]), Decimal(0)),
            )
            for sku, center in sorted(places)
        ]
