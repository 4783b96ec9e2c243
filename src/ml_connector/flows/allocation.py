"""Which order lines take the units of a WRO, and what no line expects."""

from collections.abc import Collection, Mapping, Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.flows.receipts import (
    Increase,
)
from ml_connector.flows.received import Order
from ml_connector.words import Cause


def refuse_other_units(order: Order, taken: Mapping[int, Sequence[tuple[Increase, int]]]) -> None:
    """Stop where an order line counts in another unit than eaches (netsuite.md section 13.3).

    Raises:
        NeedsHuman: a line to be received has a purchase unit of its own.
    """
    for line in order.lines:
        if line.unit is not None and line.line in taken:
            raise NeedsHuman(
                f"{order.number} line {line.line} is ordered in unit {line.unit}, not in the"
                " item's stock unit; ShipBob counts eaches",
                cause=Cause.UNIT_DIFFERS,
                remedy="Order in the stock unit, or receive this line by hand in NetSuite.",
            )


def refuse_what_others_received(
    order: Order,
    wro_id: int,
    surplus: Sequence[tuple[Increase, int]],
    known: Collection[str],
) -> None:
    """Stop where units beyond the order may be the very ones that were received already.

    By a person, or by ourselves before a database was lost or restored.

    Args:
        order: with the receipts that no other WRO explains.
        wro_id: whose units they are.
        surplus: the units.
        known: external ids of what these books know to be posted for the WRO.

    Raises:
        NeedsHuman: a receipt that our books do not know holds units of the same item.
    """
    for increase, quantity in surplus:
        unknown = [
            receipt
            for line in order.lines
            if line.item_id == increase.item.id
            for receipt in line.receipts
            if receipt.external_id not in known
        ]
        if unknown:
            units = sum(receipt.quantity for receipt in unknown)
            named = ", ".join(sorted({one.external_id for one in unknown if one.external_id}))
            raise NeedsHuman(
                f"WRO {wro_id} holds {quantity} x {increase.sku} beyond what"
                f" {order.number} still expects, and {units} were received in NetSuite by a"
                f" receipt that these books do not know{f' ({named})' if named else ''}: they may"
                " be the same units",
                cause=Cause.RECEIVED_BY_OTHERS,
                remedy=(
                    "If they are the same, leave it: nothing is booked twice; or delete that"
                    " receipt and replay. If they are not, adjust the stock by hand."
                ),
            )


def allocate(
    order: Order, increases: Sequence[Increase]
) -> tuple[dict[int, list[tuple[Increase, int]]], list[tuple[Increase, int]]]:
    """Fill the order's open lines in their order; return what each takes, and the rest."""
    left = {line.line: line.open_quantity for line in order.lines}
    taken: dict[int, list[tuple[Increase, int]]] = {}
    surplus: list[tuple[Increase, int]] = []
    for increase in increases:
        rest = increase.quantity
        for line in order.lines:
            units = min(rest, left[line.line]) if line.item_id == increase.item.id else 0
            if units > 0:
                taken.setdefault(line.line, []).append((increase, units))
                left[line.line] -= units
                rest -= units
        if rest:
            surplus.append((increase, rest))
    return taken, surplus


def stretch(
    order: Order,
    taken: dict[int, list[tuple[Increase, int]]],
    surplus: Sequence[tuple[Increase, int]],
) -> list[tuple[Increase, int]]:
    """Receive the surplus on the last line of its item; return what has no line."""
    without_line: list[tuple[Increase, int]] = []
    for increase, quantity in surplus:
        lines = [line.line for line in order.lines if line.item_id == increase.item.id]
        if not lines:
            without_line.append((increase, quantity))
            continue
        parts = taken.setdefault(lines[-1], [])
        for number, (one, units) in enumerate(parts):
            if one == increase:
                parts[number] = (one, units + quantity)
                break
        else:
            parts.append((increase, quantity))
    return without_line
