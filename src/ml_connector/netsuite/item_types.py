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
        "GiftCert",
        "DwnLdItem",
        "SubscriPlan",
    }
)
"""Those whose lines are on no fulfilment and no receipt, unless the item is marked for it.
Naming one of their lines would add a line to a list that takes none (sections 6.5 and 7.3)."""

KNOWN: Final = STOCKED | NEVER_FULFILLED | {"Kit", "NonInvtPart", "Expense"}
"""All that are documented (schemas/rest-schema-2026.1.json). Of any other it can't be told whether
it lies on a shelf."""


def is_fulfilled(itemtype: str, marked: bool | None) -> bool:  # noqa: FBT001 - as the column says
    """Whether the lines of an item are on item fulfilments.

    What lies on a shelf, and a kit of it, always is; of others the item says so. Where it does
    not, its type decides (netsuite.md section 16.16).

    Args:
        itemtype: of the item.
        marked: its ``isfulfillable``; None where the account does not show it.
    """
    if itemtype in STOCKED or itemtype == "Kit":
        return True
    return itemtype not in NEVER_FULFILLED if marked is None else marked
