"""What NetSuite says of the sales order of a shipment, as a run keeps it."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.ledger.decisions.decisions import NamedDocument, named_units
from ml_connector.netsuite.item_types import is_fulfilled
from ml_connector.netsuite.queries.sales_orders.fulfillments import Fulfillment
from ml_connector.netsuite.queries.sales_orders.orders import Lot, SalesOrder, SalesOrderLine
from ml_connector.netsuite.records.tracking_numbers import compared_number
from ml_connector.netsuite.statuses import SALES_ORDER_OPEN
from ml_connector.rules.line_numbers.compare import PROVED, LineNumbers
from ml_connector.words import Cause, ExternalIdPrefix

BY_HAND: Final = (
    "fulfil the order by hand in NetSuite, with the tracking number on it: it is then kept up to"
    " date by itself."
)
_TAG: Final = re.compile(rf"\[{ExternalIdPrefix.FULFILLMENT}([^\]]+)\]")


class OrderLineFact(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of the sales order. Whole units.

    Attributes:
        open: units that are on no fulfilment yet, not even on one that is only picked.
        location: where the line is to be fulfilled from, where it says so itself.
        marked: whether the item is marked to be fulfilled, where the account shows it.
        unit: set where it is not ordered in the item's stock unit (netsuite.md 13.3).
    """

    line: int
    item: str
    name: str
    full_name: str = ""
    kind: str = ""
    open: int
    closed: bool = False
    lot_tracked: bool = False
    serialized: bool = False
    unit: str | None = None
    location: str | None = None
    marked: bool | None = None

    @property
    def is_kit(self) -> bool:
        """Whether the item is a kit, which is fulfilled as one and shipped as its members."""
        return self.kind == "Kit"

    @property
    def can_ship(self) -> bool:
        """Whether it can be on an item fulfilment at all."""
        return is_fulfilled(self.kind, self.marked)

    def is_called(self, name: str) -> bool:
        """Whether its item has this name, by itself or with its parents'."""
        return bool(name) and name in (self.name, self.full_name)


def lines_called(name: str, lines: Iterable[OrderLineFact]) -> dict[str, list[OrderLineFact]]:
    """Return the lines whose item has this name, by item: children of two parents may share it."""
    found: dict[str, list[OrderLineFact]] = {}
    for line in lines:
        if line.is_called(name):
            found.setdefault(line.item, []).append(line)
    return found


