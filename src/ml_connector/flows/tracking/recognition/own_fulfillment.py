"""Which item fulfilment in NetSuite is a shipment's, whoever made it. Pure.

A fulfilment is the shipment's for certain when it names the shipment: by its external id, by
our tag in the memo, or by one of its tracking numbers. Otherwise one that names no shipment at
all counts as this shipment's when it holds exactly the same units, so that nothing that a
person or the account has fulfilled is fulfilled twice.
"""

from collections.abc import Callable, Mapping, Sequence

from ml_connector.flows.tracking.facts import ShipmentFact
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.words import ExternalIdPrefix

UnitsOf = Callable[[ShipmentFact], Mapping[str, int]]
"""Returns the quantity of each NetSuite item that a shipment holds."""


def names_shipment(fulfillment: FulfillmentFact, shipment: ShipmentFact) -> bool:
    """Whether a fulfilment says of itself that it is this shipment's."""
    own = f"{ExternalIdPrefix.FULFILLMENT}{shipment.id}"
    return (
        fulfillment.external_id == own
        or f"[{own}]" in fulfillment.memo
        or any(
            parcel.compared_number in fulfillment.compared_numbers for parcel in shipment.parcels
        )
    )


def own_fulfillment(
    shipment: ShipmentFact,
    siblings: Sequence[ShipmentFact],
    fulfillments: Sequence[FulfillmentFact],
    units_of: UnitsOf,
    *,
    location: str | None,
    may_share: bool,
) -> FulfillmentFact | None:
    """Return the fulfilment of a shipment, or None when there is none yet.

    Args:
        shipment: what has shipped.
        siblings: all shipments of the order.
        fulfillments: all fulfilments of the sales order.
        units_of: returns what a shipment holds; nothing where that is not clear.
        location: NetSuite's location of the shipment's center; None when it isn't mapped.
        may_share: whether a fulfilment may count that holds other shipments' units as well:
            when the order has too few units open for a fulfilment of its own, or when no
            fulfilment is to be made.
    """
    in_order = sorted(fulfillments, key=lambda one: (len(one.id), one.id))
    named = _naming(shipment, in_order)
    if named is not None:
        return named
    wanted = units_of(shipment)
    if not wanted:
        return None
    equal = [
        one
        for one in in_order
        if _names_no_shipment(one) and units_in(one) == wanted and _is_at(one, location)
    ]
    waiting = [
        one
        for one in _without_fulfillment(siblings, in_order)
        if one.id == shipment.id or units_of(one) == wanted
    ]
    # Shipments with the same units and fulfilments with the same units are paired in the order
    # of their ids, whichever shipment is planned, so that no two take the same fulfilment.
    for candidate, sibling in zip(equal, waiting, strict=False):
        if sibling.id == shipment.id:
            return candidate
    return _shared(shipment, siblings, in_order, units_of) if may_share else None


def _naming(
    shipment: ShipmentFact, fulfillments: Sequence[FulfillmentFact]
) -> FulfillmentFact | None:
    """Return the fulfilment that names a shipment; of several, the one we made."""
    named = [one for one in fulfillments if names_shipment(one, shipment)]
    own = f"{ExternalIdPrefix.FULFILLMENT}{shipment.id}"
    by_external_id = [one for one in named if one.external_id == own]
    return next(iter(by_external_id or named), None)


def _without_fulfillment(
    siblings: Sequence[ShipmentFact], fulfillments: Sequence[FulfillmentFact]
) -> list[ShipmentFact]:
    """Return the shipments that have shipped and that no fulfilment names, by id."""
    return sorted(
        (
            one
            for one in siblings
            if one.has_shipped
            and not any(names_shipment(fulfillment, one) for fulfillment in fulfillments)
        ),
        key=lambda one: one.id,
    )


def _shared(
    shipment: ShipmentFact,
    siblings: Sequence[ShipmentFact],
    fulfillments: Sequence[FulfillmentFact],
    units_of: UnitsOf,
) -> FulfillmentFact | None:
    """Return the fulfilment, made by others, that has room for all of a shipment's units.

    None when there is none, or more than one.
    """
    numbers = {parcel.compared_number for sibling in siblings for parcel in sibling.parcels}
    found = []
    for fulfillment in fulfillments:
        if (fulfillment.external_id or "").startswith(ExternalIdPrefix.FULFILLMENT):
            continue
        if not fulfillment.compared_numbers <= numbers:
            continue
        room = dict(units_in(fulfillment))
        for sibling in siblings:
            if sibling.id != shipment.id and names_shipment(fulfillment, sibling):
                for item, quantity in units_of(sibling).items():
                    room[item] = room.get(item, 0) - quantity
        if all(room.get(item, 0) >= units for item, units in units_of(shipment).items()):
            found.append(fulfillment)
    return found[0] if len(found) == 1 else None


def _names_no_shipment(fulfillment: FulfillmentFact) -> bool:
    return (
        not (fulfillment.external_id or "").startswith(ExternalIdPrefix.FULFILLMENT)
        and f"[{ExternalIdPrefix.FULFILLMENT}" not in fulfillment.memo
        and not fulfillment.tracking_numbers
    )


def units_in(fulfillment: FulfillmentFact) -> dict[str, int]:
    """Return the quantity of each NetSuite item on a fulfilment."""
    units: dict[str, int] = {}
    for line in fulfillment.lines:
        units[line.item] = units.get(line.item, 0) + line.quantity
    return units


def _is_at(fulfillment: FulfillmentFact, location: str | None) -> bool:
    """Whether none of its lines names another location."""
    return location is None or all(line.location in (None, location) for line in fulfillment.lines)
