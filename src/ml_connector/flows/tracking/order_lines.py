"""Which lines of the sales order take the units of a shipment. Pure.

A line is found by the name of its item, which is the SKU (netsuite.md section 5.6), or by the
item that ShipBob's inventory item was matched to before. How many kits a shipment holds is
counted in ``kits``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.tracking.documents import OrderLineUnits
from ml_connector.flows.tracking.facts import (
    ItemNames,
    ShipmentFact,
    StoreProduct,
    Units,
    units_by_inventory,
)
from ml_connector.flows.tracking.kits import kits_in_shipment, kits_of_loose
from ml_connector.flows.tracking.sales_orders import (
    BY_HAND,
    OrderLineFact,
    SalesOrderFact,
    lines_called,
)
from ml_connector.flows.tracking.unit_items import items_of
from ml_connector.rules.items import item_name, missing_remedy
from ml_connector.words import Cause

_IS_NO_ORDER_LINE: Final = f"If it replaces what was ordered, change the sales order; or {BY_HAND}"


class WantedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of one item that has shipped, and the units that left the shelf for it.

    Attributes:
        lines: the sales order's lines of the item.
        quantity: counts kits where the item is a kit.
        as_members: whether ShipBob makes up the item of the units.
    """

    lines: tuple[OrderLineFact, ...]
    sku: str
    quantity: int
    units: tuple[Units, ...]
    as_members: bool = False


def wanted_lines(
    shipment: ShipmentFact,
    order: SalesOrderFact,
    names: ItemNames,
) -> list[WantedUnits]:
    """Find the order lines of everything in a shipment that NetSuite fulfils.

    Args:
        shipment: what has shipped.
        order: the sales order.
        names: which items the SKUs stand for.

    Raises:
        NeedsData: a SKU is no item in NetSuite.
        NeedsHuman: a SKU is not on the order, or how many kits these are is not clear.
    """
    return [one for one in _all_lines(shipment, order, names) if one.lines[0].can_ship]


def never_fulfilled(
    shipment: ShipmentFact, order: SalesOrderFact, names: ItemNames
) -> dict[str, str]:
    """Return why NetSuite fulfils some units of a shipment never, by their source lines.

    Such are gift cards, downloads and services: they are on no item fulfilment at all.
    """
    try:
        every = _all_lines(shipment, order, names)
    except (NeedsData, NeedsHuman):
        return {}
    return {
        unit.source_line: f"NetSuite fulfils no {one.lines[0].name}: it is a"
        f" {one.lines[0].kind or 'line'} that is not marked to be fulfilled"
        for one in every
        if not one.lines[0].can_ship
        for unit in one.units
    }


def _all_lines(
    shipment: ShipmentFact, order: SalesOrderFact, names: ItemNames
) -> list[WantedUnits]:
    wanted, loose = _lines_and_loose(shipment, order, names)
    if loose:
        raise _not_on_order(loose, order, names, shipment.id)
    return wanted


def units_on_no_line(
    shipment: ShipmentFact, order: SalesOrderFact, names: ItemNames
) -> tuple[Units, ...]:
    """Return the units beside ordered ones whose items are on no line of the order.

    There are none where any of them has no SKU or is no item in NetSuite: such a unit may be
    ordered under another name.

    Raises:
        NeedsHuman: which lines other units are on is not clear.
    """
    wanted, loose = _lines_and_loose(shipment, order, names)
    if not wanted or not loose:
        return ()
    failure = _not_on_order(loose, order, names, shipment.id)
    if failure.cause != Cause.SKU_NOT_ON_ORDER:
        return ()
    return tuple(unit for units in loose.values() for unit in units)


