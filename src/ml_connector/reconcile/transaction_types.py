"""NetSuite's transaction types of the documents that move stock or money (netsuite.md 4, 5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml_connector.words import DocumentKind

_TYPES_OF_RECORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "itemReceipt": "ItemRcpt",
        "inventoryAdjustment": "InvAdjst",
        "itemFulfillment": "ItemShip",
        "inventoryTransfer": "InvTrnfr",
        "vendorBill": "VendBill",
        "vendorCredit": "VendCred",
    }
)
"""What SuiteQL calls the transactions that the records API has under these names."""

TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        kind.value: _TYPES_OF_RECORDS[kind.record_type]
        for kind in DocumentKind
        if kind.record_type in _TYPES_OF_RECORDS
    }
)
"""The type of each kind of document; kinds that move neither stock nor money have none."""

BILLS: Final = frozenset({TYPES[DocumentKind.VENDOR_BILL], TYPES[DocumentKind.VENDOR_CREDIT]})
"""The types of money: all others move stock."""

OF_OTHERS: Final = frozenset(kind for kind in DocumentKind if kind.changes_record)
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
