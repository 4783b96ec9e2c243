"""``/shipment``: reads, cancels, edits and the tracking upload mark (reference 9.5)."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from ml_connector.sim.shipbob.api.orders_api import READ, SHIPPING_METHODS, WRITE, cancelled
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.fulfilment import Fulfilment
from ml_connector.sim.shipbob.books.orders import EDITABLE, Orders, Shipment
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.http.answers import (
    Answer,
    Refusal,
    edit_error,
    empty,
    fields,
    text_error,
)
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint
from ml_connector.sim.shipbob.values.dates import stamp_or_none
from ml_connector.sim.shipbob.webhooks.order_views import OrderViews, note_view


class ShipmentIds(msgspec.Struct):
    """The body of ``:batchCancel``."""

    shipment_ids: list[int] | None = None


class TrackingUpload(msgspec.Struct):
    """The body of ``:batchUpdateTrackingUpload``."""

    shipment_ids: list[int] | None = None
    is_tracking_uploaded: bool = False


class NewAddress(msgspec.Struct, kw_only=True):
    """The body of ``:updateAddress``."""

    street_address1: str
    city: str
    street_address2: str | None = None
    company_name: str | None = None
    country_code: str | None = None
    email: str | None = None
    phone_number: str | None = None
    recipient_name: str | None = None
    state: str | None = None
    zip_code: str | None = None


class LineItem(msgspec.Struct, kw_only=True):
    """One item of ``:updateLineItems``; 0 takes it out."""

    inventory_id: int
    quantity: int


class LineItems(msgspec.Struct):
    """The body of ``:updateLineItems``."""

    items: list[LineItem]


class ServiceChange(msgspec.Struct, kw_only=True):
    """The body of ``:bulkUpdateShippingService``."""

    reason: str
    requested_shipping_service_id: int
    shipment_ids: list[int]


def bad_edit(errors: Mapping[str, Sequence[str]]) -> Refusal:
    """400 as ``{code, message}``."""
    return edit_error(
        400, "INVALID_PARAMETER", "; ".join(f"{k}: {v[0]}" for k, v in errors.items())
    )


class ShipmentsApi:
    """The handlers."""

    def __init__(
        self,
        *,
        orders: Orders,
        fulfilment: Fulfilment,
        products: Products,
        centers: Centers,
        views: OrderViews,
    ) -> None:
        self._orders = orders
        self._fulfilment = fulfilment
        self._products = products
        self._centers = centers
        self._views = views

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource, of which many have two paths."""

        def route(
            method: str, path: str, handler: Callable[[Call], Answer], channel: str = "ignored"
        ) -> Endpoint:
            return Endpoint(
                method=method,
                path=path,
                handler=handler,
                scopes=READ if method == "GET" else WRITE,
                channel="filter" if method == "GET" else channel,
            )

        alone, within = "/shipment/{shipment:key}", "/order/{order:key}/shipment/{shipment:key}"
        return [
            route("GET", "/order/{order:key}/shipment", self.list_of_order),
            *(route("GET", path, self.show) for path in (alone, within)),
            *(route("GET", f"{path}/timeline", self.timeline) for path in (alone, within)),
            *(route("GET", f"{path}/logs", self.logs) for path in (alone, within)),
            *(route("POST", f"{path}:cancel", self.cancel) for path in (alone, within)),
            route("POST", "/shipment:batchcancel", self.batch_cancel, "required"),
            route("POST", "/shipment:batchupdatetrackingupload", self.mark_uploaded),
            route("GET", f"{alone}:getlineitems", self.line_items),
            route("PUT", f"{alone}:updateaddress", self.update_address),
            route("POST", f"{alone}:updatelineitems", self.update_line_items),
            route("PUT", "/shipment:bulkupdateshippingservice", self.update_service),
        ]

    def list_of_order(self, call: Call) -> Answer:
        """``GET /order/{id}/shipment``: a bare array."""
        text = call.ids["order"]
        order = self._orders.by_id.get(whole(text))
        if order is None:
            raise empty(404)
        return Answer(200, [self._views.shipment(each, order) for each in order.shipments])

    def show(self, call: Call) -> Answer:
        """``GET /shipment/{id}``."""
        shipment = self._find(call)
        return Answer(200, self._views.shipment(shipment, self._orders.of(shipment)))

    def timeline(self, call: Call) -> Answer:
        """``GET .../timeline``: what matters to the buyer."""
        notes = self._find(call).notes
        return Answer(200, [note_view(note) for note in notes if note.milestone])

    def logs(self, call: Call) -> Answer:
        """``GET .../logs``: everything."""
        return Answer(200, [note_view(note) for note in self._find(call).notes])

    def cancel(self, call: Call) -> Answer:
        """``POST .../{id}:cancel``: 422 once the label is printed."""
        shipment = self._find(call)
        if not self._fulfilment.cancel(shipment):
            raise fields(422, {"": [f"Shipment has status {shipment.status}"]})
        return Answer(200, self._views.shipment(shipment, self._orders.of(shipment)))

    def batch_cancel(self, call: Call) -> Answer:
        """``POST /shipment:batchCancel``: a result for each."""
        asked = call.body(ShipmentIds, lambda errors: fields(422, errors))
        results: list[dict[str, object]] = []
        for number in asked.shipment_ids or []:
            shipment = self._orders.shipments.get(number)
            if shipment is None or self._orders.of(shipment).channel_id != call.channel_id:
                results.append(
                    {
                        "shipment_id": number,
                        "action": "Cancel",
                        "is_success": False,
                        "reason": "Shipment not found",
                    }
                )
            else:
                results.append(cancelled(self._fulfilment, shipment))
        return Answer(200, {"results": results})

    def mark_uploaded(self, call: Call) -> Answer:
        """``POST /shipment:batchUpdateTrackingUpload``; its errors are bare texts."""
        asked = call.body(TrackingUpload, lambda errors: text_error(400, str(dict(errors))))
        if not asked.shipment_ids:
            raise text_error(400, "Shipment ids are required.")
        results: list[dict[str, object]] = []
        for number in asked.shipment_ids:
            shipment = self._orders.shipments.get(number)
            if shipment is not None:
                shipment.tracking_uploaded = asked.is_tracking_uploaded
            error = {"code": "NOT_FOUND", "message": f"Shipment {number} not found"}
            results.append(
                {
                    "shipmentId": number,
                    "isSuccess": shipment is not None,
                    "error": None if shipment is not None else error,
                }
            )
        return Answer(200, {"summary": _summary(results, "isSuccess"), "results": results})

    def line_items(self, call: Call) -> Answer:
        """``GET /shipment/{id}:getLineItems``."""
        shipment = self._find_or_say(call, status=404)
        return Answer(
            200,
            [
                {
                    "inventory_id": pick.inventory_id,
                    "quantity": pick.quantity,
                    "committed_quantity": pick.committed,
                    "is_hazmat": False,
                    "is_lot": bool(pick.lot_number),
                    "lot": {
                        "lot_number": pick.lot_number or None,
                        "lot_date": stamp_or_none(pick.lot_date),
                        "selection_method": "ShipbobChooses",
                    },
                    "product_variant": {
                        "id": pick.line.variant_id or pick.line.id,
                        "name": pick.line.name,
                        "sku": pick.line.sku,
                    },
                    "serial_numbers": [],
                }
                for pick in shipment.picks
            ],
        )

    def update_address(self, call: Call) -> Answer:
        """``PUT /shipment/{id}:updateAddress`` while no label is printed."""
        shipment = self._find_to_edit(call)
        new = call.body(NewAddress, bad_edit)
        old = shipment.recipient.get("address")
        address = {
            **(old if isinstance(old, dict) else {}),
            "address1": new.street_address1,
            "address2": new.street_address2,
            "company_name": new.company_name,
            "city": new.city,
            "state": new.state,
            "country": new.country_code or "US",
            "zip_code": new.zip_code,
        }
        name = new.recipient_name or shipment.recipient.get("name")
        shipment.recipient = {**shipment.recipient, "name": name, "address": address}
        if shipment.status == "OnHold":
            self._fulfilment.resume(shipment)
        self._fulfilment.edited(shipment, "order.shipment.address.updated", "Address updated")
        return Answer(200, {"id": shipment.id, "is_success": True, "error": None})

    def update_line_items(self, call: Call) -> Answer:
        """``POST /shipment/{id}:updateLineItems``: the items that the shipment is to have."""
        shipment = self._find_to_edit(call)
        asked = call.body(LineItems, bad_edit)
        before = {pick.inventory_id: pick.quantity for pick in shipment.picks}
        after = dict(before)
        for item in asked.items:
            if item.inventory_id not in self._products.by_inventory_id or item.quantity < 0:
                text = f"Inventory {item.inventory_id} is not valid"
                raise edit_error(400, "VALIDATION_ERROR", text)
            after[item.inventory_id] = item.quantity
        changes = [
            (number, before.get(number, 0), quantity)
            for number, quantity in after.items()
            if before.get(number, 0) != quantity
        ]
        self._fulfilment.repick(shipment, {n: q for n, q in after.items() if q})
        for _, was, now in changes:
            topic = f"order.shipment.line_item.{_verb(was, now)}"
            self._fulfilment.edited(shipment, topic, f"Line item {_verb(was, now)}")
        rows = [
            {
                "action": _verb(was, now),
                "inventory_id": number,
                "previous_value": str(was),
                "new_value": str(now),
            }
            for number, was, now in changes
        ]
        body = {"id": shipment.id, "is_success": True, "error": None, "shipment_line_items": rows}
        return Answer(200, body)

    def update_service(self, call: Call) -> Answer:
        """``PUT /shipment:bulkUpdateShippingService``."""
        asked = call.body(ServiceChange, bad_edit)
        if not 1 <= asked.requested_shipping_service_id <= len(SHIPPING_METHODS):
            raise edit_error(400, "INVALID_PARAMETER", "The shipping service does not exist")
        service = SHIPPING_METHODS[asked.requested_shipping_service_id - 1]
        results: list[dict[str, object]] = []
        for number in asked.shipment_ids:
            shipment = self._orders.shipments.get(number)
            error = self._edit_fault(number, shipment)
            if shipment is not None and error is None:
                shipment.ship_option = service
                topic = "order.shipment.shipping_service.updated"
                self._fulfilment.edited(shipment, topic, asked.reason)
            results.append({"id": number, "is_success": error is None, "error": error})
        return Answer(200, {"summary": _summary(results, "is_success"), "results": results})

    def _find(self, call: Call) -> Shipment:
        text = call.ids["shipment"]
        shipment = self._orders.shipments.get(whole(text))
        if shipment is None:
            raise empty(404)
        order = self._orders.of(shipment)
        if call.ids.get("order", str(order.id)) != str(order.id):
            raise empty(404)
        if call.channel_id not in {None, order.channel_id}:
            raise empty(404)
        return shipment

    def _find_to_edit(self, call: Call) -> Shipment:
        shipment = self._find_or_say(call, status=400)
        if shipment.status not in EDITABLE:
            raise edit_error(400, "CONFLICT", f"Shipment has status {shipment.status}")
        return shipment

    def _find_or_say(self, call: Call, *, status: int) -> Shipment:
        text = call.ids["shipment"]
        shipment = self._orders.shipments.get(whole(text))
        if shipment is None:
            raise edit_error(status, "NOT_FOUND", f"Shipment {text} not found")
        return shipment

    def _edit_fault(self, number: int, shipment: Shipment | None) -> dict[str, str] | None:
        if shipment is None:
            return {"code": "NOT_FOUND", "message": f"Shipment {number} not found"}
        if shipment.status not in EDITABLE:
            return {"code": "CONFLICT", "message": f"Shipment has status {shipment.status}"}
        return None


def _verb(before: int, after: int) -> str:
    if not before:
        return "added"
    return "removed" if not after else "updated"


def _summary(results: Sequence[Mapping[str, object]], key: str) -> dict[str, int]:
    good = sum(bool(result[key]) for result in results)
    return {"total": len(results), "successful": good, "failed": len(results) - good}
