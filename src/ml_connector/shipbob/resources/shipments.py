"""Orders, shipments and tracking: their payloads, and the requests about them. Pure.

Source: ShipBob reference, sections 6, 7.6 and 9.5, and its OpenAPI file. Only ids are
required: a null and a missing key mean the same, and enums are open. Names and addresses of
recipients are not read.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.shipbob import payloads
from ml_connector.shipbob.filters import LARGE_PAGE, lists, moment
from ml_connector.shipbob.payloads import to_utc
from ml_connector.shipbob.session import Request, segment
from ml_connector.transport.call import Patience, Priority

MOST_TRACKED: Final = 25
"""Shipments in one ``GET /shipments-tracking``."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The fulfillment center that a shipment leaves from."""

    id: int
    name: str = ""


class StatusDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A detail beside a shipment's status, such as 201 InTransit (section 9.5)."""

    id: int = 0
    name: str = ""
    description: str = ""
    inventory_id: int | None = None


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """Carrier and number of a shipment; missing until it has a label."""

    carrier: str | None = None
    carrier_service: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    pro_number: str | None = None
    shipping_date: datetime | None = None

    def __post_init__(self) -> None:
        to_utc(self, "shipping_date")


class ShippedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one inventory item, and one lot, within a product of a shipment.

    Attributes:
        id: the inventory id.
        quantity: whole eaches of the inventory item in the whole shipment.
    """

    id: int
    name: str = ""
    quantity: int = 0
    quantity_committed: int | None = None
    lot: str | None = None
    serial_numbers: tuple[str, ...] = ()


class ShippedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the store within a shipment; a kit has its members as items.

    Its own quantity is not given, only those of its items.
    """

    id: int | None = None
    reference_id: str | None = None
    sku: str | None = None
    name: str = ""
    inventory_items: tuple[ShippedItem, ...] = ()


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """The weight of a shipment, if it is known."""

    total_weight_oz: float | None = None


class Carton(msgspec.Struct, frozen=True, kw_only=True):
    """A carton of a shipment."""

    id: int | None = None
    barcode: str | None = None


class ParentCarton(msgspec.Struct, frozen=True, kw_only=True):
    """A box or pallet with cartons in it."""

    type: str | None = None
    barcode: str | None = None
    cartons: tuple[Carton, ...] = ()


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment of an order (section 9.5, GET /shipment/{id}).

    Attributes:
        reference_id: of the order.
        status: None, Processing, LabeledCreated, Completed (has left ShipBob; not
            delivered), Exception, OnHold, Cancelled, CleanSweeped, ImportReview, or a new one.
        actual_fulfillment_date: when the label was printed.
        last_tracking_update_at: shows whether an update is older than another one.
    """

    id: int
    order_id: int | None = None
    reference_id: str | None = None
    status: str = ""
    status_details: tuple[StatusDetail, ...] = ()
    tracking: Tracking | None = None
    location: Place | None = None
    ship_option: str | None = None
    created_date: datetime | None = None
    last_update_at: datetime | None = None
    last_tracking_update_at: datetime | None = None
    actual_fulfillment_date: datetime | None = None
    delivery_date: datetime | None = None
    is_tracking_uploaded: bool = False
    measurements: Measurements | None = None
    products: tuple[ShippedProduct, ...] = ()
    parent_cartons: tuple[ParentCarton, ...] = ()

    def __post_init__(self) -> None:
        to_utc(
            self,
            "created_date",
            "last_update_at",
            "last_tracking_update_at",
            "actual_fulfillment_date",
            "delivery_date",
        )

    @property
    def carton_count(self) -> int:
        """The number of cartons; 0 when none is named."""
        return sum(max(1, len(parent.cartons)) for parent in self.parent_cartons)


class OrderProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it was ordered, over all shipments."""

    id: int | None = None
    reference_id: str | None = None
    sku: str | None = None
    quantity: int = 0
    external_line_id: int | str | None = None


class OrderChannel(msgspec.Struct, frozen=True, kw_only=True):
    """The channel that an order came through."""

    id: int
    name: str = ""


