"""What a retailer sells: orders in both systems, and what becomes of their parcels."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from acceptance.merchant import LOCATIONS, Merchant
from ml_connector.app.installation.installation import open_installation
from ml_connector.app.operations.sync import sync_flow
from ml_connector.flows import tracking
from ml_connector.ledger.connections import connections
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.people.dock import Item
from waiting import HANGS_AFTER_SECONDS, wait_until

Part = Mapping[Item, int]
"""Units by SKU or inventory id."""


class Retail:
    """A merchant's sales.

    Attributes:
        customer: of every sales order, a NetSuite id.
    """

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.customer = merchant.world.netsuite.add_customer(
            f"Pat Doe {next(merchant.numbers)}", subsidiary=1
        )

    def sku(self, units: int = 100) -> str:
        """Return a SKU of its own, with stock at all centers on both sides."""
        sku = self.merchant.sku("SKU")
        for center, location in LOCATIONS.items():
            self.merchant.world.shipbob.adjust(sku, units, center)
            self.merchant.world.netsuite.add_to_stock(sku, location, units)
        return sku

    def sell(self, *parts: Part, center: int = 228, in_netsuite: bool = True) -> Order:
        """Bring an order into both systems, with one shipment for each part."""
        number = f"SO-{next(self.merchant.numbers)}"
        units: dict[Item, int] = {}
        for part in parts:
            for sku, quantity in part.items():
                units[sku] = units.get(sku, 0) + quantity
        order = self.merchant.world.shipbob.create_order(
            number, units, shipments=parts, fulfillment_center_id=center
        )
        if in_netsuite:
            self.enter(order)
        return order

    def enter(self, order: Order) -> int:
        """Enter the sales order; return its internal id."""
        sales_order: int = self.merchant.world.netsuite.add_sales_order(
            order.reference_id,
            customer=self.customer,
            location=6,
            lines=[
                {"item": line.sku, "quantity": line.quantity, "rate": "9", "location": 6}
                for line in order.lines
            ],
        )
        return sales_order

    def fulfillments(self, order: Order) -> list[dict[str, Any]]:
        """Return the item fulfilments of an order in NetSuite, oldest first."""
        every = self.merchant.world.netsuite.documents()
        ids = {str(one["id"]) for one in every if one.get("tranId") == order.reference_id}
        return [
            one
            for one in every
            if one["recordType"] == "itemFulfillment" and one["createdFrom"]["id"] in ids
        ]

    def state(self, shipment: Shipment) -> str:
        """Return the state of a shipment's subject; empty while there is none."""
        found = self.merchant.rows(
            "select state from subject where flow = 'tracking' and key = %(key)s",
            key=str(shipment.id),
        )
        return found[0]["state"] if found else ""

    def sync(self) -> None:
        """Look at ShipBob for what no webhook told of, and wait, as the command does."""

        async def sync() -> None:
            async with open_installation(self.merchant.settings) as installation:
                async with installation.database.transaction() as connection:
                    applied = await connections.find(connection, "acme")
                assert applied is not None
                await sync_flow(installation, applied, tracking.FLOW, ids=(), since=None)

        asyncio.run(sync())

    def wait_for(self, *shipments: Shipment, state: str = "done") -> None:
        """Wait until all webhooks have been sent and these shipments are in this state."""
        assert self.merchant.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        for shipment in shipments:
            wait_until(lambda: self.state(shipment) == state)  # noqa: B023 - asked at once


def numbers(fulfillment: Mapping[str, Any]) -> list[str]:
    """Return the tracking numbers on an item fulfilment."""
    packages: Sequence[Mapping[str, Any]] = fulfillment["package"]["items"]
    return [str(package.get("packageTrackingNumber", "")) for package in packages]


def units(fulfillment: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """Return units and location by item, of an item fulfilment."""
    return {
        line["item"]["refName"]: (float(line["quantity"]), line["location"]["id"])
        for line in fulfillment["item"]["items"]
    }
