"""Which lines of the sales order take the units of a shipment. Pure.

A line is found by the name of its item, which is the SKU (netsuite.md section 5.6), or by the
item that ShipBob's inventory item was matched to before. ShipBob counts inventory items, not
products: how many kits a shipment holds follows from what was ordered, or from ShipBob's own
catalogue, and only when it comes out even.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.documents import OrderLineUnits
from ml_connector.flows.tracking.facts import OrderedProduct, ShipmentFact, StoreProduct, Units
from ml_connector.flows.tracking.sales_orders import LotFact, OrderLineFact, SalesOrderFact
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.items import item_name
from ml_connector.words import Cause

_IS_NO_ORDER_LINE: Final = (
    "If it replaces what was ordered, change the sales order and replay; or fulfil the order by"
    " hand in NetSuite: its tracking is then added by itself."
)


class ItemNames(msgspec.Struct, frozen=True, kw_only=True):
    """How SKUs and items stand for each other.

    Attributes:
        exceptions: SKU to item name, where they differ (``[skus]``).
        bound: NetSuite's item by ShipBob's inventory id, as it was matched before.
        items: NetSuite's items by name, of SKUs that are not on the order.
        kits: of a kit's item name, the SKUs of its members and how many of each, as ShipBob's
            catalogue has them.
    """

    exceptions: dict[str, str] = {}
    bound: dict[int, str] = {}
    items: dict[str, tuple[ItemFact, ...]] = {}
    kits: dict[str, dict[str, int]] = {}


class WantedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """So many of an order line's item, and the units that leave the shelf for them."""

    lines: tuple[OrderLineFact, ...]
    sku: str
    quantity: int
    units: tuple[Units, ...]


def wanted_lines(
    shipment: ShipmentFact,
    siblings: Sequence[ShipmentFact],
    ordered: Sequence[OrderedProduct],
    order: SalesOrderFact,
    names: ItemNames,
) -> list[WantedUnits]:
    """Find the order lines of everything in a shipment.

    Args:
        shipment: what has shipped.
        siblings: all shipments of its order, itself included.
        ordered: the order's products.
        order: the sales order.
        names: how SKUs and items stand for each other.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: a SKU is not on the order, or how many kits these are is not clear.
    """
    wanted: list[WantedUnits] = []
    members: list[tuple[StoreProduct, Units]] = []
    for product in shipment.products:
        lines = _lines_of(product, order, names)
        if not lines:
            members += [(product, units) for units in product.units]
            continue
        wanted.append(
            WantedUnits(
                lines=lines,
                sku=product.sku or lines[0].name,
                quantity=_quantity(product, lines[0], siblings, ordered, shipment.id),
                units=product.units,
            )
        )
    return wanted + _of_members(members, order, names, shipment.id)


def take(
    wanted: Sequence[WantedUnits], order: SalesOrderFact, shipment_id: int, names: ItemNames
) -> dict[int, list[OrderLineUnits]]:
    """Fill the order's open lines, one after the other.

    Raises:
        NeedsHuman: more has shipped than the order has open, or a line counts in another
            unit than eaches.
    """
    left = {line.line: line.open for line in order.lines}
    taken: dict[int, list[OrderLineUnits]] = defaultdict(list)
    for one in wanted:
        rest = one.quantity
        pool = list(one.units)
        for line in one.lines:
            quantity = min(rest, left[line.line])
            if quantity <= 0:
                continue
            if line.unit is not None:
                raise _other_unit(order, line)
            left[line.line] -= quantity
            rest -= quantity
            # With the last of it goes everything that is left, so that no unit is lost.
            units, pool = _share(pool, quantity, rest + quantity, last=rest == 0)
            taken[line.line].append(
                OrderLineUnits(
                    quantity=quantity, units=units, items=_items(line, units, order, names)
                )
            )
        if rest:
            raise NeedsHuman(
                f"Shipment {shipment_id} holds {one.quantity} x {one.sku}, {rest} more than sales"
                f" order {order.number} has open",
                cause=Cause.OVER_FULFILLMENT,
                remedy=(
                    "If they are fulfilled already, put the tracking number on that fulfilment:"
                    " it is then kept up to date by itself. If not, raise the quantity on the"
                    " order. Then replay."
                ),
            )
    return dict(taken)


def covers(order: SalesOrderFact, wanted: Iterable[WantedUnits]) -> bool:
    """Whether the order has all of this open."""
    left = {line.line: line.open for line in order.lines}
    for one in wanted:
        rest = one.quantity
        for line in one.lines:
            quantity = min(rest, left[line.line])
            left[line.line] -= quantity
            rest -= quantity
        if rest:
            return False
    return True


