"""What the plan for a shipment sees, and what ShipBob says of it and its order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.flows.tracking.sales_orders import LotFact, SalesOrderFact
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.decisions.decisions import NamedUnits
from ml_connector.netsuite.records.tracking_numbers import compared_number
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import ItemFact, PeriodFact
from ml_connector.shipbob.resources.shipments import (
    Order,
    ParcelTracking,
    Shipment,
    ShippedItem,
    ShippedProduct,
)

KNOWN_STATUSES: Final = frozenset(
    {
        "None",
        "Processing",
        "LabeledCreated",
        "Completed",
        "Exception",
        "OnHold",
        "Cancelled",
        "CleanSweeped",
        "ImportReview",
    }
)
"""ShipBob's statuses of a shipment (shipbob.md section 9.5); there may be new ones."""

ORDER: Final = "order-"
"""The beginning of the key of a subject that is an order and stands for its shipments."""

PARCEL: Final = "parcel "
"""The beginning of a source line that is a parcel; its tracking number follows."""

_OUT_OF_THE_DOOR: Final = frozenset({"LabeledCreated", "Completed"})


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one inventory item, of one lot, within a product. Whole eaches.

    Attributes:
        sku: of the inventory item; a member of a kit has another one than the kit. None
            where ShipBob names none.
    """

    inventory_id: int
    quantity: int
    sku: str | None = None
    lot: str | None = None
    serials: tuple[str, ...] = ()

    @property
    def source_line(self) -> str:
        """How the journal names these units."""
        return f"inventory {self.inventory_id}" + (f" lot {self.lot}" if self.lot else "")


class StoreProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the store within a shipment, and the inventory units that it is.

    Attributes:
        key: identifies it among the order's products.
    """

    key: str
    sku: str | None
    units: tuple[Units, ...]

    @property
    def is_its_own_unit(self) -> bool:
        """Whether ShipBob keeps it in stock as itself, and does not make it up of other units."""
        one_item = len({one.inventory_id for one in self.units}) == 1
        named = {one.sku for one in self.units} - {None}
        return one_item and (self.sku is None or named <= {self.sku})


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel of a shipment, with its tracking number as ShipBob writes it."""

    number: str
    carrier: str | None = None
    service: str | None = None
    url: str | None = None

    @property
    def source_line(self) -> str:
        """How the journal names this parcel."""
        return f"{PARCEL}{self.number}"

    @property
    def compared_number(self) -> str:
        """Its number as it is compared with others."""
        return compared_number(self.number)


class ShipmentFact(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment of the order.

    Attributes:
        details: ShipBob's names of its status details by their numbers, such as 201.
        shipped_at: when the label was printed; None before that.
        as_of: when ShipBob last changed it or its tracking, whichever is later.
        weight_oz: of the whole shipment.
        carriers_say: the carrier's words for the state of its parcels, where they were read.
    """

    id: int
    status: str
    details: dict[int, str] = {}
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    as_of: datetime | None = None
    center_id: int | None = None
    center_name: str = ""
    products: tuple[StoreProduct, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    weight_oz: float | None = None
    carriers_say: tuple[str, ...] = ()
    uploaded: bool = False

    @property
    def units(self) -> tuple[Units, ...]:
        """The units of all its products."""
        return tuple(units for product in self.products for units in product.units)

    @property
    def has_shipped(self) -> bool:
        """Whether its units have left the shelves for good.

        That is so once the label is printed (shipbob.md sections 7.2 and 9.5). With a status
        that is not known here, such as ``Delivered`` (section 13.4), what only a parcel has
        decides: ShipBob's date of the label, a tracking or PRO number, a delivery date.
        """
        if self.is_status_known:
            return self.status in _OUT_OF_THE_DOOR
        return bool(self.shipped_at or self.delivered_at or self.parcels)

    @property
    def is_status_known(self) -> bool:
        """Whether its status is one of those that ShipBob documents."""
        return self.status in KNOWN_STATUSES

    @property
    def is_cancelled(self) -> bool:
        """Whether it was cancelled, before its label or after."""
        return self.status == "Cancelled"


class OrderedProduct(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a product were ordered, over all shipments."""

    key: str
    quantity: int


class KitMemberFact(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a kit in NetSuite, and how many of it one kit has.

    Attributes:
        stocked: whether stock is kept of it, or may be: a role may not see its kind.
    """

    item: str
    quantity: int
    stocked: bool = True


class ItemNames(msgspec.Struct, frozen=True, kw_only=True):
    """Which NetSuite items the SKUs of a shipment stand for.

    Attributes:
        exceptions: SKU to item name, where they differ (``[skus]``).
        bound: NetSuite's item by ShipBob's inventory id, as it was matched before.
        items: NetSuite's items by name, for SKUs that are not on the order.
        near_items: by a name that NetSuite has not, items of nearly that name.
        kits: by the item name or SKU of a kit, how many of each SKU it is made of by ShipBob's
            catalogue; nothing for what ShipBob keeps as it is.
        members: by internal id of a kit, what it is made of in NetSuite, where that is to be
            seen and in whole units.
    """

    exceptions: dict[str, str] = {}
    bound: dict[int, str] = {}
    items: dict[str, tuple[ItemFact, ...]] = {}
    near_items: dict[str, tuple[ItemFact, ...]] = {}
    kits: dict[str, dict[str, int]] = {}
    members: dict[str, tuple[KitMemberFact, ...]] = {}


class UnmatchedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """What an inventory adjustment needs for the units of a shipment without a sales order.

    Attributes:
        skus: ShipBob's, by inventory id.
        items: NetSuite's items by the name that was asked for.
        bindings: what was matched before, by inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        near_items: by a name that NetSuite has not, items of nearly that name.
        unit_rates: base units in one of each unit that the items are kept in, where readable.
        location_subsidiaries: of each location of the connection's that shows any.
    """

    skus: dict[int, str | None]
    items: dict[str, tuple[ItemFact, ...]] = {}
    bindings: dict[int, Binding] = {}
    bound: dict[str, ItemFact] = {}
    near_items: dict[str, tuple[ItemFact, ...]] = {}
    unit_rates: dict[str, Decimal] = {}
    location_subsidiaries: dict[str, tuple[str, ...]] = {}


class LeftFrom(msgspec.Struct, frozen=True, kw_only=True):
    """Where a shipment was when a record became known as its own.

    Attributes:
        record: internal id of the item fulfilment or inventory adjustment.
        center: ShipBob's, at that time.
        location: that the record was at, where that was one.
    """

    record: str
    center: int | None = None
    center_name: str = ""
    location: str | None = None


class TrackingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What ``plan`` sees of a shipment, or of an order that stands for its shipments.

    Attributes:
        shipment_id: None for an order.
        reference: ShipBob's reference of the order, unique within its channel.
        order_number: what people see of the order at ShipBob.
        channel: the channel that the order came through, at ShipBob.
        tags: of the order, each as its name and as ``NAME=VALUE``.
        order_name: under which its sales order is looked for and awaited, where that is not the
            reference alone.
        rival_channels: other channels whose order would lead to the same sales order.
        other_sales: what else in NetSuite has what the sales order is looked for by, such as
            "cash sale CS-12"; asked for where no sales order is found.
        takes_marks: whether we may write to the order's channel.
        shipments: all of the order.
        sales_orders: all that match the reference; normally one.
        lots: NetSuite's lots and serial numbers by text, where the order's items have them.
        periods: posting periods from the one of the shipment on; empty when unreadable.
        read_at: where a fulfilment of the order is in a closed period.
        linked: by shipment of the order, the item fulfilment that our books know as its.
        gone: the fulfilments that our books know as this shipment's, also from before, and that
            are not in NetSuite any more.
        left_from: by shipment of the order, where it was when the record that our books know
            became its own; read where that may be another place than now.
        decisions: what people decided about the shipment.
        taken: by fulfilment of others, the units that decisions about other shipments took of
            it.
        unmatched: what its units are, where NetSuite has no order for it and stock is adjusted
            for such shipments, or a person decided that a document handled it.
    """

    order_id: int
    shipment_id: int | None
    reference: str | None = None
    order_number: str | None = None
    channel: int | None = None
    tags: tuple[str, ...] = ()
    order_name: str | None = None
    rival_channels: tuple[int, ...] = ()
    takes_marks: bool = True
    other_sales: tuple[str, ...] = ()
    shipments: tuple[ShipmentFact, ...] = ()
    products: tuple[OrderedProduct, ...] = ()
    sales_orders: tuple[SalesOrderFact, ...] = ()
    names: ItemNames = ItemNames()
    lots: dict[str, tuple[LotFact, ...]] = {}
    periods: tuple[PeriodFact, ...] = ()
    linked: dict[int, str] = {}
    gone: tuple[str, ...] = ()
    left_from: dict[int, LeftFrom] = {}
    decisions: tuple[Decided, ...] = ()
    taken: dict[str, tuple[NamedUnits, ...]] = {}
    unmatched: UnmatchedUnits | None = None
    read_at: datetime | None = None

    @property
    def awaited_order(self) -> str | None:
        """The name under which its sales order is awaited, or that of the decided one."""
        return self.order_name or self.reference

    @property
    def shipment(self) -> ShipmentFact:
        """The shipment with ``shipment_id``."""
        return next(one for one in self.shipments if one.id == self.shipment_id)


def moment(shipment: ShipmentFact) -> datetime | None:
    """Return when a shipment left; else when it was delivered, or last changed, if ShipBob says.

    Where it says both, the earlier: it was delivered before it was changed for the last time.
    """
    if shipment.shipped_at is not None:
        return shipment.shipped_at
    return min((at for at in (shipment.delivered_at, shipment.as_of) if at), default=None)


def reference_of(order: Order, shipment: Shipment) -> str | None:
    """Return ShipBob's reference of an order, which its shipment may name alone."""
    return (order.reference_id or shipment.reference_id or "").strip() or None


def tags_of(order: Order) -> tuple[str, ...]:
    """Return the tags of an order, each as its name and as ``NAME=VALUE``."""
    tags = order.tags or ()
    return tuple(text for tag in tags for text in (tag.name, f"{tag.name}={tag.value}"))


def ordered_products(order: Order) -> tuple[OrderedProduct, ...]:
    """Return the order's products, each once."""
    quantities: dict[str, int] = {}
    for product in order.products:
        key = _key(product.id, product.reference_id, product.sku)
        quantities[key] = quantities.get(key, 0) + product.quantity
    return tuple(OrderedProduct(key=key, quantity=units) for key, units in quantities.items())


def shipment_fact(
    shipment: Shipment,
    tracked: Sequence[ParcelTracking] = (),
    skus: Mapping[int, str] | None = None,
) -> ShipmentFact:
    """Return what a run keeps of a shipment.

    Args:
        shipment: as ShipBob gave it.
        tracked: its parcels as the carrier sees them, where they were read.
        skus: by inventory id, for the members of kits.
    """
    tracking = shipment.tracking
    times = [one for one in (shipment.last_update_at, shipment.last_tracking_update_at) if one]
    return ShipmentFact(
        id=shipment.id,
        status=shipment.status,
        details={detail.id: detail.name for detail in shipment.status_details},
        shipped_at=shipment.actual_fulfillment_date
        or (tracking.shipping_date if tracking else None),
        delivered_at=shipment.delivery_date,
        as_of=max(times, default=shipment.created_date),
        center_id=shipment.location.id if shipment.location else None,
        center_name=shipment.location.name if shipment.location else "",
        products=tuple(_product(product, skus or {}) for product in shipment.products),
        parcels=parcels_of(shipment, tracked),
        weight_oz=shipment.measurements.total_weight_oz if shipment.measurements else None,
        carriers_say=tuple(parcel.status for parcel in tracked if parcel.status),
        uploaded=shipment.is_tracking_uploaded,
    )


def parcels_of(shipment: Shipment, tracked: Sequence[ParcelTracking]) -> tuple[Parcel, ...]:
    """Return the parcels of a shipment, each tracking number once.

    The shipment itself names one number; those of further parcels come with the tracking of
    parcels (shipbob.md section 9.5).
    """
    found: dict[str, Parcel] = {}
    tracking = shipment.tracking
    number = _number(tracking.tracking_number or tracking.pro_number) if tracking else None
    if tracking and number:
        found[compared_number(number)] = Parcel(
            number=number,
            carrier=_clean(tracking.carrier),
            service=_clean(tracking.carrier_service),
            url=_clean(tracking.tracking_url),
        )
    for one in tracked:
        number = _number(one.number)
        if number and compared_number(number) not in found:
            found[compared_number(number)] = Parcel(
                number=number,
                carrier=_clean(one.carrier),
                service=_clean(one.service),
                url=_clean(one.public_tracking_url),
            )
    return tuple(found.values())


def units_by_inventory(units: Iterable[Units]) -> dict[int, int]:
    """Return how many units there are of each inventory item."""
    quantities: dict[int, int] = defaultdict(int)
    for one in units:
        quantities[one.inventory_id] += one.quantity
    return dict(quantities)


def is_kit(product: ShippedProduct) -> bool:
    """Whether a product is made up of several inventory items."""
    return len({item.id for item in product.inventory_items}) > 1


def _product(product: ShippedProduct, skus: Mapping[int, str]) -> StoreProduct:
    sku = _clean(product.sku) or _clean(product.reference_id)
    own = None if is_kit(product) else sku
    return StoreProduct(
        key=product_key(product),
        sku=sku,
        units=tuple(_units(product.inventory_items, own, skus)),
    )


def _units(
    items: Iterable[ShippedItem], own: str | None, skus: Mapping[int, str]
) -> Iterable[Units]:
    for item in items:
        if item.quantity > 0:
            yield Units(
                inventory_id=item.id,
                quantity=item.quantity,
                sku=skus.get(item.id) or own,
                lot=_clean(item.lot),
                serials=item.serial_numbers,
            )


def product_key(product: ShippedProduct) -> str:
    """Return what identifies a product among the order's."""
    return _key(product.id, product.reference_id, product.sku)


def _key(number: int | None, reference: str | None, sku: str | None) -> str:
    return f"product {number}" if number else f"reference {reference or sku or ''}"


def _clean(text: str | None) -> str | None:
    return (text or "").strip() or None


def _number(text: str | None) -> str | None:
    """Return a tracking number; None where there is none, such as a hyphen alone."""
    return _clean(text) if compared_number(text or "") else None
