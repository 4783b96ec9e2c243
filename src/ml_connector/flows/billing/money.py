"""Money: the smallest unit of its currency, and sums that stay exact. Pure.

Assumptions: NS-063.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from ml_connector.ledger.currencies import digits_of


def smallest_unit(currency: str | None) -> Decimal:
    """Return the smallest unit of a currency: 1 for JPY, 0.001 for KWD, 0.01 for most."""
    return Decimal(1).scaleb(-digits_of(currency or ""))


def is_whole(amount: Decimal, unit: Decimal) -> bool:
    """Whether an amount can be paid in this unit."""
    return amount % unit == 0


def in_whole_units(amounts: Sequence[Decimal], total: Decimal, unit: Decimal) -> list[Decimal]:
    """Return the amounts in whole units that come to exactly this total.

    The largest remainder method: each amount is rounded down, and the units that are then
    missing go one each to those that lost most. No amount moves by a unit or more.

    Args:
        amounts: signed; their sum is less than half a unit away from the total.
        total: whole units.
        unit: the smallest unit of the currency.

    Raises:
        ValueError: their sum is further away.
    """
    if abs(sum(amounts, Decimal(0)) - total) * 2 >= unit or not is_whole(total, unit):
        raise ValueError(f"{amounts} do not come to {total}")
    floors = [(amount / unit).to_integral_value(ROUND_FLOOR) * unit for amount in amounts]
    missing = int((total - sum(floors, Decimal(0))) / unit)
    lost = sorted(range(len(amounts)), key=lambda place: (floors[place] - amounts[place], place))
    for place in lost[:missing]:
        floors[place] += unit
    return [floor.quantize(unit) for floor in floors]


def said(amount: Decimal, currency: str | None) -> str:
    """Return an amount for a person: ``1234.50 USD``, with all the digits it has."""
    unit = smallest_unit(currency)
    shown = amount.quantize(unit) if is_whole(amount, unit) else amount.normalize()
    return f"{shown:f} {currency or ''}".strip()
