"""The types of items by what can be done with them (netsuite.md section 5.6).

The codes are those of SuiteQL's ``item.itemtype``; a lot-numbered or serialised item has the
type of one that is neither.
"""

from typing import Final

STOCKED: Final = frozenset({"InvtPart", "Assembly"})
"""Those that lie on a shelf."""

NEVER_FULFILLED: Final = frozenset(
    {
        "Discount",
        "Markup",
        "Subtotal",
        "Description",
        "Payment",
        "TaxItem",
        "TaxGroup",
        "ShipItem",
        "Group",
        "EndGroup",
        "Service",
        "OthCharge",
    }
)
"""Those whose lines are on no fulfilment and no receipt, unless the item is marked for it.
Naming one of their lines would add a line to a list that takes none (sections 6.5 and 7.3)."""
