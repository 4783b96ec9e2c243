"""How many units of each WRO NetSuite has received, by our receipts and by people's. Pure.

Receipts that people make do not say of which WRO. All that the order's lines at a location have
received beyond our own receipts of the WROs there was received by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.flows.purchase_orders.facts import (
    OrderedLine,
    PurchaseOrderFacts,
    ReceivedAstray,
    WroFact,
)
from ml_connector.flows.purchase_orders.products import shipbob_sku
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVED
from ml_connector.rules.external_ids import is_receipt_of
from ml_connector.shipbob.payloads import Wro


def items_on(
    wro: Wro,
    lines: Sequence[OrderedLine],
    bindings: Mapping[str, Sequence[Binding]],
    skus: Mapping[str, str],
) -> dict[str, int]:
    """Find the ordered items on a WRO: by SKU, and by what they were matched to before.

    Args:
        wro: of the order.
        lines: of the order.
        bindings: what its items were matched to before, by NetSuite's item id.
        skus: SKU to item name, where they differ.

    Returns:
        The inventory ids under which items are on the WRO, by NetSuite's item id.
    """
    names = {line.item: shipbob_sku(line.ordered_item.names, skus) for line in lines}
    by_sku = {line.sku: line.inventory_id for line in wro.inventory_quantities}
    there = set(by_sku.values())
    return {item: by_sku[name] for item, name in names.items() if name in by_sku} | {
        item: bound.inventory_id
        for item, several in bindings.items()
        for bound in several
        if bound.inventory_id in there
    }


def received_of_purchase(
    wros: Sequence[WroFact], receipts: Sequence[ReceiptLine]
) -> tuple[WroFact, ...]:
    """Return WROs with what a purchase order received of each, by its receipts' external ids."""
    return tuple(msgspec.structs.replace(wro, booked=_received_of(wro, receipts)) for wro in wros)


def _received_of(wro: WroFact, receipts: Sequence[ReceiptLine]) -> dict[int, int]:
    booked: dict[int, int] = defaultdict(int)
    for receipt in receipts:
        inventory_id = wro.items.get(receipt.item)
        if inventory_id is not None and is_receipt_of(wro.id, receipt.externalid):
            booked[inventory_id] += int(receipt.quantity)
    return dict(booked)


def received_astray(
    lines: Sequence[OrderedLine], receipts: Sequence[ReceiptLine], wros: Sequence[WroFact]
) -> tuple[ReceivedAstray, ...]:
    """Return the units that were received at another location than that of their line.

    They are told by item and location, and so also where no link names the order line. An item
    is left out where its receipts and its lines don't say the same in all. What we received of a
    WRO at its hub is not astray: it is of the line that it was booked on.
    """
    astray: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[int, str] = {line.line: line.location or "" for line in lines}
    unsure: set[str] = set()
    for line in lines:
        astray[line.item][line.location or ""] -= line.received
    for receipt in receipts:
        place = places.get(receipt.order_line or 0)
        if receipt.location and not _at_a_hub(receipt, wros):
            place = receipt.location
        if place is None:
            unsure.add(receipt.item)
        else:
            astray[receipt.item][place] += int(receipt.quantity)
    return tuple(
        ReceivedAstray(item=item, location=place, units=units)
        for item, by_place in sorted(astray.items())
        if item not in unsure and not by_place.total()
        for place, units in sorted(by_place.items())
        if units
    )


def _at_a_hub(receipt: ReceiptLine, wros: Sequence[WroFact]) -> bool:
    """Return whether a receipt is ours for a WRO that goes through a hub."""
    return any(wro.via_hub and is_receipt_of(wro.id, receipt.externalid) for wro in wros)