def _lines_and_loose(
    shipment: ShipmentFact, order: SalesOrderFact, names: ItemNames
) -> tuple[list[WantedUnits], dict[str, list[Units]]]:
    """Return the lines of everything in a shipment, and by SKU what is on no line."""
    wanted: list[WantedUnits] = []
    members: list[tuple[StoreProduct, Units]] = []
    for product in shipment.products:
        lines = _lines_of(product, order, names)
        if not lines:
            members += [(product, units) for units in product.units]
            continue
        as_members = lines[0].is_kit or not _is_itself(product, lines[0], names)
        wanted.append(
            WantedUnits(
                lines=lines,
                sku=product.sku or lines[0].name,
                quantity=kits_in_shipment(product, lines[0], order, names, shipment.id)
                if as_members
                else sum(one.quantity for one in product.units),
                units=product.units,
                as_members=as_members,
            )
        )
    of_members, loose = _of_members(members, order, names)
    return wanted + of_members, loose


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
            # The last line gets all units that are left, so that none is lost by rounding.
            units, pool = _share(pool, quantity, rest + quantity, last=rest == 0)
            items = items_of(line, units, order, names, as_members=one.as_members)
            taken[line.line].append(OrderLineUnits(quantity=quantity, units=units, items=items))
        if rest:
            raise NeedsHuman(
                f"Shipment {shipment_id} holds {one.quantity} x {one.sku}, {rest} more than sales"
                f" order {order.number} has open",
                cause=Cause.OVER_FULFILLMENT,
                remedy=(
                    "If they are fulfilled already, put the tracking number on the fulfilment that"
                    " holds exactly these units. If not, raise the quantity on the order. It then"
                    " goes on by itself."
                ),
            )
    return dict(taken)


def covers(order: SalesOrderFact, wanted: Iterable[WantedUnits]) -> bool:
    """Whether all of this is still open on the order."""
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
    """Return the quantity of each NetSuite item that a fulfilment of this holds."""
    units: dict[str, int] = defaultdict(int)
    for one in wanted:
        units[one.lines[0].item] += one.quantity
    return dict(units)


def _lines_of(
    product: StoreProduct, order: SalesOrderFact, names: ItemNames
) -> tuple[OrderLineFact, ...]:
    """Return the lines of a product: of the item that its units were matched to, else by SKU.

    Raises:
        NeedsHuman: the order has only another item under the name of the SKU; or several.
    """
    inventory = {units.inventory_id for units in product.units}
    bound = _lines_bound(inventory, order, names)
    if bound:
        return bound
    lines = _lines_called(product.sku, inventory, order, names) if product.sku else ()
    if lines and product.is_its_own_unit:
        _refuse_namesake(product.sku or "", inventory, lines, order, names)
    return lines


def _lines_bound(
    inventory: Collection[int], order: SalesOrderFact, names: ItemNames
) -> tuple[OrderLineFact, ...]:
    """Return the lines of the item that one inventory item was matched to; none for several."""
    item = names.bound.get(next(iter(inventory))) if len(inventory) == 1 else None
    return tuple(line for line in order.lines if line.item == item)


def _is_itself(product: StoreProduct, line: OrderLineFact, names: ItemNames) -> bool:
    """Whether the units of a product are the line's item, and not members of it."""
    bound = {names.bound.get(units.inventory_id) for units in product.units}
    return product.is_its_own_unit or bound == {line.item}


def _refuse_namesake(
    sku: str,
    inventory: Collection[int],
    lines: Sequence[OrderLineFact],
    order: SalesOrderFact,
    names: ItemNames,
) -> None:
    """Stop where the order has another item under the name of an SKU than it was matched to.

    An item that was renamed, and a new one of the old name, are two: receiving goes on with the
    first.

    Raises:
        NeedsHuman: it has.
    """
    other = lines[0]
    for bound in {item for one in inventory if (item := names.bound.get(one))} - {other.item}:
        raise NeedsHuman(
            f"SKU {sku} was matched to item {bound}, and sales order {order.number} has another"
            f" item of its name: {other.full_name or other.name} (item {other.item})",
            cause=Cause.SKU_NOT_ON_ORDER,
            remedy=(
                f"If item {bound} was sold, put it on the sales order in place of item"
                f" {other.item}. If item {other.item} takes its place from now on, name it under"
                f' [skus] ("{sku}" = "its name", which must differ from the old one) and apply'
                f" the connection again. Or {BY_HAND}"
            ),
        )


