"""NetSuite's transaction types of the documents that move stock or money (netsuite.md 4, 5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.words import DocumentKind

TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        DocumentKind.ITEM_RECEIPT.value: "ItemRcpt",
        DocumentKind.INVENTORY_ADJUSTMENT.value: "InvAdjst",
        DocumentKind.ITEM_FULFILLMENT.value: "ItemShip",
        DocumentKind.FULFILLMENT_UPDATE.value: "ItemShip",
        DocumentKind.INVENTORY_TRANSFER.value: "InvTrnfr",
        DocumentKind.VENDOR_BILL.value: "VendBill",
        DocumentKind.VENDOR_CREDIT.value: "VendCred",
    }
)
"""The type of each kind of document; kinds that move neither stock nor money have none."""

BILLS: Final = frozenset({TYPES[DocumentKind.VENDOR_BILL], TYPES[DocumentKind.VENDOR_CREDIT]})
"""The types of money: all others move stock."""

OF_OTHERS: Final = frozenset({DocumentKind.FULFILLMENT_UPDATE})
"""Documents that change a record of somebody else's: it keeps its own external id."""

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ItemRcpt": "Item receipt",
        "InvAdjst": "Inventory adjustment",
        "ItemShip": "Item fulfillment",
        "InvTrnfr": "Inventory transfer",
        "VendBill": "Vendor bill",
        "VendCred": "Vendor credit",
    }
)


def name_of(transaction_type: str) -> str:
    """Return what people call a type of transaction; the type itself where that's unknown."""
    return _NAMES.get(transaction_type, transaction_type)


def kind_name(kind: str) -> str:
    """Return what people call a kind of document, such as ``itemReceipt``."""
    return _NAMES.get(TYPES.get(kind, ""), kind)
