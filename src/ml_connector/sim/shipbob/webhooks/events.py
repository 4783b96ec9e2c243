"""What a webhook says about what happened in the books (reference shipbob.md, 7.2)."""

from collections.abc import Callable
from datetime import datetime

from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.billing import Transaction
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.receiving import Box, Wro
from ml_connector.sim.shipbob.books.returns import Return
from ml_connector.sim.shipbob.values.dates import stamp
from ml_connector.sim.shipbob.values.vocabulary import VERSIONS
from ml_connector.sim.shipbob.webhooks.announcer import Announcer
from ml_connector.sim.shipbob.webhooks.billing_views import transaction_view
from ml_connector.sim.shipbob.webhooks.order_views import OrderViews
from ml_connector.sim.shipbob.webhooks.return_views import ReturnViews
from ml_connector.sim.shipbob.webhooks.wro_views import box_view, wro_view


class Events:
    """Shows a resource as its topic's body and hands it to the announcer.

    Attributes:
        shipped_as_shipment: ``order.shipped`` carries a bare Shipment instead of the Order;
            both were seen.
        logistics_account: also send ``order.shipment.tracking_received``, which only ShipBob
            Logistics accounts get; its body is the only one that is documented.
    """

    def __init__(
        self,
        *,
        announcer: Announcer,
        access: Access,
        centers: Centers,
        products: Products,
        now: Callable[[], datetime],
    ) -> None:
        self._announcer = announcer
        self._centers = centers
        self._products = products
        self._now = now
        self._orders = OrderViews(access=access, centers=centers)
        self._returns = ReturnViews(access=access, centers=centers, products=products)
        self.shipped_as_shipment = False
        self.logistics_account = False

    def of_wro(self, topic: str, wro: Wro, box: Box | None) -> None:
        """A box event carries the box and the id of its WRO (an inference)."""
        if not self._announcer.wanted(topic, None):
            return
        if box is None:
            view = wro_view(
                wro, version=VERSIONS[0], centers=self._centers, products=self._products
            )
        else:
            view = {
                "id": box.id,
                "wro_id": wro.id,
                "purchase_order_number": wro.purchase_order_number,
                **box_view(box),
            }
        self._announcer.tell(topic, view, None)

    def of_order(self, topic: str, order: Order, shipment: Shipment) -> None:
        """An order event carries the order, a shipment event the shipment."""
        if self._announcer.wanted(topic, order.channel_id):
            whole = topic == "order.delivered" or (
                topic == "order.shipped" and not self.shipped_as_shipment
            )
            view = self._orders.order(order) if whole else self._orders.shipment(shipment, order)
            self._announcer.tell(topic, view, order.channel_id)
        if topic == "order.shipped" and self.logistics_account and shipment.parcels:
            self._tracking_received(order, shipment)

    def of_return(self, topic: str, found: Return) -> None:
        """A return event carries the return as it is read."""
        if self._announcer.wanted(topic, found.channel_id):
            self._announcer.tell(topic, self._returns.full(found), found.channel_id)

    def of_transaction(self, topic: str, made: Transaction) -> None:
        """A billing event carries the transaction."""
        if self._announcer.wanted(topic, None):
            self._announcer.tell(topic, transaction_view(made, live_names=False), None)

    def _tracking_received(self, order: Order, shipment: Shipment) -> None:
        parcel = shipment.parcels[0]
        view = {
            "event_time": stamp(self._now()),
            "order_id": order.id,
            "reference_id": order.reference_id,
            "status": shipment.status,
            "tracking": {
                "carrier": parcel.carrier,
                "carrier_service": parcel.service,
                "tracking_id": parcel.tracking_number,
                "tracking_url": parcel.url,
            },
        }
        self._announcer.tell("order.shipment.tracking_received", view, order.channel_id)
