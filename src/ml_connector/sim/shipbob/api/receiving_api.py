"""``/receiving`` and ``/fulfillment-center`` (reference shipbob.md, 9.1 and 9.4)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.products import Products, Variant
from ml_connector.sim.shipbob.books.receiving import BoxItem, Receiving, Wro
from ml_connector.sim.shipbob.http.answers import Answer, Refusal, fields, validation_problem
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import Endpoint, validation_404
from ml_connector.sim.shipbob.http.paging import numbered_page
from ml_connector.sim.shipbob.values.dates import read_date_time
from ml_connector.sim.shipbob.values.labels import labels_pdf
from ml_connector.sim.shipbob.values.vocabulary import BOX_PACKAGING_TYPES, PACKAGE_TYPES
from ml_connector.sim.shipbob.webhooks.wro_views import box_view, wro_view

MOST_BOXES = 50
"""Of package type Package, in one request."""
MOST_SKUS = 10_000

READ = ("receiving_read",)
WRITE = ("receiving_write",)


class NewItem(msgspec.Struct, kw_only=True):
    """A box item as sent; ``sku`` counts from 2026-07 on."""

    quantity: int
    inventory_id: int | None = None
    sku: str | None = None
    lot_number: str | None = None
    lot_date: str | None = None


class NewBox(msgspec.Struct, kw_only=True):
    """A box as sent."""

    tracking_number: str
    box_items: list[NewItem]


class CenterId(msgspec.Struct):
    """The fulfillment center of a new WRO."""

    id: int


class Freight(msgspec.Struct):
    """Freight details, since 2026-07."""

    carrier: str | None = None
    bol_number: str | None = None
    container_number: str | None = None
    vessel_name: str | None = None
    freight_forwarder: str | None = None
    notes: str | None = None


class NewWro(msgspec.Struct, kw_only=True):
    """The body of ``POST /receiving``."""

    fulfillment_center: CenterId
    package_type: str
    box_packaging_type: str
    expected_arrival_date: str
    boxes: list[NewBox]
    purchase_order_number: str | None = None
    freight: Freight | None = None
    final_destination_fulfillment_center_id: int | None = None


class ExternalSync(msgspec.Struct, kw_only=True):
    """The body of ``POST /receiving:setExternalSync``."""

    ids: list[int] = []
    is_external_sync: bool = False


class ReceivingApi:
    """The handlers. Attributes are switches for behaviour that varies live.

    Attributes:
        received_lags: see ``wro_view``.
        stowed_lags: in so many answers that are still to come, a WRO's stowed counters are those
            before the last stowing, see ``wro_view``; answers that would be the same don't count.
        completed_written: see ``wro_view``.
        page_cap: no page is longer, whatever is asked.
        listed_after: a new WRO takes this long to be listed (section 8, an inference).
        awaiting: how the first status is written, see ``wro_view``.
        empty_past_the_end: a page past the end has an empty body instead of an empty array.
        unique_numbers: a PO number that another WRO has is refused (section 12).
        sync_answers_wro: ``setExternalSync`` answers as the OpenAPI file says, with a WRO.
    """

    def __init__(
        self,
        *,
        receiving: Receiving,
        centers: Centers,
        products: Products,
        now: Callable[[], datetime],
    ) -> None:
        self._receiving = receiving
        self._centers = centers
        self._products = products
        self._now = now
        self.received_lags = False
        self.stowed_lags = 0
        self.completed_written: str | None = None
        self.page_cap = 250
        self.listed_after = timedelta(0)
        self.awaiting = "Awaiting"
        self.empty_past_the_end = False
        self.unique_numbers = False
        self.sync_answers_wro = False

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""

        def route(method: str, path: str, handler: Callable[[Call], Answer]) -> Endpoint:
            scopes = READ if method == "GET" else WRITE
            return Endpoint(
                method=method, path=path, handler=handler, scopes=scopes, bad_value=validation_404
            )

        return [
            route("GET", "/fulfillment-center", self.list_centers),
            route("GET", "/receiving", self.list_wros),
            route("POST", "/receiving", self.create),
            route("POST", "/receiving:setexternalsync", self.set_external_sync),
            route("GET", "/receiving/{id:key}", self.show),
            route("GET", "/receiving/{id:key}/boxes", self.list_boxes),
            route("GET", "/receiving/{id:key}/labels", self.labels),
            route("GET", "/receiving/{id:key}/distributions", self.distributions),
            route("POST", "/receiving/{id:key}:cancel", self.cancel),
        ]

    def view(self, wro: Wro, version: str) -> dict[str, object]:
        """The WRO as this API shows it."""
        return wro_view(
            wro,
            version=version,
            centers=self._centers,
            products=self._products,
            received_lags=self.received_lags,
            stowed_lags=self._lags(wro),
            awaiting=self.awaiting,
            completed_written=self.completed_written,
        )

    def _lags(self, wro: Wro) -> bool:
        """Return whether this answer shows a WRO as it was before somebody stowed of it."""
        items = (item for box in wro.boxes for item in box.items)
        if not self.stowed_lags or all(item.stowed_before == item.stowed for item in items):
            return False
        self.stowed_lags -= 1
        return True

    def list_centers(self, _: Call) -> Answer:
        """``GET /fulfillment-center``: where the merchant may send stock. No paging."""
        return Answer(200, [each.view() for each in self._centers if each.receiving])

    def list_wros(self, call: Call) -> Answer:
        """``GET /receiving``: newest first, bare array, page in the headers."""
        keep = self._filter(call)
        wros = [wro for wro in reversed(self._receiving.wros.values()) if keep(wro)]
        asked = call.query.number("Limit") or 50
        size = max(1, min(asked, self.page_cap, 250))
        page = numbered_page(call, wros, lambda wro: self.view(wro, call.version), size=size)
        return (
            Answer(200, None, page.headers) if self.empty_past_the_end and not page.body else page
        )

    def show(self, call: Call) -> Answer:
        """``GET /receiving/{id}``."""
        return Answer(200, self.view(self._find(call), call.version))

    def list_boxes(self, call: Call) -> Answer:
        """``GET /receiving/{id}/boxes``: bare array, no paging."""
        return Answer(200, [box_view(box) for box in self._find(call).boxes])

    def labels(self, call: Call) -> Answer:
        """``GET /receiving/{id}/labels``: a PDF with a page for each box."""
        wro = self._find(call)
        pages = [[f"WRO {wro.id}", f"Box {box.number}", box.tracking_number] for box in wro.boxes]
        return Answer(200, labels_pdf(pages), media_type="application/pdf")

    def distributions(self, call: Call) -> Answer:
        """``GET /receiving/{id}/distributions``: for Inventory Placement accounts only.

        This account is none, so nothing is found; 2026-07 says so in ProblemDetails.
        """
        self._find(call)
        raise validation_problem(404, "This account does not use the placement program.", {})

    def create(self, call: Call) -> Answer:
        """``POST /receiving``: 201. A PO number that exists already is no obstacle."""
        status = 400 if call.version == "2026-01" else 422

        def refuse(errors: Mapping[str, Sequence[str]]) -> Refusal:
            return fields(status, errors)

        new = call.body(NewWro, refuse)
        by_sku = call.version != "2026-01"
        errors = self._faults(new, by_sku=by_sku) or self._number_faults(new)
        if errors:
            raise refuse(errors)
        wro = self._receiving.create(
            center_id=new.fulfillment_center.id,
            boxes=[
                (box.tracking_number, [self._item(item, by_sku=by_sku) for item in box.box_items])
                for box in new.boxes
            ],
            expected_arrival=read_date_time(new.expected_arrival_date),
            purchase_order_number=new.purchase_order_number,
            package_type=new.package_type,
            box_packaging_type=new.box_packaging_type,
            freight=msgspec.structs.asdict(new.freight) if new.freight and by_sku else None,
            final_destination_id=new.final_destination_fulfillment_center_id if by_sku else None,
        )
        return Answer(201, self.view(wro, call.version))

    def cancel(self, call: Call) -> Answer:
        """``POST /receiving/{id}:cancel``: while nothing has arrived; repeating it is harmless."""
        wro = self._find(call)
        if wro.status == "Awaiting":
            self._receiving.cancel(wro)
        elif wro.status != "Cancelled":
            text = f"A receiving order with status {wro.status} can not be cancelled."
            raise fields(422, {"": [text]})
        return Answer(200, self.view(wro, call.version))

    def set_external_sync(self, call: Call) -> Answer:
        """``POST /receiving:setExternalSync``: the answer seen live, not the documented one."""
        asked = call.body(ExternalSync, lambda errors: fields(400, errors))
        results = []
        for number in asked.ids:
            wro = self._receiving.wros.get(number)
            if wro is not None:
                self._receiving.set_external_sync(wro, asked.is_external_sync)
            reason = "" if wro is not None else "Receiving order not found"
            results.append(
                {
                    "id": number,
                    "action": "ExternalSync",
                    "is_success": wro is not None,
                    "reason": reason,
                }
            )
        if self.sync_answers_wro:
            wro = next(filter(None, map(self._receiving.wros.get, asked.ids)), None)
            return Answer(200, self.view(wro, call.version) if wro is not None else {})
        return Answer(200, {"results": results})

    def _find(self, call: Call) -> Wro:
        text = call.ids["id"]
        wro = self._receiving.wros.get(whole(text))
        if wro is None:
            detail = f"Receiving order {text} was not found."
            raise validation_problem(404, detail, {"id": [detail]})
        return wro

    def _filter(self, call: Call) -> Callable[[Wro], bool]:
        query = call.query
        ids = set(query.numbers("IDs"))
        statuses = {status.lower() for status in query.many("Statuses")}
        numbers = set(query.many("PurchaseOrderNumbers"))
        centers = set(query.numbers("FulfillmentCenterIds"))
        synced = query.flag("ExternalSync")
        inserted = (query.instant("InsertStartDate"), query.instant("InsertEndDate"))
        completed = (query.instant("CompletedStartDate"), query.instant("CompletedEndDate"))

        newest = self._now() - self.listed_after

        def keep(wro: Wro) -> bool:
            return (
                wro.inserted <= newest
                and (not ids or wro.id in ids)
                and (not statuses or wro.status.lower() in statuses)
                and (not numbers or wro.purchase_order_number in numbers)
                and (not centers or wro.center_id in centers)
                and (synced is None or synced == (wro.external_sync is not None))
                and _within(wro.inserted, inserted)
                and _within(wro.completed, completed)
            )

        return keep

    def _faults(self, new: NewWro, *, by_sku: bool) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        center = self._centers.get(new.fulfillment_center.id)
        if center is None or not center.receiving:
            faults["fulfillment_center.id"] = ["The fulfillment center does not exist."]
        if new.package_type not in PACKAGE_TYPES:
            faults["package_type"] = [f"Must be one of {', '.join(PACKAGE_TYPES)}."]
        if new.box_packaging_type not in BOX_PACKAGING_TYPES:
            faults["box_packaging_type"] = [f"Must be one of {', '.join(BOX_PACKAGING_TYPES)}."]
        faults |= self._date_faults(new.expected_arrival_date)
        if not new.boxes:
            faults["boxes"] = ["At least one box is required."]
        if new.package_type == "Package" and len(new.boxes) > MOST_BOXES:
            faults["boxes"] = [f"A request may hold at most {MOST_BOXES} boxes."]
        if new.package_type == "FloorLoadedContainer" and len(new.boxes) > 1:
            faults["boxes"] = ["A floor loaded container is one box."]
        for number, box in enumerate(new.boxes):
            faults |= self._box_faults(f"boxes[{number}]", box, by_sku=by_sku)
        if not faults and self._too_many_skus(new):
            faults[""] = ["WRO_UNIQUE_SKU_LIMIT_EXCEEDED"]
        final = new.final_destination_fulfillment_center_id
        if by_sku and final is not None and self._centers.get(final) is None:
            faults["final_destination_fulfillment_center_id"] = ["It does not exist."]
        return faults

    def _number_faults(self, new: NewWro) -> dict[str, list[str]]:
        number = new.purchase_order_number
        others = self._receiving.wros.values()
        if not self.unique_numbers or not any(
            wro.purchase_order_number == number and wro.status != "Cancelled" for wro in others
        ):
            return {}
        return {"purchase_order_number": ["A receiving order with this number exists already."]}

    def _date_faults(self, text: str) -> dict[str, list[str]]:
        try:
            arrival = read_date_time(text)
        except ValueError:
            return {"expected_arrival_date": ["A full RFC 3339 date-time is required."]}
        if arrival <= self._now():
            return {"expected_arrival_date": ["Arrival date must be in the future"]}
        return {}

    def _box_faults(self, where: str, box: NewBox, *, by_sku: bool) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        if not box.tracking_number.strip():
            faults[f"{where}.tracking_number"] = ["The tracking_number field is required."]
        if not box.box_items:
            faults[f"{where}.box_items"] = ["At least one item is required."]
        for number, item in enumerate(box.box_items):
            place = f"{where}.box_items[{number}]"
            if item.quantity < 1:
                faults[f"{place}.quantity"] = ["The quantity must be at least 1."]
            variant = self._variant(item, by_sku=by_sku)
            if variant is None:
                key = "sku" if by_sku and item.inventory_id is None else "inventory_id"
                faults[f"{place}.{key}"] = ["The inventory item does not exist."]
            elif variant.lot and not (item.lot_number and item.lot_date):
                text = "lot_number and lot_date are required for lot tracked inventory."
                faults[f"{place}.lot_number"] = [text]
            if item.lot_date:
                faults |= _lot_faults(f"{place}.lot_date", item.lot_date)
        return faults

    def _too_many_skus(self, new: NewWro) -> bool:
        if sum(len(box.box_items) for box in new.boxes) <= MOST_SKUS:
            return False
        keys = {(item.inventory_id, item.sku) for box in new.boxes for item in box.box_items}
        return len(keys) > MOST_SKUS

    def _variant(self, item: NewItem, *, by_sku: bool) -> Variant | None:
        if item.inventory_id is not None:
            return self._products.by_inventory_id.get(item.inventory_id)
        if by_sku and item.sku:
            return next(iter(self._products.of_sku(item.sku)), None)
        return None

    def _item(self, item: NewItem, *, by_sku: bool) -> BoxItem:
        variant = self._variant(item, by_sku=by_sku)
        if variant is None:
            raise LookupError("The item was checked before.")
        return BoxItem(
            inventory_id=variant.inventory_id,
            quantity=item.quantity,
            lot_number=item.lot_number or None,
            lot_date=read_date_time(item.lot_date) if item.lot_date else None,
        )


def _lot_faults(where: str, text: str) -> dict[str, list[str]]:
    try:
        read_date_time(text)
    except ValueError:
        return {where: ["A full RFC 3339 date-time is required."]}
    return {}


def _within(at: datetime | None, limits: tuple[datetime | None, datetime | None]) -> bool:
    start, end = limits
    if start is None and end is None:
        return True
    return at is not None and (start is None or at >= start) and (end is None or at <= end)
