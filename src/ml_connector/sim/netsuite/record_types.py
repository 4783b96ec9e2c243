"""The record types the simulator serves: names, codes, sublists, groups (reference 6, 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ml_connector.sim.netsuite import properties as p
from ml_connector.sim.netsuite.properties import Property, properties


@dataclass(frozen=True, slots=True)
class Sublist:
    """One sublist of a record.

    Attributes:
        name: camel case.
        columns: the properties of a line, by lower-case name.
        keyed: lines have a key (``line``); without one, sent lines are appended (6.5).
        static: lines can be changed but neither added nor removed (6.5).
    """

    name: str
    columns: Mapping[str, Property]
    keyed: bool = True
    static: bool = False


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type.

    Attributes:
        name: camel case, as in a ``Location``.
        code: the transaction type, such as PurchOrd; empty for other records.
        label: for people.
        table: where its rows are.
        prefix: of document numbers.
        group: records of one group share one space of external ids (6.7).
        body: properties by lower-case name.
        sublists: by lower-case name.
        permission: the key of the permission that opens it.
        columns: for records that aren't transactions: property (lower case) to column.
        only: further conditions on the rows, for types that share a table.
    """

    name: str
    code: str
    label: str
    table: str
    group: str
    body: Mapping[str, Property]
    prefix: str = ""
    sublists: Mapping[str, Sublist] = field(default_factory=dict)
    permission: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    only: str = "1"


def _sublists(*lists: Sublist) -> Mapping[str, Sublist]:
    return {one.name.lower(): one for one in lists}


def _document(
    name: str, code: str, label: str, prefix: str, permission: str, body: str, *lists: Sublist
) -> RecordType:
    known = properties(body + " id refName status:enum statusRef posting:bool")
    return RecordType(
        name=name,
        code=code,
        label=label,
        table="transaction",
        prefix=prefix,
        group="transaction",
        body=known,
        sublists=_sublists(*lists),
        permission=permission,
    )


_PO_LINE = properties(p.PURCHASE_ORDER_LINE + " location:ref.location expectedReceiptDate:date")

_DOCUMENTS: Final = (
    _document(
        "inventoryAdjustment",
        "InvAdjst",
        "Inventory Adjustment",
        "IA",
        "TRAN_INVADJST",
        p.INVENTORY_ADJUSTMENT,
        Sublist("inventory", properties(p.INVENTORY_LINE)),
    ),
    _document(
        "inventoryTransfer",
        "InvTrnfr",
        "Inventory Transfer",
        "IT",
        "TRAN_INVTRNFR",
        p.INVENTORY_TRANSFER,
        Sublist("inventory", properties(p.INVENTORY_LINE)),
    ),
    _document(
        "itemReceipt",
        "ItemRcpt",
        "Item Receipt",
        "IR",
        "TRAN_ITEMRCPT",
        p.ITEM_RECEIPT,
        Sublist("item", properties(p.RECEIPT_LINE), static=True),
        Sublist("expense", properties(p.RECEIPT_EXPENSE), static=True),
    ),
    _document(
        "itemFulfillment",
        "ItemShip",
        "Item Fulfillment",
        "IF",
        "TRAN_ITEMSHIP",
        p.ITEM_FULFILLMENT,
        Sublist("item", properties(p.FULFILLMENT_LINE), static=True),
        Sublist("package", properties(p.PACKAGE), keyed=False),
    ),
    _document(
        "purchaseOrder",
        "PurchOrd",
        "Purchase Order",
        "PO",
        "TRAN_PURCHORD",
        p.PURCHASE_ORDER,
        Sublist("item", _PO_LINE),
        Sublist("expense", properties(p.ORDER_EXPENSE)),
    ),
    _document(
        "salesOrder",
        "SalesOrd",
        "Sales Order",
        "SO",
        "TRAN_SALESORD",
        p.SALES_ORDER,
        Sublist("item", properties(p.SALES_ORDER_LINE)),
    ),
    _document(
        "returnAuthorization",
        "RtnAuth",
        "Return Authorization",
        "RMA",
        "TRAN_RTNAUTH",
        p.RETURN_AUTHORIZATION,
        Sublist("item", properties(p.RETURN_LINE)),
    ),
    _document(
        "transferOrder",
        "TrnfrOrd",
        "Transfer Order",
        "TO",
        "TRAN_TRNFRORD",
        p.TRANSFER_ORDER,
        Sublist("item", properties(p.TRANSFER_ORDER_LINE)),
    ),
    _document(
        "vendorBill",
        "VendBill",
        "Bill",
        "VB",
        "TRAN_VENDBILL",
        p.VENDOR_BILL,
        Sublist("item", properties(p.BILL_LINE)),
        Sublist("expense", properties(p.BILL_EXPENSE)),
    ),
    _document(
        "vendorCredit",
        "VendCred",
        "Bill Credit",
        "VC",
        "TRAN_VENDCRED",
        p.VENDOR_CREDIT,
        Sublist("item", properties(p.CREDIT_LINE + " orderLine:num orderDoc:ref")),
        Sublist("expense", properties(p.CREDIT_EXPENSE)),
        Sublist("apply", properties(p.APPLY), static=True),
    ),
    *(
        _document(
            name,
            code,
            label,
            prefix,
            permission,
            p.SALES_ORDER + " postingPeriod:ref.accountingPeriod dueDate:date",
            Sublist("item", properties(p.SALES_ORDER_LINE + " orderLine:num")),
        )
        for name, code, label, prefix, permission in (
            ("invoice", "CustInvc", "Invoice", "INV", "TRAN_CUSTINVC"),
            ("cashSale", "CashSale", "Cash Sale", "CS", "TRAN_CASHSALE"),
        )
    ),
)

