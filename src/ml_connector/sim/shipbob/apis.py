"""All resources of the API with their handlers."""

from collections.abc import Callable

from ml_connector.sim.shipbob.account import Books
from ml_connector.sim.shipbob.api.account_api import AccountApi
from ml_connector.sim.shipbob.api.billing_api import BillingApi
from ml_connector.sim.shipbob.api.orders_api import OrdersApi
from ml_connector.sim.shipbob.api.product_changes_api import ProductChangesApi
from ml_connector.sim.shipbob.api.products_api import ProductsApi
from ml_connector.sim.shipbob.api.receiving_api import ReceivingApi
from ml_connector.sim.shipbob.api.returns_api import ReturnsApi
from ml_connector.sim.shipbob.api.shipments_api import ShipmentsApi
from ml_connector.sim.shipbob.api.stock_api import StockApi
from ml_connector.sim.shipbob.api.tracking_api import TrackingApi
from ml_connector.sim.shipbob.api.uros_api import UrosApi
from ml_connector.sim.shipbob.books.orders import Shipment
from ml_connector.sim.shipbob.http.endpoint import Endpoint


class Apis:
    """The handlers of every resource, each with its own switches as attributes.

    Args:
        books: what they read and change.
        act: what the sandbox simulation does to a shipment.
    """

    def __init__(self, books: Books, act: Callable[[str, Shipment], None]) -> None:
        now = books.clock.now
        self.account = AccountApi(
            access=books.access, centers=books.centers, webhooks=books.webhooks, now=now
        )
        self.products = ProductsApi(products=books.products, stock=books.stock)
        self.product_changes = ProductChangesApi(
            products=books.products, stock=books.stock, reads=self.products, now=now
        )
        self.stock = StockApi(
            stock=books.stock, products=books.products, centers=books.centers, now=now
        )
        self.receiving = ReceivingApi(
            receiving=books.receiving, centers=books.centers, products=books.products, now=now
        )
        self.uros = UrosApi(uros=books.uros, receiving=books.receiving, now=now)
        self.orders = OrdersApi(
            orders=books.orders,
            fulfilment=books.fulfilment,
            products=books.products,
            centers=books.centers,
            access=books.access,
            now=now,
        )
        self.shipments = ShipmentsApi(
            orders=books.orders,
            fulfilment=books.fulfilment,
            products=books.products,
            centers=books.centers,
            views=self.orders.views,
        )
        self.tracking = TrackingApi(orders=books.orders, now=now, act=act)
        self.returns = ReturnsApi(
            returns=books.returns,
            orders=books.orders,
            products=books.products,
            centers=books.centers,
            access=books.access,
        )
        self.billing = BillingApi(billing=books.billing, now=now)

    def endpoints(self) -> list[Endpoint]:
        """All routes."""
        return [
            *self.account.endpoints(),
            *self.products.endpoints(),
            *self.product_changes.endpoints(),
            *self.stock.endpoints(),
            *self.receiving.endpoints(),
            *self.uros.endpoints(),
            *self.orders.endpoints(),
            *self.shipments.endpoints(),
            *self.tracking.endpoints(),
            *self.returns.endpoints(),
            *self.billing.endpoints(),
        ]
