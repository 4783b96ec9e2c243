"""Movements in either system that we did not post. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ml_connector.flows.inventory.facts import Move, key_of
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.month import StockLine
from ml_connector.reads.stock.histories import source_of
from ml_connector.reads.stock.stock import MOVING, Trail
from ml_connector.rules.stock_causes.histories import PICKED
from ml_connector.shipbob.resources.inventory_history import StockMovement

_TYPE_WORDS: Final[Mapping[str, str]] = {
    "InvAdjst": "inventory adjustment",
    "InvTrnfr": "inventory transfer",
    "ItemRcpt": "item receipt",
    "ItemShip": "item fulfillment",
}


def moves(
    trail: Trail,
    *,
    keys: Mapping[int, str],
    taken_at: datetime,
    zone: ZoneInfo,
) -> tuple[Move, ...]:
    """Return the movements that we did not post, the oldest first.

    Args:
        trail: what both systems say.
        keys: of the levels, by ShipBob's inventory id.
        taken_at: when the snapshot was.
        zone: the merchant's.
    """
    found = [_of_netsuite(line) for line in trail.netsuite if _counts(line)]
    for movement in trail.shipbob:
        if movement.change and movement.inventory_id in keys:
            one = _of_shipbob(movement, trail, keys[movement.inventory_id], taken_at, zone)
            if one is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda move: (move.day, move.what)))


def _counts(line: StockLine) -> bool:
    affects = line.isinventoryaffecting is not Flag.F
    return bool(line.quantity and line.posting and affects and not line.voided)


def _of_netsuite(line: StockLine) -> Move:
    word = _TYPE_WORDS.get(line.type, line.type)
    return Move(
        key=key_of(line.item, line.itemid),
        side="netsuite",
        quantity=line.quantity,
        day=line.trandate,
        what=f"{word} {line.tranid or line.id}",
    )


def _of_shipbob(
    movement: StockMovement, trail: Trail, key: str, taken_at: datetime, zone: ZoneInfo
) -> Move | None:
    """Return a movement at ShipBob; None when it belongs to what is booked."""
    source = source_of(movement) or ""
    order = str(movement.shipbob_order_id) if movement.shipbob_order_id else ""
    if order in trail.known.shipped or source in trail.known.settled:
        return None
    told = source in trail.known.told
    named = source or (f"order {order}" if order else movement.reason)
    return Move(
        key=key,
        side="shipbob",
        quantity=Decimal(movement.change),
        day=movement.event_datetime.astimezone(zone).date(),
        what=f"{movement.event_category or 'movement'}{f' ({named})' if named else ''}",
        standing=_standing(source, order, told=told, age=taken_at - movement.event_datetime),
        source=source,
    )


def _standing(
    source: str, order: str, *, told: bool, age: timedelta
) -> Literal["recent", "picked", "untold", "other"]:
    """Say whether a movement is still to be booked, was missed, or is none of ours.

    Args:
        source: flow and key of what it belongs to; empty where it names none.
        order: ShipBob's number of the order that it names; empty where it names none.
        told: whether the source is in our inbox and not settled yet.
        age: since it happened.
    """
    if told or (age < MOVING and (source or order)):
        return "recent"
    if order:
        return "picked" if age < PICKED else "untold"
    return "untold" if source else "other"
