"""A shipment to plan documents for, with what this needs. Pure."""

from datetime import date
from typing import NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.tracking.delivery import delivery_of
from ml_connector.flows.tracking.documents import (
    ShipmentBooking,
)
from ml_connector.flows.tracking.facts import ShipmentFact, TrackingFacts
from ml_connector.flows.tracking.order_lines import (
    WantedUnits,
    never_fulfilled,
    wanted_lines,
)
from ml_connector.flows.tracking.recognition.named_shipments import (
    OrderFulfillments,
)
from ml_connector.flows.tracking.sales_orders import (
    SalesOrderFact,
)
from ml_connector.ledger.postings.documents import (
    Posted,
)
from ml_connector.rules.posting_dates import posting_date


class ShipmentTask(NamedTuple):
    """A shipment to plan documents for, and what this needs."""

    facts: TrackingFacts
    order: SalesOrderFact
    known: OrderFulfillments
    posted: tuple[Posted, ...]
    settings: ConnectionSettings
    fact_date: date

    @property
    def shipment(self) -> ShipmentFact:
        """What is planned."""
        return self.facts.shipment

    @property
    def location(self) -> str | None:
        """NetSuite's location of its center; None where none is mapped."""
        return self.settings.locations.get(str(self.shipment.center_id))

    def booking(self, day: date) -> ShipmentBooking:
        """Return what all its documents of a posting day share."""
        return ShipmentBooking(
            shipment=self.shipment,
            delivery=delivery_of(self.shipment, self.settings.schedule.zone),
            location=self.location,
            fact_date=self.fact_date,
            date=day,
            fields=self.settings.tracking,
        )

    def wanted(self, shipment: ShipmentFact) -> list[WantedUnits]:
        """Return what a shipment takes of the order, with the lines that it takes first."""
        others = {
            place
            for one in self.facts.shipments
            if one.id != shipment.id and not one.is_cancelled
            if (place := self.settings.locations.get(str(one.center_id)))
        }
        order = self.order.with_lines_from(self.location, others)
        return wanted_lines(shipment, order, self.facts.names)

    @property
    def never_fulfilled(self) -> dict[str, str]:
        """Why source lines of it are on no fulfilment, by their names."""
        return never_fulfilled(self.shipment, self.order, self.facts.names)

    def day(self) -> date:
        """Return the date that its fulfilment carries; raises where its period is closed."""
        return posting_date(
            self.fact_date,
            self.facts.periods,
            self.settings.policies.closed_period,
            document=f"the fulfilment of shipment {self.shipment.id}",
        )
