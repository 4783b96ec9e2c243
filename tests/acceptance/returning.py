"""Selling and sending back: what the tests of returns let customers and warehouses do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acceptance.merchant import Merchant
from ml_connector.sim.shipbob.books.returns import Return
from ml_connector.sim.shipbob.people.dock import Item
from waiting import HANGS_AFTER_SECONDS, wait_until

QUARANTINE = 9
WRITE_OFF = 55

Done = Mapping[Item, Mapping[str, int]]
"""What was done with the units of each SKU: ``{"TEE": {"Restock": 1, "Dispose": 1}}``."""


@dataclass(frozen=True)
class Desk:
    """The desk where parcels come back to a merchant."""

    acme: Merchant

    def set_up(self) -> None:
        """Make what returns need in NetSuite, and apply the connection."""
        netsuite = self.acme.world.netsuite
        netsuite.add_location("ShipBob quarantine", internal_id=QUARANTINE, subsidiary=1)
        netsuite.add_account("Write-off", internal_id=WRITE_OFF, account_type="COGS")
        netsuite.add_customer("Pat Doe", internal_id=401, subsidiary=1)
        self.apply()

    def apply(self, *, account: str | None = "55", **policies: str) -> None:
        """Apply the connection with what returns need, and these policies."""
        written = {"quarantine_location": str(QUARANTINE), **policies}
        accounts = 'inventory_adjustment = "54"'
        if account is not None:
            accounts += f'\nwrite_off = "{account}"'
        self.acme.apply(
            accounts=accounts,
            policies="\n".join(f'{key} = "{value}"' for key, value in written.items() if value),
        )

    def sell(self, units: Mapping[Item, int], *, fulfilled: bool = True) -> tuple[str, int, int]:
        """Sell and ship; return the sales order's number and id, and ShipBob's shipment."""
        netsuite, shipbob = self.acme.world.netsuite, self.acme.world.shipbob
        number = f"SO-{10000 + next(self.acme.numbers)}"
        for sku, quantity in units.items():
            shipbob.adjust(sku, quantity, 228)
            netsuite.add_to_stock(sku, 6, quantity, cost="4.20")
        order = netsuite.add_sales_order(
            number,
            customer=401,
            location=6,
            lines=[
                {"item": sku, "quantity": quantity, "rate": "9.90", "location": 6}
                for sku, quantity in units.items()
            ],
        )
        if fulfilled:
            self.fulfil(order)
        sold = shipbob.create_order(number, units, fulfillment_center_id=228)
        [shipment] = sold.shipments
        shipbob.ship(shipment)
        return number, order, shipment.id

    def fulfil(self, order: int) -> None:
        self.acme.world.netsuite.transform(
            "salesOrder", order, "itemFulfillment", {"shipStatus": {"id": "C"}}
        )

    def authorize(
        self, units: Mapping[Item, int], *, number: str | None = None, customer: int = 401
    ) -> str:
        """Enter a return authorization by hand; return its number."""
        number = number or f"RMA-{20000 + next(self.acme.numbers)}"
        self.acme.world.netsuite.add_return_authorization(
            number,
            customer=customer,
            location=6,
            lines=[
                {"item": sku, "quantity": quantity, "rate": "9.90", "location": 6}
                for sku, quantity in units.items()
            ],
        )
        return number

    def announce(
        self, units: Mapping[Item, int], reference: str | None = None, **more: Any
    ) -> Return:
        """A return that ShipBob awaits."""
        reference = reference or f"BOX-{next(self.acme.numbers)}"
        return self.acme.world.shipbob.create_return(
            reference, units, fulfillment_center_id=228, **more
        )

    def complete(self, found: Return, done: Done | None = None) -> Return:
        self.acme.world.shipbob.arrive_return(found)
        return self.acme.world.shipbob.complete_return(found, done)

    # What came of it

    def subject(self, found: Return) -> dict[str, Any]:
        rows = self.acme.rows(
            "select * from subject where flow = 'returns' and key = %(key)s", key=str(found.id)
        )
        return rows[0] if rows else {}

    def wait_for(self, found: Return, state: str = "done") -> None:
        assert self.acme.world.shipbob.wait_for_webhooks(HANGS_AFTER_SECONDS)
        wait_until(lambda: self.subject(found).get("state") == state)

    def documents(self, found: Return) -> list[dict[str, Any]]:
        """Return NetSuite's documents of ours that were made from a return, oldest first."""
        documents = [
            one
            for one in self.acme.world.netsuite.documents()
            if (external_id := str(one.get("externalId", ""))).startswith("mlc-")
            and str(found.id) in external_id.split("-")
        ]
        return sorted(documents, key=lambda one: int(str(one["id"])))

    def external_ids(self, found: Return) -> list[str]:
        return [str(one["externalId"]) for one in self.documents(found)]

    def stock(self, sku: str) -> dict[int, int]:
        """Return NetSuite's units of a SKU by location, where there are any."""
        return {
            location: int(units)
            for (name, location), units in self.acme.world.netsuite.stock().items()
            if name == sku and units
        }

    def journal(self, found: Return) -> dict[tuple[str, str, str], int]:
        """Return what the journal says of a return: units by SKU, location and action."""
        rows = self.acme.rows(
            "select sku, location, detail, source_line, sum(quantity)::int as units from journal"
            " where source = %(source)s group by 1, 2, 3, 4",
            source=f"return {found.id}",
        )
        return {
            (row["sku"], row["location"], row["source_line"].rpartition(" ")[2]): row["units"]
            for row in rows
        }
