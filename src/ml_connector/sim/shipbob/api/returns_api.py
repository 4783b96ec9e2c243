"""``/return`` (reference shipbob.md, 9.6)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from ml_connector.sim.shipbob.api.orders_api import within
from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.orders import Orders
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.returns import REQUESTED_ACTIONS, Return, ReturnLine, Returns
from ml_connector.sim.shipbob.http.answers import Answer, Refusal, empty, problem, returns_error
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint, problem_400
from ml_connector.sim.shipbob.http.paging import page_size, return_page
from ml_connector.sim.shipbob.webhooks.return_views import ReturnViews

LONGEST_REFERENCE = 50
LONGEST_TRACKING = 500


class CenterId(msgspec.Struct):
    """Where the box goes."""

    id: int


class NewLine(msgspec.Struct, kw_only=True):
    """One inventory id that comes back."""

    id: int
    quantity: int
    requested_action: str
    lot_number: str | None = None
    lot_date: datetime | None = None


class NewReturn(msgspec.Struct, kw_only=True):
    """The body of ``POST`` and ``PUT``."""

    reference_id: str
    fulfillment_center: CenterId
    inventory: list[NewLine]
    original_shipment_id: int | None = None
    tracking_number: str | None = None


class ReturnsApi:
    """The handlers. ``views.spaced`` changes how statuses are written."""

    def __init__(
        self,
        *,
        returns: Returns,
        orders: Orders,
        products: Products,
        centers: Centers,
        access: Access,
    ) -> None:
        self._returns = returns
        self._orders = orders
        self._products = products
        self._centers = centers
        self.views = ReturnViews(access=access, centers=centers, products=products)

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""

        def route(
            method: str, path: str, handler: Callable[[Call], Answer], channel: str
        ) -> Endpoint:
            return Endpoint(
                method=method,
                path=path,
                handler=handler,
                scopes=("returns_read",) if method == "GET" else ("returns_write",),
                channel=channel,
                bad_value=problem_400,
            )

        return [
            route("GET", "/return", self.list_returns, "filter"),
            route("POST", "/return", self.create, "required"),
            route("GET", "/return/{id:key}", self.show, "filter"),
            route("PUT", "/return/{id:key}", self.edit, "ignored"),
            route("POST", "/return/{id:key}:cancel", self.cancel, "ignored"),
        ]

    def list_returns(self, call: Call) -> Answer:
        """``GET /return``: newest first unless ``SortOrder=Asc``; the cursor is a page number."""
        size = page_size(call.query, ("Limit",), default=50, largest=250)
        keep = self._filter(call)
        found = [each for each in self._returns.by_id.values() if keep(each)]
        if call.query.text("SortOrder").lower() != "asc":
            found.reverse()
        return return_page(call, found, self.views.full, size=size)

    def show(self, call: Call) -> Answer:
        """``GET /return/{id}``."""
        found = self._find(call)
        if found is None or call.channel_id not in {None, found.channel_id}:
            raise problem(404, f"Return {call.ids['id']} was not found.")
        return Answer(200, self.views.full(found))

    def create(self, call: Call) -> Answer:
        """``POST /return``: 201 and the older, smaller form."""
        new = call.body(NewReturn, _refusing(put=False))
        errors = self._faults(new)
        if new.reference_id in self._returns.by_reference:
            errors.append("A return with this reference_id is existing already (duplicate).")
        if errors:
            raise returns_error(422, "Validation failed", errors, put=False)
        shipment = self._orders.shipments.get(new.original_shipment_id or 0)
        order = self._orders.of(shipment) if shipment else None
        made = self._returns.create(
            channel_id=call.channel_id or call.caller.channel.id,
            reference_id=new.reference_id,
            center_id=new.fulfillment_center.id,
            lines=_lines(new),
            original_shipment_id=new.original_shipment_id,
            tracking_number=new.tracking_number,
            store_order_id=order.order_number if order else None,
            customer_name=str(order.recipient.get("name")) if order else None,
            shipment_tracking_number=(
                shipment.parcels[0].tracking_number if shipment and shipment.parcels else None
            ),
        )
        return Answer(201, self.views.small(made))

    def edit(self, call: Call) -> Answer:
        """``PUT /return/{id}``: while it is awaited."""
        found = self._find(call)
        if found is None:
            raise empty(404)
        new = call.body(NewReturn, _refusing(put=True))
        errors = self._faults(new)
        if found.status != "AwaitingArrival":
            errors.append(f"A return with status {found.status} can not be changed.")
        if self._returns.by_reference.get(new.reference_id, found) is not found:
            errors.append("A return with this reference_id is existing already (duplicate).")
        if errors:
            raise returns_error(422, "Validation failed", errors, put=True)
        self._returns.rename(found, new.reference_id)
        found.center_id = new.fulfillment_center.id
        found.lines = _lines(new)
        found.original_shipment_id = new.original_shipment_id
        found.tracking_number = new.tracking_number
        self._returns.edited(found)
        return Answer(200, self.views.small(found))

    def cancel(self, call: Call) -> Answer:
        """``POST /return/{id}:cancel``: while it is awaited, else 400."""
        found = self._find(call)
        if found is None or not self._returns.cancel(found):
            raise problem(400, "The return can not be cancelled.")
        return Answer(200)

    def _find(self, call: Call) -> Return | None:
        text = call.ids["id"]
        return self._returns.by_id.get(whole(text))

    def _filter(self, call: Call) -> Callable[[Return], bool]:
        query = call.query
        ids, references = set(query.numbers("Ids")), set(query.many("ReferenceIds"))
        statuses = {each.replace(" ", "").lower() for each in query.many("Status")}
        kinds = {
            "rts" if e.lower() == "returntosender" else e.lower()
            for e in query.many("ReturnTypes")
        }
        centers = set(query.numbers("FulfillmentCenterIds"))
        tracking = set(query.many("TrackingNumbers"))
        shipments = set(query.numbers("OriginalShipmentIds"))
        inventory = set(query.numbers("InventoryIds"))
        actions = {each.lower() for each in query.many("ReturnActions")}
        store_orders = set(query.many("StoreOrderIds"))
        inserted = (query.instant("StartDate"), query.instant("EndDate"))
        completed = (query.instant("CompletedStartDate"), query.instant("CompletedEndDate"))

        def keep(each: Return) -> bool:
            kind = "rts" if each.type == "ReturnToSender" else each.type.lower()
            taken = {taken.action.lower() for line in each.lines for taken in line.taken}
            return (
                call.channel_id in {None, each.channel_id}
                and (not ids or each.id in ids)
                and (not references or each.reference_id in references)
                and (not statuses or each.status.replace(" ", "").lower() in statuses)
                and (not kinds or kind in kinds)
                and (not centers or each.center_id in centers)
                and (not tracking or each.tracking_number in tracking)
                and (not shipments or each.original_shipment_id in shipments)
                and (not inventory or not inventory.isdisjoint(i.inventory_id for i in each.lines))
                and (not actions or not actions.isdisjoint(taken))
                and (not store_orders or each.store_order_id in store_orders)
                and within(each.inserted, inserted)
                and within(each.at("Completed"), completed)
            )

        return keep

    def _faults(self, new: NewReturn) -> list[str]:
        faults: list[str] = []
        if not 1 <= len(new.reference_id) <= LONGEST_REFERENCE:
            faults.append(f"reference_id must have 1 to {LONGEST_REFERENCE} characters.")
        if len(new.tracking_number or "") > LONGEST_TRACKING:
            faults.append(f"tracking_number must have at most {LONGEST_TRACKING} characters.")
        if self._centers.get(new.fulfillment_center.id) is None:
            faults.append("The fulfillment center does not exist.")
        if new.original_shipment_id is not None:
            shipment = self._orders.shipments.get(new.original_shipment_id)
            if shipment is None:
                faults.append("The original shipment does not exist.")
        if not new.inventory:
            faults.append("At least one inventory item is required.")
        ids = [line.id for line in new.inventory]
        if len(set(ids)) < len(ids):
            faults.append("Each inventory id may occur only once.")
        for line in new.inventory:
            faults += self._line_faults(line)
        return faults

    def _line_faults(self, line: NewLine) -> list[str]:
        variant = self._products.by_inventory_id.get(line.id)
        faults = []
        if variant is None:
            faults.append(f"Inventory {line.id} does not exist.")
        elif variant.digital or variant.bundle:
            faults.append(f"Inventory {line.id} is digital or a bundle and can not be returned.")
        if line.quantity < 1:
            faults.append("The quantity must be at least 1.")
        if line.requested_action not in REQUESTED_ACTIONS:
            faults.append(f"requested_action must be one of {', '.join(REQUESTED_ACTIONS)}.")
        return faults


def _refusing(*, put: bool) -> Callable[[Mapping[str, Sequence[str]]], Refusal]:
    def refuse(errors: Mapping[str, Sequence[str]]) -> Refusal:
        texts = [f"{field}: {text}" for field, found in errors.items() for text in found]
        return returns_error(422, "Validation failed", texts, put=put)

    return refuse


def _lines(new: NewReturn) -> list[ReturnLine]:
    return [
        ReturnLine(
            inventory_id=line.id,
            quantity=line.quantity,
            requested=line.requested_action,
            lot_number=line.lot_number,
            lot_date=line.lot_date,
        )
        for line in new.inventory
    ]
