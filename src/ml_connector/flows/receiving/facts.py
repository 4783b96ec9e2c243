"""What the plan for one WRO sees, as a run keeps it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import ItemFact, PeriodFact
from ml_connector.rules.items import MatchFacts
from ml_connector.rules.line_numbers.compare import PROVED, LineNumbers
from ml_connector.rules.units import LineUnit


class StowedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU of a WRO, or one lot of it. Cumulative whole eaches.

    Attributes:
        lot: only of an item that NetSuite keeps by lot.
        lot_date: when the lot expires; None where ShipBob does not say, or says two things.
        lot_dates: the dates that it names for the lot, where they differ.
    """

    inventory_id: int
    sku: str | None
    expected: int
    stowed: int
    lot: str | None = None
    lot_date: date | None = None
    lot_dates: tuple[date, ...] = ()


class OrderReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an item on an item receipt that was made from a purchase order.

    Attributes:
        quantity: base units, whole; a part of one counts as one.
        document: the receipt's internal id.
        number: of the receipt, as people see it.
        external_id: None, or somebody else's, when the receipt is not ours.
        line: of the order; None where NetSuite's links name none.
        location: where the units were received; None where NetSuite does not say.
        day: the later of its date and the day on which it was entered, both as NetSuite has them.
        dated: its own date.
        memo: only of one that we made for this WRO.
    """

    item_id: str
    quantity: int
    document: str = ""
    number: str | None = None
    external_id: str | None = None
    line: int | None = None
    location: str | None = None
    day: date | None = None
    dated: date | None = None
    memo: str = ""

    @property
    def name(self) -> str:
        """What a person finds it by."""
        found = f"item receipt {self.number or self.document}".strip()
        return f"{found} ({self.external_id})" if self.external_id else found


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an order line on an item receipt, as runs kept them before ``receiving-3``.

    Attributes:
        external_id: None, or somebody else's, when the receipt is not ours.
    """

    quantity: int
    external_id: str | None = None


class ReceivingOrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a purchase order. Quantities in base units.

    Attributes:
        line: what a transform calls ``orderLine`` (netsuite.md section 5.2).
        open_quantity: ordered less received; 0 on a closed line.
        received: of whatever delivery, by whatever receipt.
        is_part_open: whether less than one each is open as well.
        can_be_received: whether a receipt has such a line; services have none.
        receipts: what runs kept before ``ReceivingOrder.receipts``.
        location: NetSuite's internal id of the line's location, else of the order's; None where
            neither has one.
        unit: the line's unit where it does not count in eaches, else None.
        per_unit: eaches in that unit; 0 where their number is not proven.
        unit_problem: why it is not proven.
    """

    line: int
    item_id: str
    open_quantity: int
    receipts: tuple[Receipt, ...] = ()
    location: str | None = None
    unit: str | None = None
    per_unit: int = 0
    unit_problem: str = ""
    is_part_open: bool = False
    can_be_received: bool = True
    received: Decimal = Decimal(0)

    @property
    def is_open(self) -> bool:
        """Whether a receipt has it, and takes it unless told otherwise (section 7.3)."""
        return self.can_be_received and (self.open_quantity > 0 or self.is_part_open)

    @property
    def eaches(self) -> int:
        """Eaches in one unit of the line; 1 where it counts in eaches."""
        return self.per_unit or 1

    @property
    def line_unit(self) -> LineUnit | None:
        """The unit, where the line does not count in eaches."""
        if self.unit is None:
            return None
        problem = self.unit_problem or ("" if self.per_unit else "it is not the stock unit")
        return LineUnit(unit=self.unit, eaches=self.per_unit, problem=problem)


class ReceivingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase order as receiving needs it, with all its item lines.

    Attributes:
        line_numbers: whether the lines' numbers are those that a transform takes, and open lines
            of the order that are not among ``lines`` since queries don't show them
            (``line_numbers.unseen``).
        receipts: what was received from it of the WRO's items, but for the receipts of our other
            WROs, and for what decisions about other WROs took of them; only read where units of
            these items were received that we have not posted for this WRO.
        subsidiary: None outside OneWorld.
    """

    id: str
    number: str
    status: str
    lines: tuple[ReceivingOrderLine, ...]
    line_numbers: LineNumbers = PROVED
    receipts: tuple[OrderReceipt, ...] = ()
    subsidiary: str | None = None


class ExpectedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an item that an order still expects; at any location where it is None."""

    item_id: str
    location: str | None
    quantity: int


class OtherReading(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase order whose second or later WRO may have a number that is an order's own too."""

    id: str
    number: str
    subsidiary: str | None = None
    open_units: tuple[ExpectedUnits, ...] = ()


class WroOwner(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of which order a WRO is of, beside the orders themselves.

    Attributes:
        order_id: NetSuite's internal id of the order it is of by our own books; None where they
            don't say.
        received: they say so by a receipt, and not by an announcement.
        number: of the transfer order that it was announced for.
        gone: NetSuite shows that order no more: it was deleted, or is hidden from the role.
        others: orders whose further WRO its number may mean, where orders have it themselves.
        numbered_for: internal ids of orders to another WRO of which we gave this number.
        transfers: internal ids of open transfer orders with the order's number.
        may_be_ours: we may have made it, and our books lack that.
    """

    order_id: str | None = None
    received: bool = False
    number: str = ""
    gone: Literal["", "deleted", "hidden"] = ""
    others: tuple[OtherReading, ...] = ()
    numbered_for: tuple[str, ...] = ()
    transfers: tuple[str, ...] = ()
    may_be_ours: bool = False


class ReceivingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan for one WRO sees.

    Attributes:
        stowed_at: when ShipBob last changed it; the moment of completion once completed; None
            where ShipBob does not say.
        items: NetSuite's items by the item name that was asked for.
        bindings: what its SKUs were matched to before, by ShipBob's inventory id.
        bound: NetSuite's items by internal id, for what was matched before.
        near_items: by an item name that NetSuite has not, items of nearly that name.
        orders: the purchase orders that it may be of; one, when all is well.
        announced_at: when the WRO was made at ShipBob, by whomever; None where ShipBob does not
            say.
        is_transfer: it is of a transfer order, by our books or by its number.
        unit_rates: base units in one of each unit that its items are kept in, where readable.
        periods: posting periods from the one of ``stowed_at`` on; empty when unreadable.
        destination_id: the center behind the hub that the WRO shows as its center, where
            ShipBob names one.
        sent_on: its history shows that a hub has sent it on.
        seen_first: what a first look showed, where it showed less than is booked; ``lines``
            are then of a second look, which began after the first had ended.
        decisions: what people decided about it, with the documents that they named.
        location_subsidiaries: of each location of the connection's that shows any; only read
            where units may be adjusted, and empty outside OneWorld.
        owner: what is known of which order it is of.
    """

    wro_id: int
    status: str
    purchase_order_number: str | None
    fulfillment_center_id: int
    fulfillment_center_name: str
    stowed_at: datetime | None
    lines: tuple[StowedLine, ...]
    items: dict[str, tuple[ItemFact, ...]]
    orders: tuple[ReceivingOrder, ...]
    periods: tuple[PeriodFact, ...]
    synced: bool
    bindings: dict[int, Binding] = {}
    bound: dict[str, ItemFact] = {}
    near_items: dict[str, tuple[ItemFact, ...]] = {}
    unit_rates: dict[str, Decimal] = {}
    is_transfer: bool = False
    seen_first: tuple[StowedLine, ...] | None = None
    destination_id: int | None = None
    sent_on: bool = False
    announced_at: datetime | None = None
    decisions: tuple[Decided, ...] = ()
    location_subsidiaries: dict[str, tuple[str, ...]] = {}
    owner: WroOwner = WroOwner()

    @property
    def destination(self) -> int:
        """The center that its goods go to: its own, or the one behind the hub."""
        return self.destination_id or self.fulfillment_center_id

    @property
    def matches(self) -> MatchFacts:
        """What both systems and our own books say of its SKUs."""
        return MatchFacts(self.items, self.bindings, self.bound, self.near_items)
