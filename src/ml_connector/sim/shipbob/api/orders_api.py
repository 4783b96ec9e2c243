"""``/order`` and ``/shipping-method`` (reference shipbob.md, 9.5)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.sim.shipbob.api.order_request import NewOrder, NewProduct, faults_of
from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.fulfilment import Fulfilment
from ml_connector.sim.shipbob.books.orders import Line, Order, Orders, Shipment
from ml_connector.sim.shipbob.books.products import Products, Variant
from ml_connector.sim.shipbob.http.answers import Answer, Refusal, empty, fields
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint, bad_request
from ml_connector.sim.shipbob.http.paging import numbered_page, page_size
from ml_connector.sim.shipbob.values.dates import stamp_or_none
from ml_connector.sim.shipbob.webhooks.order_views import OrderViews

READ = ("orders_read", "fulfillments_read")
WRITE = ("orders_write",)

SHIPPING_METHODS = ("Standard", "Expedited", "2-Day", "Overnight", "Freight")
"""The merchant's shipping methods; an order may name any other, which is mapped to the first."""


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


class EstimateAddress(msgspec.Struct):
    """Where to."""

    country: str


class EstimateProduct(msgspec.Struct):
    """What."""

    quantity: int
    id: int | None = None
    reference_id: str | None = None


class Estimate(msgspec.Struct):
    """The body of ``POST /order:estimate``."""

    address: EstimateAddress
    products: list[EstimateProduct]
    shipping_methods: list[str] | None = None