class FulfilledUnits(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an item fulfilment. Whole units, positive."""

    item: str
    quantity: int
    location: str | None = None


class FulfillmentFact(msgspec.Struct, frozen=True, kw_only=True):
    """An item fulfilment of the order, whoever made it.

    Attributes:
        status: A picked, B packed, C shipped.
        day: that it is posted on.
    """

    id: str
    number: str | None = None
    external_id: str | None = None
    status: str | None = None
    memo: str = ""
    lines: tuple[FulfilledUnits, ...] = ()
    tracking_numbers: tuple[str, ...] = ()
    day: date | None = None

    @property
    def named(self) -> NamedDocument:
        """It as what others have put into NetSuite."""
        units: Counter[tuple[str, str]] = Counter()
        for line in self.lines:
            units[line.item, line.location or ""] += line.quantity
        return NamedDocument(
            id=self.id, type="ItemShip", number=self.called, units=named_units(units)
        )

    @property
    def called(self) -> str:
        """Its number, or its internal id."""
        return self.number or self.id

    @property
    def tags(self) -> frozenset[str]:
        """The shipments that tags of ours in its memo name (netsuite.md section 11.8)."""
        return frozenset(_TAG.findall(self.memo))

    @property
    def compared_numbers(self) -> frozenset[str]:
        """Its tracking numbers as they are compared with others."""
        return frozenset(filter(None, map(compared_number, self.tracking_numbers)))


class LotFact(msgspec.Struct, frozen=True, kw_only=True):
    """A lot or serial number of an item."""

    id: str
    item: str
    text: str


class SalesOrderFact(msgspec.Struct, frozen=True, kw_only=True):
    """A sales order that was found for the shipment's order.

    Attributes:
        subsidiary: None where the account has none, or shows none.
        line_numbers: whether the lines' numbers are those that a transform takes.
    """

    id: str
    number: str
    status: str
    subsidiary: str | None = None
    lines: tuple[OrderLineFact, ...] = ()
    fulfillments: tuple[FulfillmentFact, ...] = ()
    line_numbers: LineNumbers = PROVED

    @property
    def is_open(self) -> bool:
        """Whether anything may be fulfilled from it."""
        return self.status in SALES_ORDER_OPEN

    def with_lines_from(self, location: str | None, others: Collection[str]) -> "SalesOrderFact":
        """Return the same order with the lines first that a shipment takes first.

        These are the lines of its location, then those of none; last, those that are due from
        the locations of other shipments. A fulfilment is from one location (netsuite.md section
        16.3), whatever its lines said before.

        Args:
            location: of the shipment's center.
            others: of the centers of the order's other shipments.
        """

        def place(line: OrderLineFact) -> int:
            if line.location is None or location is None:
                return 1
            return 0 if line.location == location else 3 if line.location in others else 2

        return msgspec.structs.replace(self, lines=tuple(sorted(self.lines, key=place)))


def sales_order_fact(order: SalesOrder) -> SalesOrderFact:
    """Return what a run keeps of a sales order."""
    return SalesOrderFact(
        id=order.id,
        number=order.tranid,
        status=order.status,
        subsidiary=order.subsidiary,
        lines=tuple(_line(line, order.fulfillments) for line in order.lines),
        fulfillments=tuple(map(_fulfillment, order.fulfillments)),
    )


def lot_fact(lot: Lot) -> LotFact:
    """Return what a run keeps of a lot."""
    return LotFact(id=lot.id, item=lot.item, text=lot.inventorynumber)


def _line(line: SalesOrderLine, fulfillments: tuple[Fulfillment, ...]) -> OrderLineFact:
    # What is picked or packed is promised, though not counted as fulfilled yet.
    promised = sum(
        taken.quantity
        for fulfillment in fulfillments
        for taken in fulfillment.lines
        if taken.order_line == line.line
    )
    rest = min(line.open_quantity, line.ordered_quantity - promised)
    return OrderLineFact(
        line=line.line,
        item=line.item,
        name=line.itemid,
        full_name=line.fullname,
        kind=line.itemtype,
        open=max(0, int(rest)),
        closed=bool(line.isclosed),
        location=line.location,
        marked=line.marked,
        lot_tracked=bool(line.islotitem),
        serialized=bool(line.isserialitem),
        unit=line.units
        if line.stockunit is not None and line.units is not None and line.units != line.stockunit
        else None,
    )


def _fulfillment(fulfillment: Fulfillment) -> FulfillmentFact:
    return FulfillmentFact(
        id=fulfillment.id,
        number=fulfillment.tranid,
        external_id=fulfillment.externalid,
        status=fulfillment.status,
        memo=fulfillment.memo or "",
        lines=tuple(
            FulfilledUnits(item=line.item, quantity=int(line.quantity), location=line.location)
            for line in fulfillment.lines
        ),
        tracking_numbers=fulfillment.tracking_numbers,
        day=fulfillment.trandate,
    )


def not_open(order: SalesOrderFact, reference: str | None, shipment_id: int) -> ConnectorError:
    """Return the failure of an order that may not be fulfilled in its status."""
    return NeedsHuman(
        f"Sales order {order.number} can't be fulfilled for shipment {shipment_id}: its status"
        f" is {order.status} (A pending approval, C cancelled, F pending billing, G billed,"
        " H closed)",
        cause=Cause.SALES_ORDER_CLOSED,
        remedy=f"Approve or reopen the order in NetSuite, or {BY_HAND}",
        waiting_for=[AwaitedKind.OPEN_SALES_ORDER.named(reference)],
    )