_ENTITY = (
    "entityId companyName subsidiary:ref.subsidiary currency:ref.currency externalId "
    "isInactive:bool email lastModifiedDate:time dateCreated:time"
)
_ITEM = (
    "itemId displayName description upcCode externalId isInactive:bool parent:ref.item cost:num "
    "unitsType:ref stockUnit:ref purchaseUnit:ref saleUnit:ref useBins:bool isLotItem:bool "
    "lastModifiedDate:time createdDate:time matrixType fullName itemType"
)


def _listed(
    name: str, label: str, table: str, group: str, permission: str, body: str, only: str = "1"
) -> RecordType:
    known = properties(body)
    return RecordType(
        name=name,
        code="",
        label=label,
        table=table,
        group=group,
        body=properties(body + " id refName"),
        permission=permission,
        columns={key: key for key in known},
        only=only,
    )


def _item(name: str, label: str, only: str) -> RecordType:
    return _listed(name, label, "_item", "item", "LIST_ITEM", _ITEM, only)


_PLAIN_ITEM: Final = "COALESCE(islotitem, 'F') = 'F' AND COALESCE(isserialitem, 'F') = 'F'"

_LISTED: Final = (
    _listed("vendor", "Vendor", "vendor", "entity", "LIST_VENDOR", _ENTITY),
    _listed("customer", "Customer", "customer", "entity", "LIST_CUSTJOB", _ENTITY),
    _listed(
        "location",
        "Location",
        "location",
        "location",
        "LIST_LOCATION",
        "name fullName subsidiary:ref.subsidiary parent:ref.location isInactive:bool externalId "
        "useBins:bool",
    ),
    _listed(
        "subsidiary",
        "Subsidiary",
        "subsidiary",
        "subsidiary",
        "LIST_SUBSIDIARY",
        "name fullName parent:ref.subsidiary country currency:ref.currency isElimination:bool "
        "isInactive:bool externalId",
    ),
    _listed(
        "account",
        "Account",
        "account",
        "account",
        "LIST_ACCOUNT",
        "acctNumber acctName fullName acctType isInactive:bool externalId",
    ),
    _listed(
        "accountingPeriod",
        "Accounting Period",
        "accountingperiod",
        "accountingperiod",
        "ADMI_ACCTPERIODS",
        "periodName startDate:date endDate:date isPosting:bool isAdjust:bool isQuarter:bool "
        "isYear:bool isInactive:bool closed:bool closedOnDate:time allLocked:bool apLocked:bool "
        "arLocked:bool allowNonGlChanges:bool parent:ref.accountingPeriod",
    ),
    _listed(
        "currency",
        "Currency",
        "currency",
        "currency",
        "LIST_CURRENCY",
        "name symbol exchangeRate:num isBaseCurrency:bool isInactive:bool",
    ),
    _listed(
        "bin", "Bin", "bin", "bin", "LIST_BIN", "binNumber location:ref.location isInactive:bool"
    ),
    _listed(
        "inventoryNumber",
        "Inventory Number",
        "_inventorynumber",
        "inventorynumber",
        "LIST_ITEM",
        "inventoryNumber item:ref.item expirationDate:date",
    ),
    _item("inventoryItem", "Inventory Item", f"itemtype = 'InvtPart' AND {_PLAIN_ITEM}"),
    _item("lotNumberedInventoryItem", "Lot Item", "itemtype = 'InvtPart' AND islotitem = 'T'"),
    _item(
        "serializedInventoryItem", "Serial Item", "itemtype = 'InvtPart' AND isserialitem = 'T'"
    ),
    _item("assemblyItem", "Assembly", "itemtype = 'Assembly'"),
    _item("kitItem", "Kit", "itemtype = 'Kit'"),
    _item("nonInventoryResaleItem", "Non-inventory Item", "itemtype = 'NonInvtPart'"),
    _item("serviceResaleItem", "Service", "itemtype = 'Service'"),
    _item("otherChargeResaleItem", "Other Charge", "itemtype = 'OthCharge'"),
)

_SHIPMENT: Final = RecordType(
    name="inboundShipment",
    code="",
    label="Inbound Shipment",
    table="inboundshipment",
    prefix="INBSHIP",
    group="inboundshipment",
    body=properties(p.INBOUND_SHIPMENT + " id refName"),
    sublists=_sublists(Sublist("items", properties(p.SHIPMENT_LINE), keyed=True)),
    permission="LIST_INBOUNDSHIPMENT",
)

RECORD_TYPES: Final[Mapping[str, RecordType]] = {
    kind.name.lower(): kind for kind in (*_DOCUMENTS, *_LISTED, _SHIPMENT)
}
"""By lower-case name, as types match without case (6.2)."""

BY_CODE: Final[Mapping[str, RecordType]] = {kind.code: kind for kind in _DOCUMENTS}
"""Transactions by their type code."""


def transaction_types() -> tuple[RecordType, ...]:
    """The record types that are transactions."""
    return _DOCUMENTS