class OrdersApi:
    """The handlers."""

    def __init__(
        self,
        *,
        orders: Orders,
        fulfilment: Fulfilment,
        products: Products,
        centers: Centers,
        access: Access,
        now: Callable[[], datetime],
    ) -> None:
        self._orders = orders
        self._fulfilment = fulfilment
        self._products = products
        self._centers = centers
        self._now = now
        self.views = OrderViews(access=access, centers=centers)

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""

        def route(
            method: str, path: str, handler: Callable[[Call], Answer], channel: str = "filter"
        ) -> Endpoint:
            return Endpoint(
                method=method,
                path=path,
                handler=handler,
                scopes=READ if method == "GET" else WRITE,
                channel=channel,
            )

        return [
            route("GET", "/shipping-method", self.list_methods, "ignored"),
            route("GET", "/order", self.list_orders),
            route("POST", "/order", self.create, "required"),
            route("POST", "/order:estimate", self.estimate, "required"),
            route("GET", "/order/{order:key}", self.show),
            route("POST", "/order/{order:key}:cancel", self.cancel, "ignored"),
            route("GET", "/order/{order:key}/store-order-json", self.store_order, "ignored"),
        ]

    def list_methods(self, call: Call) -> Answer:
        """``GET /shipping-method``: a bare array with numbered pages."""
        size = page_size(call.query, ("Limit",), default=50, largest=250)
        return numbered_page(call, list(enumerate(SHIPPING_METHODS, start=1)), _method, size=size)

    def list_orders(self, call: Call) -> Answer:
        """``GET /order``: newest first unless ``SortOrder=Oldest``; pages in the headers."""
        size = page_size(call.query, ("Limit",), default=50, largest=250)
        keep = self._filter(call)
        found = [order for order in self._orders if keep(order)]
        if call.query.text("SortOrder").lower() not in {"oldest", "asc", "ascending"}:
            found.reverse()
        return numbered_page(call, found, self.views.order, size=size)

    def show(self, call: Call) -> Answer:
        """``GET /order/{id}``."""
        return Answer(200, self.views.order(self.find(call)))

    def create(self, call: Call) -> Answer:
        """``POST /order``: 201; a reference id that exists in the channel is 422 (section 5)."""

        def refuse(errors: Mapping[str, Sequence[str]]) -> Refusal:
            return fields(422, errors)

        new = call.body(NewOrder, refuse)
        errors = faults_of(new)
        errors |= self._product_faults(new.products)
        if errors:
            raise refuse(errors)
        channel_id = call.channel_id or call.caller.channel.id
        if (channel_id, new.reference_id) in self._orders.by_reference:
            raise refuse({"": ["Cannot insert order with existing ReferenceId"]})
        if new.location_id is not None and self._centers.get(new.location_id) is None:
            raise refuse({"location_id": ["The location does not exist."]})
        asked = _decode(call.raw_body)
        asked["purchase_date"] = stamp_or_none(new.purchase_date)
        order = self.order_of(new, channel_id, asked)
        part = [(line, line.quantity) for line in order.lines]
        self._fulfilment.place(order, [part], new.location_id)
        return Answer(201, self.views.order(order))

    def order_of(self, new: NewOrder, channel_id: int, asked: dict[str, object]) -> Order:
        """The order that a body describes, without shipments yet."""
        recipient = asked.get("recipient")
        return Order(
            id=next(self._orders.order_ids),
            channel_id=channel_id,
            reference_id=new.reference_id,
            order_number=new.order_number,
            type=new.type,
            created=self._now(),
            updated=self._now(),
            shipping_method=new.shipping_method,
            recipient=recipient if isinstance(recipient, dict) else {},
            lines=[self._line(each) for each in new.products],
            asked=asked,
        )

    def estimate(self, call: Call) -> Answer:
        """``POST /order:estimate``: a price for each shipping method."""
        asked = call.body(Estimate, bad_request)
        if not asked.products or any(each.quantity < 1 for each in asked.products):
            raise fields(422, {"products": ["At least one product with a quantity is required."]})
        ounces = sum(each.quantity for each in asked.products) * 8
        methods = asked.shipping_methods or list(SHIPPING_METHODS)
        center = self._centers.first().short()
        return Answer(
            200,
            {
                "estimates": [
                    {
                        "estimated_currency_code": "USD",
                        "estimated_price": Decimal("5.00") + Decimal("0.10") * ounces,
                        "fulfillment_center": center,
                        "shipping_method": method,
                        "total_weight_oz": ounces,
                    }
                    for method in methods
                ]
            },
        )

    def cancel(self, call: Call) -> Answer:
        """``POST /order/{id}:cancel``: each shipment that can be; the rest is told."""
        order = self.find(call)
        results = [cancelled(self._fulfilment, each) for each in order.shipments]
        good = sum(bool(result["is_success"]) for result in results)
        status = "Success" if good == len(results) else "PartialSuccess" if good else "Failure"
        return Answer(
            200,
            {
                "order_id": order.id,
                "order": self.views.order(order),
                "status": status,
                "canceled_shipment_results": results,
            },
        )

    def store_order(self, call: Call) -> Answer:
        """``GET /order/{id}/store-order-json``: the body it was made of, as a JSON text."""
        order = self.find(call)
        if not order.asked:
            return Answer(204)
        text = msgspec.json.Encoder(decimal_format="number").encode(order.asked)
        return Answer(200, text.decode())

    def find(self, call: Call) -> Order:
        """The order in the path, in the channel of the header if there is one.

        Raises:
            Refusal: 404 without a body.
        """
        text = call.ids["order"]
        order = self._orders.by_id.get(whole(text))
        if order is None or call.channel_id not in {None, order.channel_id}:
            raise empty(404)
        return order

    def _filter(self, call: Call) -> Callable[[Order], bool]:
        query = call.query
        ids, references = set(query.numbers("IDs")), set(query.many("ReferenceIds"))
        has_tracking, uploaded = query.flag("HasTracking"), query.flag("IsTrackingUploaded")
        created = (query.instant("StartDate"), query.instant("EndDate"))
        updated = (query.instant("LastUpdateStartDate"), query.instant("LastUpdateEndDate"))
        tracked = (
            query.instant("LastTrackingUpdateStartDate"),
            query.instant("LastTrackingUpdateEndDate"),
        )

        def keep(order: Order) -> bool:
            return (
                call.channel_id in {None, order.channel_id}
                and (not ids or order.id in ids)
                and (not references or order.reference_id in references)
                and (has_tracking is None or has_tracking == _has_tracking(order))
                and (uploaded is None or uploaded == _all_uploaded(order))
                and within(order.created, created)
                and within(order.updated, updated)
                and within(_last_tracking_update(order), tracked)
            )

        return keep

    def _product_faults(self, products: Sequence[NewProduct]) -> dict[str, list[str]]:
        return {
            f"products[{number}].id": ["The product does not exist."]
            for number, each in enumerate(products)
            if each.id is not None and self._by_id(each.id) is None
        }

    def _line(self, new: NewProduct) -> Line:
        variant = self._by_id(new.id) if new.id is not None else self._by_text(new)
        reference = new.reference_id or (variant.sku if variant else "")
        return Line(
            id=variant.id if variant else next(self._orders.order_ids),
            reference_id=reference,
            sku=variant.sku if variant else new.sku or reference,
            name=variant.name if variant else new.name or reference,
            quantity=new.quantity,
            variant_id=variant.id if variant else None,
            unit_price=new.unit_price,
            external_line_id=new.external_line_id,
            gtin=new.gtin,
            upc=new.upc,
            unit_of_measure=new.quantity_unit_of_measure_code,
        )

    def _by_id(self, number: int) -> Variant | None:
        product = self._products.by_id.get(number)
        if product is not None and product.variants:
            return product.variants[0]
        return self._products.by_variant_id.get(number)

    def _by_text(self, new: NewProduct) -> Variant | None:
        for text in (new.sku, new.reference_id):
            for variant in self._products.of_sku(text) if text else ():
                return variant
        return None


def cancelled(fulfilment: Fulfilment, shipment: Shipment) -> dict[str, object]:
    """Cancel a shipment and say what came of it."""
    done = fulfilment.cancel(shipment)
    return {
        "shipment_id": shipment.id,
        "action": "Cancel",
        "is_success": done,
        "reason": None if done else f"Shipment has status {shipment.status}",
    }


def within(at: datetime | None, limits: tuple[datetime | None, datetime | None]) -> bool:
    """Whether an instant is between two others, of which none, one or both are given."""
    start, end = limits
    if start is None and end is None:
        return True
    return at is not None and (start is None or at >= start) and (end is None or at <= end)


def _method(numbered: tuple[int, str]) -> dict[str, object]:
    number, name = numbered
    return {
        "id": number,
        "name": name,
        "active": True,
        "default": number == 1,
        "service_level": {"id": number, "name": name},
    }


def _has_tracking(order: Order) -> bool:
    return any(shipment.has_tracking for shipment in order.shipments)


def _all_uploaded(order: Order) -> bool:
    return bool(order.shipments) and all(each.tracking_uploaded for each in order.shipments)


def _last_tracking_update(order: Order) -> datetime | None:
    dates = [each.tracking_updated for each in order.shipments if each.tracking_updated]
    return max(dates, default=None)