def _lines_called(
    sku: str, inventory: Collection[int], order: SalesOrderFact, names: ItemNames
) -> tuple[OrderLineFact, ...]:
    """Return the lines of the item that a SKU names.

    Two children of different parents may have the same name: then it is the one that the SKU
    was matched to before.

    Args:
        sku: ShipBob's.
        inventory: the inventory ids of the units of this SKU.
        order: the sales order.
        names: which items the SKUs stand for.

    Raises:
        NeedsHuman: several items of the order have the name.
    """
    found = lines_called(item_name(sku, names.exceptions), order.lines)
    bound = {item for one in inventory if (item := names.bound.get(one)) in found}
    items = bound if len(found) > 1 and len(bound) == 1 else set(found)
    if len(items) > 1:
        said = ", ".join(
            f"{lines[0].full_name or lines[0].name} (item {item})"
            for item, lines in sorted(found.items())
        )
        raise NeedsHuman(
            f"SKU {sku} matches {len(found)} items on sales order {order.number}: {said}",
            cause=Cause.SKU_AMBIGUOUS,
            remedy="Name the right one in full under [skus] and apply the connection again.",
            waiting_for=[AwaitedKind.SKU.named(item_name(sku, names.exceptions))],
        )
    return tuple(line for item in items for line in found[item])


def _of_members(
    members: Sequence[tuple[StoreProduct, Units]],
    order: SalesOrderFact,
    names: ItemNames,
) -> tuple[list[WantedUnits], dict[str, list[Units]]]:
    """Find lines for units whose product is on no line: by their own SKUs, or as kits.

    Returns:
        The lines, and by SKU the units that are on none.
    """
    wanted: list[WantedUnits] = []
    loose: dict[str, list[Units]] = defaultdict(list)
    for product, units in members:
        sku = units.sku or product.sku or ""
        inventory = (units.inventory_id,)
        lines = _lines_bound(inventory, order, names)
        if not lines and (lines := _lines_called(sku, inventory, order, names)):
            _refuse_namesake(sku, inventory, lines, order, names)
        if lines:
            wanted.append(
                WantedUnits(lines=lines, sku=sku, quantity=units.quantity, units=(units,))
            )
        else:
            loose[sku].append(units)
    wanted += _as_kits(loose, order, names)
    return wanted, loose


def _as_kits(
    loose: dict[str, list[Units]], order: SalesOrderFact, names: ItemNames
) -> list[WantedUnits]:
    """Take units that make up whole kits of the order out of those that are on no line.

    Args:
        loose: the units by SKU; what becomes kits is taken out of it.
        order: the sales order.
        names: with the members of kits.
    """
    wanted: list[WantedUnits] = []
    for line in order.lines:
        kits, skus = kits_of_loose(line, loose, order, names) if line.is_kit else (0, ())
        if kits:
            lines = tuple(one for one in order.lines if one.item == line.item)
            units = tuple(one for sku in sorted(skus) for one in loose.pop(sku))
            wanted.append(WantedUnits(lines=lines, sku=line.name, quantity=kits, units=units))
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
            remedy="Give the product a SKU at ShipBob. It then goes on by itself.",
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
            remedy=missing_remedy(unknown, names.near_items, names.exceptions),
        )
    what = ", ".join(
        f"{sum(unit.quantity for unit in units)} x {sku}" for sku, units in sorted(loose.items())
    )
    return NeedsHuman(
        f"Shipment {shipment_id} holds {what}, which is on no line of sales order {order.number}",
        cause=Cause.SKU_NOT_ON_ORDER,
        remedy=_IS_NO_ORDER_LINE,
        waiting_for=[AwaitedKind.POLICY.named("extra_items")],
    )


def _share(
    pool: Sequence[Units], quantity: int, whole: int, *, last: bool
) -> tuple[tuple[Units, ...], list[Units]]:
    """Split a pool of units, which a whole quantity is made of, for a part of that quantity.

    Returns:
        The units for the part, and those for the rest.
    """
    if last:
        return tuple(pool), []
    due: dict[int, int] = {
        inventory_id: units * quantity // whole
        for inventory_id, units in units_by_inventory(pool).items()
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


def _other_unit(order: SalesOrderFact, line: OrderLineFact) -> NeedsHuman:
    return NeedsHuman(
        f"{order.number} line {line.line} is sold in unit {line.unit}, not in the item's stock"
        " unit; ShipBob counts eaches",
        cause=Cause.UNIT_DIFFERS,
        remedy=(f"Sell in the stock unit, or {BY_HAND}"),
    )