def by_item(wanted: Iterable[WantedUnits]) -> dict[str, int]:
    """Return how many of which item an item fulfilment of this holds."""
    units: dict[str, int] = defaultdict(int)
    for one in wanted:
        units[one.lines[0].item] += one.quantity
    return dict(units)


def check_lots(
    taken: Mapping[int, Sequence[OrderLineUnits]],
    order: SalesOrderFact,
    lots: Mapping[str, Sequence[LotFact]],
    shipment_id: int,
) -> None:
    """Stop where a line is tracked by lot or serial number and these are not all known.

    Raises:
        NeedsHuman: ShipBob names none, or NetSuite does not know them.
    """
    for line in order.lines:
        if not (line.lot_tracked or line.serialized):
            continue
        for unit in (unit for one in taken.get(line.line, ()) for unit in one.units):
            texts = list(unit.serials) if line.serialized else [unit.lot or ""]
            counted = len(texts) == unit.quantity if line.serialized else texts != [""]
            missing = [
                text
                for text in texts
                if not any(lot.item == line.item for lot in lots.get(text, ()))
            ]
            if counted and not missing:
                continue
            what = "serial number" if line.serialized else "lot"
            said = (
                f"NetSuite does not know {what} {', '.join(missing)[:100]}"
                if counted
                else f"ShipBob does not name the {what} of all units"
            )
            raise NeedsHuman(
                f"Shipment {shipment_id}: {line.name} is tracked by {what}, and {said}",
                cause=Cause.LOT_TRACKED,
                remedy=(
                    "Fulfil the order by hand in NetSuite: its tracking is then added by itself."
                ),
            )


def _lines_of(
    product: StoreProduct, order: SalesOrderFact, names: ItemNames
) -> tuple[OrderLineFact, ...]:
    if product.sku is not None:
        name = item_name(product.sku, names.exceptions)
        lines = tuple(line for line in order.lines if line.is_called(name))
        if lines:
            return _one_item(lines)
    inventory = {units.inventory_id for units in product.units}
    if len(inventory) == 1:
        item = names.bound.get(next(iter(inventory)))
        return tuple(line for line in order.lines if line.item == item)
    return ()


def _one_item(lines: tuple[OrderLineFact, ...]) -> tuple[OrderLineFact, ...]:
    """Keep to one item where two children of different parents have the same name."""
    return tuple(line for line in lines if line.item == lines[0].item)


def _quantity(
    product: StoreProduct,
    line: OrderLineFact,
    siblings: Sequence[ShipmentFact],
    ordered: Sequence[OrderedProduct],
    shipment_id: int,
) -> int:
    """Return how many of the product a shipment holds.

    What is no kit on either side is counted by its units. Of a kit each member must give the
    same number: its units here, by its units for one kit in all shipments of the order.
    """
    here = _by_inventory(product.units)
    if len(here) == 1 and not line.is_kit:
        return sum(here.values())
    total: dict[int, int] = defaultdict(int)
    for sibling in siblings:
        if not sibling.is_cancelled or sibling.id == shipment_id:
            for other in sibling.products:
                if other.key == product.key:
                    for inventory_id, quantity in _by_inventory(other.units).items():
                        total[inventory_id] += quantity
    kits = sum(one.quantity for one in ordered if one.key == product.key)
    numbers = set()
    for inventory_id, everywhere in total.items():
        each, odd = divmod(everywhere, kits) if kits else (0, 1)
        number, rest = divmod(here.get(inventory_id, 0), each) if each else (0, 1)
        numbers.add(None if odd or rest else number)
    if len(numbers) == 1 and (number_of_kits := numbers.pop()):
        return number_of_kits
    raise NeedsHuman(
        f"Shipment {shipment_id}: how many {product.sku} these are is not clear: its members do"
        f" not make up whole kits of the {kits} that were ordered",
        cause=Cause.KIT_UNCLEAR,
        remedy="Fulfil the order by hand in NetSuite: its tracking is then added by itself.",
    )