def received_of_transfer(wros: Sequence[WroFact], order: PurchaseOrder) -> tuple[WroFact, ...]:
    """Return WROs with what a transfer order has received of each.

    People receive it, and no receipt names a WRO. What the order's lines have received is
    taken to be of the WROs that were made first, up to what was stowed of each.
    """
    left: dict[str, int] = defaultdict(int)
    for line in order.lines:
        left[line.item] += int(line.quantityshiprecv)
    found: list[WroFact] = []
    for wro in sorted(wros, key=lambda wro: wro.id):
        if wro.of_other:
            found.append(wro)
            continue
        booked: dict[int, int] = {}
        for item, inventory_id in wro.items.items():
            booked[inventory_id] = min(left[item], wro.stowed.get(inventory_id, 0))
            left[item] -= booked[inventory_id]
        found.append(msgspec.structs.replace(wro, booked=booked, handled={}))
    return tuple(found)


def with_hand_receipts(
    facts: PurchaseOrderFacts, settings: ConnectionSettings
) -> tuple[WroFact, ...]:
    """Return the WROs with the units that people have received of them.

    That counts only where receiving has stopped at a WRO and left its units to people: until then
    they will be booked. What was received is taken to be of the WROs that
    were made first, up to what was stowed of each and is not booked.
    """
    left: dict[str | None, Counter[str]] = {}
    found: list[WroFact] = []
    for wro in sorted(facts.wros, key=lambda wro: wro.id):
        if not wro.left_to_people or wro.of_other:
            found.append(wro)
            continue
        location = _location(wro, settings)
        if location not in left:
            left[location] = _received_there_by_hand(facts, location, settings)
        found.append(_with_units_of(wro, left[location]))
    return tuple(found)


def _with_units_of(wro: WroFact, left: Counter[str]) -> WroFact:
    booked = dict(wro.booked)
    for item, inventory_id in wro.items.items():
        taken = min(left[item], wro.unbooked(inventory_id))
        booked[inventory_id] = booked.get(inventory_id, 0) + taken
        left[item] -= taken
    return msgspec.structs.replace(wro, booked=booked)


def _received_there_by_hand(
    facts: PurchaseOrderFacts, location: str | None, settings: ConnectionSettings
) -> Counter[str]:
    """Return the units that people have received at a location, whatever the line.

    What they received elsewhere is another matter, also of lines of this location.
    """
    units = _received_by_hand(facts, location, settings)
    for one in facts.astray:
        if one.location == location:
            units[one.item] += one.units
    return +units


def received_by_hand(
    facts: PurchaseOrderFacts, location: str | None, settings: ConnectionSettings
) -> Counter[str]:
    """Return the units that people have received of a location's lines, by NetSuite's item id.

    Args:
        facts: of the order.
        location: of the lines; None for all of them.
        settings: of the connection.
    """
    return +_received_by_hand(facts, location, settings)


def _received_by_hand(
    facts: PurchaseOrderFacts, location: str | None, settings: ConnectionSettings
) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in _lines_at(facts.lines, location):
        units[line.item] += line.received
    for wro in facts.wros:
        if location in {None, _location(wro, settings)}:
            for item, inventory_id in wro.items.items():
                units[item] -= wro.received(inventory_id)
    return units


def cartons_may_come(
    wro: WroFact, facts: PurchaseOrderFacts, settings: ConnectionSettings
) -> bool:
    """Return whether nothing is open of what a WRO announces because people have received it.

    Its cartons may be on the road all the same. It is another matter where lines were closed,
    reduced, moved or removed, or where our own receipts of other WROs hold all that was ordered.

    Args:
        wro: which leads to a location where nothing is open.
        facts: of the order.
        settings: of the connection.
    """
    location = _location(wro, settings)
    received = [
        line
        for line in _lines_at(facts.lines, location)
        if not line.closed and not line.open_quantity and (line.item in wro.items or not wro.items)
    ]
    if not received:
        return False
    if facts.status in PURCHASE_ORDER_RECEIVED and not any(line.received for line in received):
        return True
    by_hand = received_by_hand(facts, location, settings)
    return any(by_hand[line.item] for line in received)


def _lines_at(lines: Sequence[OrderedLine], location: str | None) -> Iterable[OrderedLine]:
    return (line for line in lines if location is None or line.location == location)


def _location(wro: WroFact, settings: ConnectionSettings) -> str | None:
    return settings.locations.get(str(wro.fulfillment_center_id))
