"""Which units of an order are still open, by the fulfillment center they go to. All pure.

Assumptions: NS-040.
"""

from collections import defaultdict
from datetime import date
from typing import NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.purchase_orders.facts import OrderedLine, PurchaseOrderFacts
from ml_connector.flows.purchase_orders.products import products_of
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.item_types import KNOWN, STOCKED
from ml_connector.rules.units import refuse_other_unit
from ml_connector.words import Cause


class OpenUnits(NamedTuple):
    """Open units of one SKU at a fulfillment center.

    Attributes:
        expected: the last expected receipt date of their lines, where one has any.
    """

    sku: str
    inventory_id: int
    quantity: int
    expected: date | None


class OpenOrder(NamedTuple):
    """What is still open of an order.

    Attributes:
        by_center: open units by ShipBob's id of the fulfillment center.
        bindings: which of its items were matched to a product for the first time.
        products: the inventory ids of its items, by NetSuite's item id.
    """

    by_center: dict[int, list[OpenUnits]]
    bindings: tuple[Binding, ...]
    products: dict[str, int]


def open_units(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> OpenOrder:
    """Return what is open by fulfillment center, one entry for each product."""
    centers = centers_by_location(facts, settings)
    lines: list[tuple[int, OrderedLine]] = []
    for line in facts.lines:
        center = centers.get(line.location or "")
        if center is None or line.item_type not in STOCKED:
            continue
        if line.fraction:
            raise NeedsHuman(
                f"{facts.number} line {line.line} orders a fraction of {line.item_name}",
                cause=Cause.UNIT_DIFFERS,
                remedy="ShipBob counts whole eaches: order whole units. It then goes on by"
                " itself.",
            )
        if line.open_quantity:
            refuse_other_unit(facts.number, line.line, line.unit, settings)
            lines.append((center, line))
    products = products_of(
        {line.ordered_item for _, line in lines},
        facts.products,
        settings.skus,
        order_number=facts.number,
    )
    units: dict[int, dict[int, OpenUnits]] = defaultdict(dict)
    for center, line in lines:
        sku, inventory_id, _ = products[line.ordered_item]
        before = units[center].get(inventory_id)
        units[center][inventory_id] = OpenUnits(
            sku,
            inventory_id,
            line.open_quantity + (before.quantity if before else 0),
            max(filter(None, [before and before.expected, line.expected]), default=None),
        )
    return OpenOrder(
        {center: sorted(some.values()) for center, some in units.items()},
        tuple(one.binding for _, one in sorted(products.items()) if one.binding is not None),
        {item.id: one.inventory_id for item, one in products.items()},
    )


def left_off(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> NeedsHuman | None:
    """Return that open lines at a location of ShipBob's can't be announced, if there are any.

    Their item is of a type that this version does not know, or is hidden from the role: whether
    it lies on a shelf can't be told. Lines of services and the like are none of ShipBob's.
    """
    centers = centers_by_location(facts, settings)
    unclear = [line for line in facts.lines if line.item_type not in KNOWN]
    said = [
        f"line {line.line} orders {line.open_quantity} of {_said(line)}"
        for line in (*unclear, *facts.unseen)
        if line.location in centers and (line.open_quantity or line.fraction)
    ]
    if not said:
        return None
    return NeedsHuman(
        f"{facts.number} has lines that are not announced, since it can't be told whether their"
        f" item is kept in stock: {'; '.join(said)}",
        cause=Cause.ITEM_TYPE_UNKNOWN,
        remedy=(
            "Let the role see the item, or take the line out of the order; report a type that is"
            " not known. It then goes on by itself. If ShipBob need not know of the line, decide"
            " accept."
        ),
    )


def _said(line: OrderedLine) -> str:
    if line.item_name:
        return f'{line.item_name}, of type "{line.item_type}"'
    return f"item {line.item}, which the role may not see"


def centers_by_location(facts: PurchaseOrderFacts, settings: ConnectionSettings) -> dict[str, int]:
    """Return the fulfillment center that stock for a location is sent to.

    Hubs are mapped to the same location as the centers behind them (shipbob.md section
    9.1); only the centers that stock may be sent to count here.

    Raises:
        NeedsHuman: a location of this order has several.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for center, location in settings.locations.items():
        if int(center) in facts.centers:
            found[location].append(int(center))
    for line in facts.lines:
        several = found.get(line.location or "", [])
        if len(several) > 1:
            raise NeedsHuman(
                f"Location {line.location} of {facts.number} has several fulfillment centers"
                f" that stock may be sent to: {', '.join(map(str, sorted(several)))}",
                cause=Cause.LOCATION_UNMAPPED,
                remedy="Give each fulfillment center a NetSuite location of its own.",
                waiting_for=[AwaitedKind.LOCATION.named(center) for center in several],
            )
    return {location: centers[0] for location, centers in found.items()}
