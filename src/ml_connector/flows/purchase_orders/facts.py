"""What the plan for one purchase or transfer order sees, as a run keeps it."""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.rules.units import LineUnit
from ml_connector.shipbob.resources.receiving import ENDED


class VariantFact(msgspec.Struct, frozen=True, kw_only=True):
    """What ShipBob keeps under a SKU."""

    inventory_id: int
    active: bool
    lot_tracked: bool = False


class OrderedItem(NamedTuple):
    """An item that is ordered.

    Attributes:
        id: NetSuite's internal id; empty in facts that early versions stored.
        names: its name, and its full name as a matrix child.
    """

    id: str
    names: tuple[str, ...]


class Products(NamedTuple):
    """What ShipBob has for the ordered items.

    Attributes:
        by_sku: variants by SKU.
        bindings: what was matched before, by NetSuite's item id.
        bound: variants by inventory id, for what was matched before.
    """

    by_sku: dict[str, tuple[VariantFact, ...]]
    bindings: dict[str, tuple[Binding, ...]]
    bound: dict[int, tuple[VariantFact, ...]]


class OrderedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open item line of a purchase order. Eaches, as NetSuite's base unit counts them.

    Attributes:
        open_quantity: ordered less received, without a fraction.
        fraction: whether less than one each is open as well, which ShipBob can't count.
        item: NetSuite's internal id.
        full_name: of a matrix child, where it is not its name.
        unit: the line's unit, where it does not count in eaches.
    """

    line: int
    item_name: str
    item_type: str
    item: str = ""
    full_name: str = ""
    unit: LineUnit | None = None
    open_quantity: int
    fraction: bool = False
    location: str | None = None
    expected: date | None = None

    @property
    def ordered_item(self) -> OrderedItem:
        """The item, as it is matched to a product."""
        names = (self.item_name, self.full_name) if self.full_name else (self.item_name,)
        return OrderedItem(self.item, names)


class WroFact(msgspec.Struct, frozen=True, kw_only=True):
    """A WRO with one of the order's numbers.

    Attributes:
        expected: announced units by inventory id.
        stowed: units on the shelf by inventory id.
        booked: units of it that NetSuite has received, by inventory id.
    """

    id: int
    number: str
    status: str
    fulfillment_center_id: int
    expected: dict[int, int]
    stowed: dict[int, int]
    booked: dict[int, int]

    def on_its_way(self, inventory_id: int) -> int:
        """Return the units that NetSuite will still receive of this WRO."""
        stowed = self.stowed.get(inventory_id, 0)
        coming = (
            stowed if self.status in ENDED else max(stowed, self.expected.get(inventory_id, 0))
        )
        return max(0, coming - self.booked.get(inventory_id, 0))


class PurchaseOrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one purchase or transfer order sees.

    Attributes:
        number: empty when the order was deleted.
        variants: ShipBob's variants by SKU.
        bindings: what its items were matched to before, by NetSuite's item id.
        bound: ShipBob's variants by inventory id, for what was matched before.
        centers: fulfillment centers that stock may be sent to.
        read_at: when all this was read; an arrival must lie after it.
        ordered_on: the order's own date.
        moved_from: the location that the goods of a transfer order leave; None for a
            purchase order. Its status is the letter of a purchase order in the same state.
        shares_number: it is a transfer order, and a purchase order has the same number.
        unreadable: it is a transfer order that the role may not read.
        hidden: NetSuite shows it no more, and does not say that it was deleted.
    """

    order_id: str
    number: str
    status: str
    lines: tuple[OrderedLine, ...]
    variants: dict[str, tuple[VariantFact, ...]]
    wros: tuple[WroFact, ...]
    centers: tuple[int, ...]
    read_at: datetime
    ordered_on: date | None = None
    bindings: dict[str, tuple[Binding, ...]] = {}
    bound: dict[int, tuple[VariantFact, ...]] = {}
    moved_from: str | None = None
    shares_number: bool = False
    unreadable: bool = False
    hidden: bool = False

    @property
    def products(self) -> Products:
        """What ShipBob has for the ordered items."""
        return Products(self.variants, self.bindings, self.bound)
