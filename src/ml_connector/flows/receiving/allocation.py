"""Which order lines take the units of a WRO, and which units no line expects. All pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.receiving.documents import Increase
from ml_connector.flows.receiving.facts import ReceivingOrder, ReceivingOrderLine
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.units import refuse_other_unit
from ml_connector.words import Cause


class BrokenUnit(NamedTuple):
    """Eaches that an order line expects, but that do not fill a whole unit of it."""

    line: ReceivingOrderLine
    increase: Increase
    quantity: int


class Allocation(NamedTuple):
    """Where the units of a WRO go. All quantities in eaches.

    Attributes:
        taken: by order line, the eaches it takes; they fill whole units of the line.
        surplus: eaches that no line expects.
        broken: eaches that a line expects and can't take, since they fill no whole unit of it.
    """

    taken: dict[int, list[tuple[Increase, int]]]
    surplus: list[tuple[Increase, int]]
    broken: list[BrokenUnit]


def refuse_other_units(
    order: ReceivingOrder,
    taken: Mapping[int, Sequence[tuple[Increase, int]]],
    settings: ConnectionSettings,
) -> None:
    """Stop where a line to be received can't be counted in eaches (netsuite.md section 13.3).

    Raises:
        NeedsHuman: its unit can't be converted into eaches, or the item is kept by lot and the
            quantities of its lots would have to be converted.
    """
    for line in order.lines:
        parts = taken.get(line.line, ())
        if line.unit is None or not parts:
            continue
        refuse_other_unit(order.number, line.line, line.line_unit, settings)
        if any(increase.lot is not None for increase, _ in parts):
            raise NeedsHuman(
                f"{order.number} line {line.line} is ordered in unit {line.unit} of"
                f" {line.per_unit} and kept by lot: which of both its lots count in is not known",
                cause=Cause.UNIT_DIFFERS,
                remedy="Receive this line by hand in NetSuite, or order it in the base unit.",
            )


def lines_at(order: ReceivingOrder, item_id: str, location: str) -> list[ReceivingOrderLine]:
    """Return an item's lines that expect it at a location.

    A line without a location, on an order without one, names no other place: it expects its
    units wherever they come, and stands after those that name this location.
    """
    lines = [line for line in order.lines if line.item_id == item_id]
    return [line for line in lines if line.location == location] + [
        line for line in lines if line.location is None
    ]


def _last_line(order: ReceivingOrder, item_id: str, location: str) -> ReceivingOrderLine | None:
    """Return the last open line that names the location, else the last without any."""
    lines = [line for line in lines_at(order, item_id, location) if line.is_open]
    return max(lines, key=lambda line: (line.location is not None, line.line), default=None)


def expected_elsewhere(order: ReceivingOrder, items: Sequence[ItemFact], location: str) -> str:
    """Return what of these items an order expects at other locations, in eaches.

    Such as ``60 x TEE-BLK-M at location 7``; empty where it expects nothing elsewhere.
    """
    names = {item.id: item.name for item in items}
    units: Counter[tuple[str, str]] = Counter()
    for line in order.lines:
        if line.item_id in names and line.location not in {None, location}:
            units[names[line.item_id], line.location or ""] += line.open_quantity
    return ", ".join(
        f"{quantity} x {name} at location {place}"
        for (name, place), quantity in sorted(units.items())
        if quantity
    )


def allocate(order: ReceivingOrder, increases: Sequence[Increase], location: str) -> Allocation:
    """Fill the open lines of an order at a location, one after the other.

    Lines of other locations are never filled: what they expect is delivered there.
    """
    left = {line.line: line.open_quantity for line in order.lines}
    found = Allocation({}, [], [])
    for increase in increases:
        rest = increase.quantity
        broken: BrokenUnit | None = None
        for line in lines_at(order, increase.item.id, location):
            fits = min(rest, left[line.line])
            part = fits % line.eaches
            if fits > part:
                found.taken.setdefault(line.line, []).append((increase, fits - part))
                left[line.line] -= fits - part
                rest -= fits - part
            if part and broken is None:
                broken = BrokenUnit(line, increase, part)
        if broken is not None and rest:
            broken = broken._replace(quantity=min(rest, broken.quantity))
            found.broken.append(broken)
            left[broken.line.line] -= broken.quantity
            rest -= broken.quantity
        if rest:
            found.surplus.append((increase, rest))
    return found


def stretch(
    order: ReceivingOrder,
    taken: dict[int, list[tuple[Increase, int]]],
    surplus: Sequence[tuple[Increase, int]],
    location: str,
) -> list[tuple[Increase, int]]:
    """Receive the surplus on the last open line of its item at a location; return the rest.

    What remains are eaches without such a line, and eaches that fill no whole unit of it. A line
    that is received in full can't be named on a receipt (netsuite.md section 16.2).

    Args:
        order: that is received from.
        taken: by order line, the eaches it takes; the surplus is added to it.
        surplus: eaches that no line expects.
        location: where the units are.
    """
    left: list[tuple[Increase, int]] = []
    for increase, quantity in surplus:
        line = _last_line(order, increase.item.id, location)
        part = quantity % line.eaches if line else quantity
        if part:
            left.append((increase, part))
        if line is None or quantity == part:
            continue
        parts = taken.setdefault(line.line, [])
        for number, (one, units) in enumerate(parts):
            if one == increase:
                parts[number] = (one, units + quantity - part)
                break
        else:
            parts.append((increase, quantity - part))
    return left