class OrderTag(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of an order, as the merchant's systems gave it (Orders.TagViewModel)."""

    name: str = ""
    value: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order with all its shipments (section 9.5, GET /order/{id}).

    Attributes:
        reference_id: unique within the channel; the sales order is found by it.
        status: Processing, Exception, PartiallyFulfilled, Fulfilled, Cancelled,
            ImportReview, or a new one.
    """

    id: int
    reference_id: str | None = None
    order_number: str | None = None
    status: str = ""
    type: str = ""
    channel: OrderChannel | None = None
    tags: tuple[OrderTag, ...] | None = None
    created_date: datetime | None = None
    products: tuple[OrderProduct, ...] = ()
    shipments: tuple[Shipment, ...] = ()

    def __post_init__(self) -> None:
        to_utc(self, "created_date")


class ParcelTracking(msgspec.Struct, frozen=True, kw_only=True):
    """The carrier's state of a parcel (section 9.5, GET /shipments-tracking).

    Attributes:
        status: PreTransit, InTransit, Available for Pickup, Delivered, Delivery attempt
            Failed, DeliveryException, Exception, Failed, Cancelled, Return to sender, or a
            new one.
    """

    shipment_id: int
    carrier: str | None = None
    service: str | None = None
    tracking_id: str | None = None
    carrier_tracking_number: str | None = None
    status: str = ""
    substatus: str | None = None
    last_updated: datetime | None = None
    public_tracking_url: str | None = None

    def __post_init__(self) -> None:
        to_utc(self, "last_updated")

    @property
    def number(self) -> str | None:
        """The carrier's number, or else ShipBob's."""
        return self.carrier_tracking_number or self.tracking_id


class UploadError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a shipment was not marked."""

    code: str = ""
    message: str = ""


class UploadResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of ``batchUpdateTrackingUpload`` for one shipment."""

    shipment_id: int = msgspec.field(name="shipmentId")
    is_success: bool = msgspec.field(name="isSuccess", default=False)
    error: UploadError | None = None


def get_shipment(shipment_id: int | str, priority: Priority) -> Request:
    """GET /shipment/{id}."""
    return Request(
        operation="shipment.get",
        doing=f"reading shipment {shipment_id}",
        path=f"/shipment/{segment(shipment_id)}",
        scope="orders_read",
        record=AwaitedKind.SHIPMENT.named(shipment_id),
        priority=priority,
    )


def get_order(order_id: int | str, priority: Priority) -> Request:
    """GET /order/{id}."""
    return Request(
        operation="order.get",
        doing=f"reading order {order_id}",
        path=f"/order/{segment(order_id)}",
        scope="orders_read",
        record=AwaitedKind.ORDER.named(order_id),
        priority=priority,
    )


def list_orders(query: Mapping[str, str], priority: Priority) -> Request:
    """GET /order, with the filters of ``order_filters``."""
    return Request(
        operation="order.list",
        doing="listing orders",
        path="/order",
        scope="orders_read",
        query=query,
        priority=priority,
    )


def order_filters(
    *,
    created_since: datetime | None = None,
    created_until: datetime | None = None,
    updated_since: datetime | None = None,
    has_tracking: bool | None = None,
    tracking_uploaded: bool | None = None,
    tracking_updated_since: datetime | None = None,
) -> dict[str, str]:
    """Return the filters of a search for orders, except the lists of keys (section 7.6).

    Raises:
        ValueError: a time has no zone.
    """
    filters = {"Limit": LARGE_PAGE}
    if created_since is not None:
        filters["StartDate"] = moment(created_since)
    if created_until is not None:
        filters["EndDate"] = moment(created_until)
    if updated_since is not None:
        filters["LastUpdateStartDate"] = moment(updated_since)
    if has_tracking is not None:
        filters["HasTracking"] = "true" if has_tracking else "false"
    if tracking_uploaded is not None:
        filters["IsTrackingUploaded"] = "true" if tracking_uploaded else "false"
    if tracking_updated_since is not None:
        filters["LastTrackingUpdateStartDate"] = moment(tracking_updated_since)
    return filters


def order_keys(
    ids: Collection[int | str] | None, references: Collection[str] | None
) -> Iterator[dict[str, str]]:
    """Yield the key filters of the calls that a search for these orders takes."""
    for some_ids in lists(None if ids is None else [str(one) for one in ids]):
        for some_references in lists(references):
            keys = {}
            if some_ids is not None:
                keys["IDs"] = ",".join(some_ids)
            if some_references is not None:
                keys["ReferenceIds"] = ",".join(some_references)
            yield keys


def track(shipment_ids: Sequence[int], priority: Priority) -> Request:
    """GET /shipments-tracking, for 1 to 25 shipments."""
    named = ", ".join(str(one) for one in shipment_ids[:5])
    return Request(
        operation="shipment.track",
        doing=f"reading where the parcels of shipment {named} are",
        path="/shipments-tracking",
        scope="orders_read",
        query={"ShipmentIds": ",".join(str(one) for one in shipment_ids)},
        priority=priority,
    )


def mark_uploaded(shipment_ids: Sequence[int], channel_id: int, send_by: float | None) -> Request:
    """POST /shipment:batchUpdateTrackingUpload; repeating it does no harm (section 8)."""
    named = ", ".join(str(one) for one in shipment_ids[:5])
    return Request(
        operation="shipment.mark_uploaded",
        doing=f"marking the tracking of shipment {named} as taken over",
        method="POST",
        path="/shipment:batchUpdateTrackingUpload",
        scope="orders_write",
        body=msgspec.json.encode(
            {"shipment_ids": list(shipment_ids), "is_tracking_uploaded": True}
        ),
        channel_id=channel_id,
        patience=Patience.WRITE,
        send_by=send_by,
    )


def upload_results(value: object, shipment_ids: Sequence[int]) -> list[UploadResult]:
    """Read the answer of ``mark_uploaded``: one result for each shipment, in order.

    A shipment that is missing in the answer failed. An answer without any results, such as an
    empty body, means success for all.

    Raises:
        msgspec.ValidationError: there are results of another form.
    """
    if not isinstance(value, dict) or "results" not in value:
        return [UploadResult(shipment_id=one, is_success=True) for one in shipment_ids]
    results = payloads.decode(value["results"], list[UploadResult])
    said = {result.shipment_id: result for result in results}
    silent = UploadError(message="ShipBob's answer does not mention it")
    return [
        said.get(one) or UploadResult(shipment_id=one, is_success=False, error=silent)
        for one in shipment_ids
    ]
