"""The sign of quantities of purchase orders' lines, which is not relied on. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec


class _Ordered(Protocol):
    @property
    def quantity(self) -> Decimal:
        """Units ordered."""

    @property
    def quantityshiprecv(self) -> Decimal:
        """Units received."""


Line = TypeVar("Line", bound=_Ordered)


def as_ordered(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines of one purchase order with positive quantities.

    Queries of others show them positive (netsuite.md section 5.2), and the totals of the same
    orders negative (16.5). Where an order has negative lines only, the account shows them so.
    Beside positive lines a negative one is what it says: nothing of it can be received.
    """
    ordered = [line.quantity for line in lines if line.quantity]
    if not ordered or max(ordered) > 0:
        return lines
    return [
        msgspec.structs.replace(  # type: ignore[type-var] # rows of queries are structs
            line, quantity=-line.quantity, quantityshiprecv=abs(line.quantityshiprecv)
        )
        for line in lines
    ]
