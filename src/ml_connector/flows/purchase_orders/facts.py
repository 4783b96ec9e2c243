"""What the plan for one purchase or transfer order sees, as a run keeps it."""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.queries.purchase_orders import Namesake
from ml_connector.reads.order_wros import part_of
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.units import LineUnit
from ml_connector.shipbob.resources.receiving import CANCELLED, ENDED


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
        held_by: what the variants of ``by_sku`` were matched to before, by inventory id.
        near_skus: by a SKU that ShipBob has not, SKUs that differ from it only by what is easily
            overlooked (``netsuite.item_names``). None is ever matched by it.
    """

    by_sku: dict[str, tuple[VariantFact, ...]]
    bindings: dict[str, tuple[Binding, ...]]
    bound: dict[int, tuple[VariantFact, ...]]
    held_by: dict[int, Binding]
    near_skus: dict[str, tuple[str, ...]]


class OrderedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a purchase order. Eaches, as NetSuite's base unit counts them.

    Attributes:
        open_quantity: ordered less received, without a fraction; 0 on a closed line.
        received: units that NetSuite has received, of whatever delivery.
        closed: nothing more of it is expected, though less was received than was ordered.
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
    received: int = 0
    closed: bool = False
    fraction: bool = False
    location: str | None = None
    expected: date | None = None

    @property
    def ordered_item(self) -> OrderedItem:
        """The item, as it is matched to a product."""
        names = (self.item_name, self.full_name) if self.full_name else (self.item_name,)
        return OrderedItem(self.item, names)


class ReceivedAstray(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an item that were received at another location than that of their order line.

    Attributes:
        item: NetSuite's internal id.
        location: of lines of the order, or of receipts from it.
        units: received there from lines of other locations; negative where more units of its
            own lines were received elsewhere.
    """

    item: str
    location: str
    units: int


class WroFact(msgspec.Struct, frozen=True, kw_only=True):
    """A WRO with one of the order's numbers, or one that we made for it.

    Attributes:
        expected: announced units by inventory id.
        stowed: units on the shelf by inventory id.
        booked: units of it that NetSuite has received from the order, by inventory id.
        adjusted: units of it that were booked as something else, or refused on purpose.
        handled: units of it that people have received from the order, as they decided: by
            inventory id.
        items: inventory ids of the ordered items that are on it, by NetSuite's item id.
        via_hub: it goes through a hub, where its units may have been received.
        left_to_people: receiving has stopped at it and told people to receive its units by
            hand, or to say whether they have.
        of_other: the other order that it is of, though its number says this one: by our own
            books, or since that order has the number itself. Its number is taken all the same.
        may_be_of: the other order that it may be of as well; empty where that is certain.
        belongs: a person has decided that it is of the order, whatever its number says.
    """

    id: int
    number: str
    status: str
    fulfillment_center_id: int
    expected: dict[int, int]
    stowed: dict[int, int]
    booked: dict[int, int]
    adjusted: dict[int, int] = {}
    handled: dict[int, int] = {}
    items: dict[str, int] = {}
    left_to_people: bool = False
    of_other: str = ""
    may_be_of: str = ""
    via_hub: bool = False
    belongs: bool = False

    def on_its_way(self, inventory_id: int) -> int:
        """Return the units that NetSuite will still receive of this WRO."""
        stowed = self.stowed.get(inventory_id, 0)
        coming = (
            stowed if self.status in ENDED else max(stowed, self.expected.get(inventory_id, 0))
        )
        return max(0, coming - self._ended_with(inventory_id))

    def promised(self, inventory_id: int) -> int:
        """Return the units that it announces and NetSuite has not received yet.

        A surplus is no promise: it is what ShipBob has found beyond it.
        """
        expected = self.expected.get(inventory_id, 0)
        if self.status in ENDED:
            expected = min(expected, self.stowed.get(inventory_id, 0))
        return max(0, expected - self._ended_with(inventory_id))

    def unbooked(self, inventory_id: int) -> int:
        """Return the units on the shelf that nothing was booked for yet."""
        return max(0, self.stowed.get(inventory_id, 0) - self._ended_with(inventory_id))

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.number} ({self.id})"

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has cancelled it."""
        return self.status == CANCELLED

    @property
    def is_under_way(self) -> bool:
        """Whether ShipBob has not ended it, and announced units of it have not been received."""
        return self.status not in ENDED and any(map(self.promised, self.expected))

    @property
    def matters(self) -> bool:
        """Whether units of it are to come, or are on the shelf and not booked."""
        return self.is_under_way or any(map(self.on_its_way, {*self.expected, *self.stowed}))

    def received(self, inventory_id: int) -> int:
        """Return the units of it that the order has received, by our receipts or by people's."""
        return self.booked.get(inventory_id, 0) + self.handled.get(inventory_id, 0)

    def _ended_with(self, inventory_id: int) -> int:
        return self.received(inventory_id) + self.adjusted.get(inventory_id, 0)


class PurchaseOrderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one purchase or transfer order sees.

    Attributes:
        number: empty when the order was deleted.
        variants: ShipBob's variants by SKU.
        bindings: what its items were matched to before, by NetSuite's item id.
        bound: ShipBob's variants by inventory id, for what was matched before.
        held_by: what the variants found by SKU were matched to before, by inventory id.
        near_skus: by a SKU that ShipBob has not, its SKUs of nearly that text.
        centers: fulfillment centers that stock may be sent to.
        read_at: when all this was read; an arrival must lie after it.
        ordered_on: the order's own date.
        moved_from: the location that the goods of a transfer order leave; None for a
            purchase order. Its status is the letter of a purchase order in the same state.
        shares_number: it is a transfer order, and a purchase order has the same number.
        unreadable: it is a transfer order that the role may not read.
        hidden: NetSuite shows it no more, and does not say that it was deleted.
        announce_again: WROs that were cancelled at ShipBob, and whose units a person has said
            to announce again.
        astray: units that were received at another location than that of their line.
        subsidiary: None outside OneWorld.
        namesakes: the other orders with its number.
        decisions: what people decided about it.
        unseen: its lines of items that the role may not see: without name and type.
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
    held_by: dict[int, Binding] = {}
    near_skus: dict[str, tuple[str, ...]] = {}
    moved_from: str | None = None
    shares_number: bool = False
    unreadable: bool = False
    hidden: bool = False
    announce_again: tuple[int, ...] = ()
    astray: tuple[ReceivedAstray, ...] = ()
    subsidiary: str | None = None
    namesakes: tuple[Namesake, ...] = ()
    decisions: tuple[Decided, ...] = ()
    unseen: tuple[OrderedLine, ...] = ()

    @property
    def own_wros(self) -> tuple[WroFact, ...]:
        """Its WROs, without those that only have a number of its."""
        return tuple(wro for wro in self.wros if not wro.of_other)

    @property
    def taken_numbers(self) -> frozenset[int]:
        """Which of its WROs' numbers WROs of other orders have."""
        return frozenset(part_of(self.number, wro.number) for wro in self.wros if wro.of_other)

    @property
    def products(self) -> Products:
        """What ShipBob has for the ordered items."""
        return Products(self.variants, self.bindings, self.bound, self.held_by, self.near_skus)
