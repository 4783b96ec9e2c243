"""Orders, their shipments and what a carrier says about them (reference shipbob.md, 9.5)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Final

import msgspec

STATUS_DETAILS: Final = {
    100: ("Picked", "Picked"),
    101: ("Packed", "Packed"),
    102: ("Labeled", "Label Generated"),
    200: ("Processing", "Awaiting Carrier Pickup"),
    201: ("InTransit", "In Transit"),
    202: ("OutForDelivery", "Out For Delivery"),
    203: ("Delivered", "Delivered"),
    204: ("DeliveryException", "Delivery Exception"),
    300: ("Bundle", "Bundle"),
    301: ("MergedItem", "Merged Item"),
    302: ("InactiveSku", "Inactive Sku"),
    303: ("OutOfStock", "No Stock On Hand For Sku"),
    304: ("UnknownSku", "Unknown Sku"),
    305: ("InternalTransferInProgress", "Internal Transfer In Progress"),
    306: ("BinTransferInProgress", "Bin Transfer In Progress"),
    307: ("InventoryInNonPickableLocation", "Inventory In Non Pickable Location"),
    308: ("InventoryPartiallyCommitted", "Inventory Partially Committed"),
    400: ("PaymentDeclined", "Payment Declined"),
    401: ("InvalidAddress", "Invalid Address"),
    402: ("ReserveDateNotMet", "Reserve Date Not Met"),
    404: ("MissingTarriffInformation", "Missing Tarriff Information"),
}
"""Id: name and description, ShipBob's own spelling."""

AWAITING_PICKUP: Final = 200
"""A detail that is called Processing, as is a status."""

DETAIL_IDS: Final = {
    name: number for number, (name, _) in STATUS_DETAILS.items() if number != AWAITING_PICKUP
}
"""Name: id, without the ambiguous one."""

STOCK_DETAILS: Final = range(300, 400)
"""Details that are about one inventory id at one center."""

GONE: Final = frozenset({"LabeledCreated", "Completed"})
"""The label is printed: it can't be changed or cancelled any more."""
EDITABLE: Final = frozenset({"None", "Processing", "Exception", "OnHold", "ImportReview"})


class Line(msgspec.Struct, kw_only=True):
    """One product of an order.

    Attributes:
        variant_id: the variant it was matched with; ``None`` for an unknown SKU.
    """

    id: int
    reference_id: str
    sku: str
    name: str
    quantity: int
    variant_id: int | None = None
    unit_price: Decimal | None = None
    external_line_id: int | None = None
    gtin: str | None = None
    upc: str | None = None
    unit_of_measure: str | None = None


class Pick(msgspec.Struct, kw_only=True):
    """Units of one inventory id in one shipment, for one line of the order."""

    line: Line
    inventory_id: int
    name: str
    quantity: int
    committed: int = 0
    lot_number: str = ""
    lot_date: datetime | None = None


class Parcel(msgspec.Struct, kw_only=True):
    """One box that a carrier carries.

    Attributes:
        pro_number: of freight, which has no tracking number.
    """

    carrier: str
    service: str
    tracking_number: str
    url: str
    barcode: str
    pro_number: str = ""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a carrier said about a parcel."""

    tracking_number: str
    status: str
    substatus: str
    message: str
    location: str
    at: datetime


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a shipment's log; those that matter to the buyer are its timeline."""

    type_id: int
    name: str
    text: str
    at: datetime
    milestone: bool


class Shipment(msgspec.Struct, kw_only=True):
    """What leaves one fulfillment center for one order.

    Attributes:
        details: ids of the present status details, see ``STATUS_DETAILS``.
        detail_inventory_id: the inventory id that a stock exception is about.
    """

    id: int
    order_id: int
    center_id: int
    created: datetime
    updated: datetime
    ship_option: str
    recipient: dict[str, object]
    picks: list[Pick]
    status: str = "Processing"
    details: list[int] = []
    detail_inventory_id: int | None = None
    messages: list[str] = []
    parcels: list[Parcel] = []
    scans: list[Scan] = []
    notes: list[Note] = []
    estimated: datetime | None = None
    labelled: datetime | None = None
    delivered: datetime | None = None
    tracking_updated: datetime | None = None
    tracking_uploaded: bool = False
    invoice_amount: Decimal | None = None

    @property
    def has_tracking(self) -> bool:
        """At least one parcel has a number."""
        return any(parcel.tracking_number for parcel in self.parcels)


class Order(msgspec.Struct, kw_only=True):
    """An order of the merchant's customer. ``asked`` is the body it was made of."""

    id: int
    channel_id: int
    reference_id: str
    order_number: str | None
    type: str
    created: datetime
    updated: datetime
    shipping_method: str
    recipient: dict[str, object]
    lines: list[Line]
    shipments: list[Shipment] = []
    asked: dict[str, object] = {}

    @property
    def status(self) -> str:
        """Follows from the shipments."""
        statuses = {shipment.status for shipment in self.shipments}
        if statuses <= {"Cancelled"}:
            return "Cancelled" if statuses else "Processing"
        for status in ("ImportReview", "Exception"):
            if status in statuses:
                return status
        alive = statuses - {"Cancelled"}
        if alive <= GONE:
            return "Fulfilled"
        return "PartiallyFulfilled" if alive & GONE else "Processing"


class Orders:
    """All orders of the merchant, by id and by reference."""

    def __init__(self, first: int | None = None) -> None:
        self.order_ids = count(first or 190_000_001)
        self.shipment_ids = count(first or 210_000_001)
        self.by_id: dict[int, Order] = {}
        self.by_reference: dict[tuple[int, str], Order] = {}
        self.shipments: dict[int, Shipment] = {}

    def add(self, order: Order) -> None:
        """Keep an order and its shipments."""
        self.by_id[order.id] = order
        self.by_reference[order.channel_id, order.reference_id] = order
        for shipment in order.shipments:
            self.shipments[shipment.id] = shipment

    def of(self, shipment: Shipment) -> Order:
        """The order of a shipment."""
        return self.by_id[shipment.order_id]

    def __iter__(self) -> Iterator[Order]:
        return iter(self.by_id.values())
