"""What is known of a drawn sale: both orders, and what people fulfilled of it by hand."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from ml_connector.sim.shipbob.books.orders import Order, Shipment
from ml_connector.sim.shipbob.people.dock import Item

PLACES: Final = {228: 6, 10: 7}
"""ShipBob's centers and NetSuite's locations."""

OWN_WAREHOUSE: Final = 9
OTHER_SHOP: Final = 100778
ROUNDS: Final = 5
STOCK: Final = 400

Units = Counter[str]
"""Quantity by NetSuite item."""


@dataclass
class Hand:
    """An item fulfilment that a person made.

    Attributes:
        shipments: those whose units the person had in hand; none where it is another matter.
        units: by SKU.
        is_exact: whether it holds just the units of these, from where they are.
        is_named: whether their tracking numbers are on it.
    """

    document: int
    number: str
    shipments: frozenset[int]
    units: Units
    location: int
    is_exact: bool
    is_named: bool


@dataclass
class Sale:
    """An order at ShipBob, and its sales order once somebody has entered it.

    Attributes:
        made_of: what one of each bundle is made of, by SKU.
        loose: bundles that ShipBob's order names by their parts.
        may_stop: causes that may stop any of its shipments, by what was done.
        of_shipment: the same for one shipment.
        changed: whether anything happened since the installation looked.
        torn: shipments that hold the parts of a kit together only.
        repacked: what was in shipments before other units were.
        deleted: external ids of fulfilments of ours that people deleted.
    """

    number: str
    order: Order
    made_of: Mapping[str, Mapping[str, int]]
    loose: Collection[str] = ()
    sales_order: int | None = None
    hands: list[Hand] = field(default_factory=list)
    may_stop: set[str] = field(default_factory=set)
    of_shipment: dict[int, set[str]] = field(default_factory=dict)
    changed: bool = False
    torn: set[int] = field(default_factory=set)
    repacked: dict[int, dict[Item, int]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def let(self, shipment: Shipment, *causes: str) -> None:
        self.of_shipment.setdefault(shipment.id, set()).update(causes)

    def reasons(self, shipment_id: int) -> set[str]:
        return self.may_stop | self.of_shipment.get(shipment_id, set())

    @property
    def live(self) -> list[Shipment]:
        return [one for one in self.order.shipments if one.status != "Cancelled"]

    def find(self, shipment_id: int) -> Shipment:
        return next(one for one in self.order.shipments if one.id == shipment_id)

    def units(self, *shipments: Shipment) -> Units | None:
        """What shipments hold by NetSuite item; None where it is not whole kits."""
        by_line: dict[str, Counter[str]] = {}
        for shipment in shipments:
            for pick in shipment.picks:
                line = by_line.setdefault(self._sold_as(pick.line.sku), Counter())
                line[pick.name] += pick.quantity
        found: Units = Counter()
        for sku, parts in by_line.items():
            made_of = self.made_of.get(sku, {sku: 1})
            counts = {units / made_of.get(part, 0.3) for part, units in parts.items()}
            if len(counts) > 1 or parts.keys() != made_of.keys() or min(counts) % 1:
                return None
            found[sku] += int(min(counts))
        return found

    def _sold_as(self, sku: str) -> str:
        return next((kit for kit in self.loose if sku in self.made_of[kit]), sku)

    def place(self, shipment: Shipment) -> int:
        return PLACES[shipment.center_id]


@dataclass(frozen=True)
class Fulfillment:
    """An item fulfilment as NetSuite's books have it; units by SKU and location.

    Attributes:
        tags: the shipments that its external id or its memo names.
        ordered_at: SKU and location of the order's lines that it takes, where they have one.
    """

    id: int
    external_id: str
    status: str
    sales_order: int
    units: Counter[tuple[str, int]]
    ordered_at: set[tuple[str, int]] = field(default_factory=set)
    tags: frozenset[int] = frozenset()

    @property
    def shipment(self) -> int | None:
        """The shipment that an external id of ours names."""
        return int(self.external_id[7:]) if self.external_id.startswith("mlc-if-") else None


@dataclass(frozen=True)
class Line:
    """A line of a sales order that can be fulfilled, with what no fulfilment has taken yet."""

    number: int
    sku: str
    location: int
    ordered: int
    open: int
    closed: bool
