"""The table of what is compared: a flow adds itself to month end by a line here."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the report.

    Attributes:
        key: in CSV, JSON and sheet names.
        title: for people.
        facts: for people, what the facts of its flow are called; its lines are accounted for
            whatever documents they become.
        flow: whose facts and journal rows belong here; empty for what no flow of ours posts.
        kinds: the documents of that flow that belong here; empty for all of them.
        types: NetSuite's transaction types that others' movements of this kind have.
        from_returns: of item receipts, those made from return authorizations; None: any.
        money: whether it compares money instead of units.
        open_facts: whether what is not posted of that flow is shown here.
    """

    key: str
    title: str
    facts: str = ""
    flow: str = ""
    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    from_returns: bool | None = None
    money: bool = False
    open_facts: bool = True


RECEIPTS: Final = Section(
    key="receipts",
    title="Receipts",
    facts="Receiving",
    flow="receiving",
    kinds=frozenset({"itemReceipt"}),
    types=frozenset({"ItemRcpt"}),
    from_returns=False,
)
ADJUSTMENTS: Final = Section(
    key="adjustments",
    title="Adjustments",
    flow="receiving",
    kinds=frozenset({"inventoryAdjustment"}),
    types=frozenset({"InvAdjst"}),
    open_facts=False,
)
FULFILMENTS: Final = Section(
    key="fulfilments",
    title="Fulfilments",
    facts="Shipments",
    flow="tracking",
    types=frozenset({"ItemShip"}),
)
RETURNS: Final = Section(
    key="returns",
    title="Returns",
    facts="Returns",
    flow="returns",
    types=frozenset({"ItemRcpt"}),
    from_returns=True,
)
FEES: Final = Section(
    key="fees",
    title="Fees",
    facts="Invoices",
    flow="billing",
    types=frozenset({"VendBill", "VendCred"}),
    money=True,
)
OTHER: Final = Section(key="other", title="Other movements")

SECTIONS: Final = (RECEIPTS, ADJUSTMENTS, FULFILMENTS, RETURNS, FEES, OTHER)

TYPES: Final = {
    "itemReceipt": "ItemRcpt",
    "inventoryAdjustment": "InvAdjst",
    "itemFulfillment": "ItemShip",
    "fulfillmentUpdate": "ItemShip",
    "inventoryTransfer": "InvTrnfr",
    "vendorBill": "VendBill",
    "vendorCredit": "VendCred",
}
"""The documents that move stock or money, and NetSuite's type of each (netsuite.md 4, 5)."""

OF_OTHERS: Final = frozenset({"fulfillmentUpdate"})
"""Documents that change a record of somebody else's: it keeps its own external id."""

NAMES: Final = {
    "ItemRcpt": "Item receipt",
    "InvAdjst": "Inventory adjustment",
    "ItemShip": "Item fulfillment",
    "InvTrnfr": "Inventory transfer",
    "VendBill": "Vendor bill",
    "VendCred": "Vendor credit",
}
"""What people call a transaction type."""


def facts_title(key: str) -> str:
    """Return what the facts are called whose lines a section's equation accounts for."""
    return next((one.facts or one.title for one in SECTIONS if one.key == key), key)


def name_of(transaction_type: str) -> str:
    """Return what people call a type of transaction; the type itself where that's unknown."""
    return NAMES.get(transaction_type, transaction_type)


def kind_name(kind: str) -> str:
    """Return what people call a kind of document, such as ``itemReceipt``."""
    return NAMES.get(TYPES.get(kind, ""), kind)


def of_entry(flow: str, kind: str) -> Section:
    """Return the section of a journal row."""
    for section in SECTIONS:
        if section.flow == flow and (not section.kinds or kind in section.kinds):
            return section
    return of_movement(TYPES.get(kind, ""), None)


def of_facts(flow: str) -> Section:
    """Return the section that shows what of a flow is not posted."""
    for section in SECTIONS:
        if section.flow == flow and section.open_facts:
            return section
    return OTHER


def of_movement(transaction_type: str, order_type: str | None) -> Section:
    """Return the section of a movement that no journal row of ours explains."""
    for section in SECTIONS:
        from_returns = order_type == "RtnAuth"
        if transaction_type in section.types and section.from_returns in {None, from_returns}:
            return section
    return OTHER
