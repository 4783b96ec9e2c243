"""Sums of units by location, and how they are written. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal


def by_location(units: Iterable[tuple[str, Decimal | int]]) -> dict[str, Decimal]:
    """Return what units come to at each location; locations with nothing are left out."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for location, quantity in units:
        sums[location] += quantity
    return {location: sums[location] for location in sorted(sums) if sums[location]}


def signed(quantity: Decimal | int) -> str:
    """Return a number of units with its sign, such as ``+40``."""
    return f"{Decimal(quantity).normalize():+f}"
