"""Which item of NetSuite's the units of a shipment are, and their lots there. Pure."""

from collections.abc import Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.tracking.documents import OrderLineUnits
from ml_connector.flows.tracking.facts import ItemNames, Units
from ml_connector.flows.tracking.sales_orders import (
    BY_HAND,
    LotFact,
    OrderLineFact,
    SalesOrderFact,
)
from ml_connector.rules.items import item_name
from ml_connector.words import Cause


def item_of(unit: Units, order: SalesOrderFact, names: ItemNames) -> str | None:
    """Return NetSuite's item of units: as they were matched before, else by their SKU."""
    bound = names.bound.get(unit.inventory_id)
    if bound is not None:
        return bound
    name = item_name(unit.sku or "", names.exceptions)
    ids = {one.item for one in order.lines if one.is_called(name)} or {
        one.id for one in names.items.get(name, ())
    }
    return ids.pop() if len(ids) == 1 else None


def items_of(
    line: OrderLineFact,
    units: Sequence[Units],
    order: SalesOrderFact,
    names: ItemNames,
    *,
    as_members: bool = False,
) -> dict[int, str]:
    """Return NetSuite's item by inventory id: the line's own, or each member's.

    Args:
        line: of the order.
        units: what leaves the shelf for it.
        order: the sales order.
        names: what the SKUs stand for.
        as_members: whether ShipBob makes up the line's item of these units; then they moved,
            and not it.
    """
    as_members = as_members or line.is_kit or len({unit.inventory_id for unit in units}) > 1
    if not as_members:
        return {unit.inventory_id: line.item for unit in units}
    found = {unit.inventory_id: item_of(unit, order, names) for unit in units}
    return {inventory_id: item for inventory_id, item in found.items() if item is not None}


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
            problem = _problem_with_lots(line, unit, lots)
            if problem:
                raise NeedsHuman(
                    f"Shipment {shipment_id}: {line.name} is tracked by {_tracked_by(line)}, and"
                    f" {problem}",
                    cause=Cause.LOT_TRACKED,
                    remedy=f"Choose them in NetSuite: {BY_HAND}",
                )


def _problem_with_lots(
    line: OrderLineFact, unit: Units, lots: Mapping[str, Sequence[LotFact]]
) -> str | None:
    """Return, in words, why the lots or serial numbers of units can't be named; else None."""
    if line.serialized:
        texts = unit.serials
        all_named = len(texts) == unit.quantity
    else:
        texts = (unit.lot,) if unit.lot else ()
        all_named = bool(texts)
    if not all_named:
        return f"ShipBob does not name the {_tracked_by(line)} of all units"
    unknown = [
        text for text in texts if not any(lot.item == line.item for lot in lots.get(text, ()))
    ]
    if unknown:
        return f"NetSuite does not know {_tracked_by(line)} {', '.join(unknown)[:100]}"
    return None


def _tracked_by(line: OrderLineFact) -> str:
    return "serial number" if line.serialized else "lot"