def _of_members(
    members: Sequence[tuple[StoreProduct, Units]],
    order: SalesOrderFact,
    names: ItemNames,
    shipment_id: int,
) -> list[WantedUnits]:
    """Find lines for what is on no line as a product: by the units' own SKUs, or as kits."""
    wanted: list[WantedUnits] = []
    loose: dict[str, list[Units]] = defaultdict(list)
    for product, units in members:
        sku = units.sku or product.sku or ""
        name = item_name(sku, names.exceptions)
        lines = tuple(line for line in order.lines if line.is_called(name))
        if lines:
            wanted.append(
                WantedUnits(
                    lines=_one_item(lines), sku=sku, quantity=units.quantity, units=(units,)
                )
            )
        else:
            loose[sku].append(units)
    for line in order.lines:
        parts = names.kits.get(line.name, {})
        if line.is_kit and parts and all(sku in loose for sku in parts):
            have = {sku: sum(units.quantity for units in loose[sku]) for sku in parts}
            kits = min(have[sku] // each for sku, each in parts.items())
            if kits and all(have[sku] == kits * each for sku, each in parts.items()):
                lines = tuple(one for one in order.lines if one.item == line.item)
                gone = tuple(one for sku in parts for one in loose.pop(sku))
                wanted.append(WantedUnits(lines=lines, sku=line.name, quantity=kits, units=gone))
    if loose:
        raise _not_on_order(loose, order, names, shipment_id)
    return wanted


def _not_on_order(
    loose: Mapping[str, Sequence[Units]], order: SalesOrderFact, names: ItemNames, shipment_id: int
) -> NeedsData | NeedsHuman:
    nameless = loose.get("", ())
    if nameless:
        return NeedsHuman(
            f"ShipBob's inventory item {nameless[0].inventory_id} has no SKU (shipment"
            f" {shipment_id})",
            cause=Cause.SKU_MISSING_IN_SHIPBOB,
            remedy="Give the product a SKU at ShipBob, then replay.",
        )
    unknown = sorted(
        sku for sku in loose if names.items.get(item_name(sku, names.exceptions)) == ()
    )
    if unknown:
        return NeedsData(
            f"NetSuite has no item {', '.join(unknown[:5])} (shipment {shipment_id})",
            cause=Cause.SKU_MISSING_IN_NETSUITE,
            waiting_for=[
                AwaitedKind.SKU.named(item_name(sku, names.exceptions)) for sku in unknown
            ],
            remedy=(
                "Create the item in NetSuite with this name, or map the SKU under [skus] and"
                " apply the connection again; what waits goes on by itself."
            ),
        )
    what = ", ".join(
        f"{sum(unit.quantity for unit in units)} x {sku}" for sku, units in sorted(loose.items())
    )
    return NeedsHuman(
        f"Shipment {shipment_id} holds {what}, which is on no line of sales order {order.number}",
        cause=Cause.SKU_NOT_ON_ORDER,
        remedy=_IS_NO_ORDER_LINE,
    )


def _share(
    pool: Sequence[Units], quantity: int, whole: int, *, last: bool
) -> tuple[tuple[Units, ...], list[Units]]:
    """Take the units of so many of the whole quantity out of the pool."""
    if last:
        return tuple(pool), []
    due: dict[int, int] = {
        inventory_id: units * quantity // whole
        for inventory_id, units in _by_inventory(pool).items()
    }
    taken: list[Units] = []
    rest: list[Units] = []
    for units in pool:
        count = min(due[units.inventory_id], units.quantity)
        due[units.inventory_id] -= count
        if count:
            taken.append(
                msgspec.structs.replace(units, quantity=count, serials=units.serials[:count])
            )
        if count < units.quantity:
            rest.append(
                msgspec.structs.replace(
                    units, quantity=units.quantity - count, serials=units.serials[count:]
                )
            )
    return tuple(taken), rest


def _by_inventory(units: Iterable[Units]) -> dict[int, int]:
    quantities: dict[int, int] = defaultdict(int)
    for one in units:
        quantities[one.inventory_id] += one.quantity
    return dict(quantities)


def _items(
    line: OrderLineFact, units: Sequence[Units], order: SalesOrderFact, names: ItemNames
) -> dict[int, str]:
    """Return NetSuite's item of each unit: the line's own, or of a kit its members'."""
    if not line.is_kit and len({unit.inventory_id for unit in units}) == 1:
        return {unit.inventory_id: line.item for unit in units}
    found: dict[int, str] = {}
    for unit in units:
        name = item_name(unit.sku or "", names.exceptions)
        ids = {one.item for one in order.lines if one.is_called(name)} or {
            one.id for one in names.items.get(name, ())
        }
        item = names.bound.get(unit.inventory_id) or (ids.pop() if len(ids) == 1 else None)
        if item is not None:
            found[unit.inventory_id] = item
    return found


def _other_unit(order: SalesOrderFact, line: OrderLineFact) -> NeedsHuman:
    return NeedsHuman(
        f"{order.number} line {line.line} is sold in unit {line.unit}, not in the item's stock"
        " unit; ShipBob counts eaches",
        cause=Cause.UNIT_DIFFERS,
        remedy=(
            "Sell in the stock unit, or fulfil this order by hand in NetSuite: its tracking is"
            " then added by itself."
        ),
    )
