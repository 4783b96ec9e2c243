"""Signs of what queries show (reference 5.2, 16.5)."""

from decimal import Decimal
from typing import Final

_OWED: Final = frozenset({"purchaseOrder", "vendorBill"})
"""Whose ``foreigntotal`` and ``total`` are negative in queries."""


def of_total(record: str) -> Decimal:
    """The sign that queries give the total of a transaction that REST shows as positive."""
    return Decimal(-1) if record in _OWED else Decimal(1)
