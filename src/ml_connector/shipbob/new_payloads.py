"""What ShipBob is asked to make: WROs, boxes and products, in its own field names.

Source: ShipBob reference, sections 9.2 and 9.4.
"""

from datetime import datetime

import msgspec


class FulfillmentCenterChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The fulfillment center that a new WRO goes to."""

    id: int


class NewBoxItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Contents of an announced box: an inventory id or, from 2026-07, a SKU.

    Lot number and date are both required for items kept by lot.
    """

    inventory_id: int | None = None
    sku: str | None = None
    quantity: int
    lot_number: str | None = None
    lot_date: datetime | None = None


class NewBox(msgspec.Struct, frozen=True, kw_only=True):
    """An announced box; its tracking number is the carton id that ShipBob scans."""

    tracking_number: str
    box_items: tuple[NewBoxItem, ...]


class NewVariant(msgspec.Struct, frozen=True, kw_only=True):
    """The one variant of a product to create; its SKU must be new (section 9.2)."""

    name: str
    sku: str


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product to create (section 9.2, POST /product).

    Attributes:
        type_id: 1 is a regular product.
    """

    name: str
    type_id: int = 1
    variants: tuple[NewVariant, ...]


class Freight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a WRO travels (2026-07)."""

    carrier: str | None = None
    bol_number: str | None = None
    container_number: str | None = None
    vessel_name: str | None = None
    freight_forwarder: str | None = None
    notes: str | None = None


class NewWro(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A WRO to create (section 9.4, POST /receiving).

    Attributes:
        package_type: Package (at most 50 boxes), Pallet or FloorLoadedContainer.
        box_packaging_type: EverythingInOneBox, OneSkuPerBox or MultipleSkuPerBox.
        expected_arrival_date: aware, in the future; ShipBob refuses a bare or past date.
        purchase_order_number: our key. ShipBob does not keep it unique, so look it up first.
    """

    fulfillment_center: FulfillmentCenterChoice
    package_type: str
    box_packaging_type: str
    expected_arrival_date: datetime
    purchase_order_number: str | None = None
    boxes: tuple[NewBox, ...]
    freight: Freight | None = None
    final_destination_fulfillment_center_id: int | None = None
