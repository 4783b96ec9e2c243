"""What happens in a retailer's month, and the books that it must lead to."""

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

Units: TypeAlias = dict[str, int]
"""Whole eaches by SKU."""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU: a style in a colour and a size. Cost and price are in USD."""

    sku: str
    style: str
    name: str
    cost: Decimal
    price: Decimal


class Center(msgspec.Struct, frozen=True, kw_only=True):
    """A fulfillment center of ShipBob and the NetSuite location that mirrors it."""

    id: int
    name: str
    location: int


class PurchaseOrdered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The buyer enters a purchase order in NetSuite."""

    at: datetime
    number: str
    vendor: str
    center: int
    units: Units


class Announced(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A WRO is made at ShipBob; ``number`` is what it carries as PO number, if anything."""

    at: datetime
    wro: str
    number: str | None
    center: int
    boxes: tuple[Units, ...]


class Arrived(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All boxes of a WRO are on the dock."""

    at: datetime
    wro: str


class Stowed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Some units of a WRO are on the shelf."""

    at: datetime
    wro: str
    units: Units


class Received(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A WRO is completed, whatever was stowed."""

    at: datetime
    wro: str


class Sold(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A customer orders; the order is in both systems under one number.

    Attributes:
        parts: what goes into which shipment.
    """

    at: datetime
    number: str
    center: int
    parts: tuple[Units, ...]


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The customer changes their mind before the label is printed."""

    at: datetime
    number: str


class Labelled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A shipment leaves, in one or more parcels, and is charged.

    Attributes:
        part: which of the order's shipments, from 0.
    """

    at: datetime
    number: str
    part: int
    parcels: int
    shipping: Decimal
    picking: Decimal


class Delivered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """All parcels of a shipment are at the buyer's door."""

    at: datetime
    number: str
    part: int


class SentBack(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A buyer sends something back."""

    at: datetime
    reference: str
    number: str
    part: int
    units: Units


class Inspected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was done with what came back, by SKU and action, and what that costs."""

    at: datetime
    reference: str
    done: dict[str, Units]
    fee: Decimal


class Credited(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """ShipBob pays for a lost parcel."""

    at: datetime
    amount: Decimal
    ticket: str


class Invoiced(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Monday: ShipBob invoices the week, one invoice for each type."""

    at: datetime


class Paid(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The merchant pays ShipBob."""

    at: datetime
    amount: Decimal


Event: TypeAlias = (
    PurchaseOrdered
    | Announced
    | Arrived
    | Stowed
    | Received
    | Sold
    | Cancelled
    | Labelled
    | Delivered
    | SentBack
    | Inspected
    | Credited
    | Invoiced
    | Paid
)


class Expected(msgspec.Struct, kw_only=True):
    """The books of both sides at the end, and the documents that lead there.

    It is what a connector with the default policies arrives at: surplus and goods without an
    order are inventory adjustments, disposed returns are written off, quarantined ones lie in
    a location of their own.

    Attributes:
        shipbob: units on hand by SKU and fulfillment center, quarantined ones included.
        netsuite: units on hand by SKU and location; zeros are left out on both sides.
        receipts: units received on each purchase order.
        adjusted: units adjusted by SKU and location: surplus, and goods without an order.
        fulfilled: units fulfilled for each shipment, by order number and part.
        returned: units that came back, by SKU, location and what was done.
        invoices: total of each invoice, by day and type; credits are negative.
        payments: what was paid to ShipBob; never a bill.
    """

    shipbob: dict[tuple[str, int], int] = {}
    netsuite: dict[tuple[str, int], int] = {}
    receipts: dict[str, Units] = {}
    adjusted: dict[tuple[str, int], int] = {}
    fulfilled: dict[tuple[str, int], Units] = {}
    returned: dict[tuple[str, int, str], int] = {}
    invoices: dict[tuple[date, str], Decimal] = {}
    payments: Decimal = Decimal(0)

    @property
    def billed(self) -> Decimal:
        """What all vendor bills and vendor credits come to."""
        return sum(self.invoices.values(), Decimal(0))


class Month(msgspec.Struct, kw_only=True):
    """A whole month: who takes part, what happens in which order, and how it must end.

    Attributes:
        opening: units in both systems before the first event, by SKU and center.
    """

    articles: list[Article]
    centers: tuple[Center, ...]
    quarantine: int
    opening: dict[tuple[str, int], int]
    events: list[Event]
    expected: Expected
