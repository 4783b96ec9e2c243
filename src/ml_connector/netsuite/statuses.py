"""The status letters of transactions by name (netsuite.md section 5.7).

Over REST and in SuiteQL a status is a bare letter, which means something else on each type of
transaction. The letters of transfer orders are from memory (schemas/status-codes.json).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PURCHASE_ORDER_KNOWN: Final = frozenset("ABCDEFGH")
"""Pending approval to closed; an order in another one is shown."""
PURCHASE_ORDER_UNAPPROVED: Final = frozenset("A")
PURCHASE_ORDER_OPEN: Final = frozenset("BDE")
"""Approved, and something is still to be received."""
PURCHASE_ORDER_RECEIVED: Final = frozenset("FG")
PURCHASE_ORDER_RECEIVABLE: Final = PURCHASE_ORDER_OPEN | PURCHASE_ORDER_RECEIVED
"""Neither pending approval, rejected nor closed."""

TRANSFER_ORDER_OPEN: Final = frozenset("BDEF")
"""Approved, and not received in full; whether anything is still to come is seen by quantities."""
TRANSFER_ORDER_AS_PURCHASE_ORDER: Final[Mapping[str, str]] = MappingProxyType(
    {"D": "B", "E": "B", "F": "B", "G": "F"}
)
"""Letters that differ from a purchase order's in the same state: D, E and F are ways of being
under way, G is received."""

SALES_ORDER_OPEN: Final = frozenset("BDE")
"""Approved, and something is still to be fulfilled."""
SALES_ORDER_FULFILLED: Final = frozenset("FG")
SALES_ORDER_CANCELLED: Final = "C"

RETURN_PENDING_RECEIPT: Final = "B"
RETURN_CANCELLED: Final = "C"
RETURN_RECEIVABLE: Final = frozenset("BDEFG")
"""Neither pending approval, cancelled nor closed."""
RETURN_EXPECTING: Final = frozenset("ABDE")
"""Units may still be received from it, once it is approved."""
RETURN_NOT_RECEIVABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"A": "pending approval", "C": "cancelled", "H": "closed"}
)
"""The letters of authorizations from which nothing can be received, in words."""

FULFILLMENT_NOT_SHIPPED: Final = frozenset("AB")
"""Picked or packed: its units are still in stock."""
FULFILLMENT_SHIPPED: Final = "C"
"""The status that relieves stock (section 8.5)."""
