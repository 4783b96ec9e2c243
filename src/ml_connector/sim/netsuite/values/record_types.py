"""The record types the simulator serves: names, codes, sublists, groups (reference 6, 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ml_connector.sim.netsuite.values import properties as p
from ml_connector.sim.netsuite.values.properties import Property, properties


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
    name: str, code: str, label: str, *lists: Sublist, prefix: str, permission: str, body: str
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
        Sublist("inventory", properties(p.INVENTORY_LINE)),
        prefix="IA",
        permission="TRAN_INVADJST",
        body=p.INVENTORY_ADJUSTMENT,
    ),
    _document(
        "inventoryTransfer",
        "InvTrnfr",
        "Inventory Transfer",
        Sublist("inventory", properties(p.INVENTORY_LINE)),
        prefix="IT",
        permission="TRAN_INVTRNFR",
        body=p.INVENTORY_TRANSFER,
    ),
    _document(
        "itemReceipt",
        "ItemRcpt",
        "Item Receipt",
        Sublist("item", properties(p.RECEIPT_LINE), static=True),
        Sublist("expense", properties(p.RECEIPT_EXPENSE), static=True),
        prefix="IR",
        permission="TRAN_ITEMRCPT",
        body=p.ITEM_RECEIPT,
    ),
    _document(
        "itemFulfillment",
        "ItemShip",
        "Item Fulfillment",
        Sublist("item", properties(p.FULFILLMENT_LINE), static=True),
        Sublist("package", properties(p.PACKAGE), keyed=False),
        prefix="IF",
        permission="TRAN_ITEMSHIP",
        body=p.ITEM_FULFILLMENT,
    ),
    _document(
        "purchaseOrder",
        "PurchOrd",
        "Purchase Order",
        Sublist("item", _PO_LINE),
        Sublist("expense", properties(p.ORDER_EXPENSE)),
        prefix="PO",
        permission="TRAN_PURCHORD",
        body=p.PURCHASE_ORDER,
    ),
    _document(
        "salesOrder",
        "SalesOrd",
        "Sales Order",
        Sublist("item", properties(p.SALES_ORDER_LINE)),
        prefix="SO",
        permission="TRAN_SALESORD",
        body=p.SALES_ORDER,
    ),
    _document(
        "returnAuthorization",
        "RtnAuth",
        "Return Authorization",
        Sublist("item", properties(p.RETURN_LINE)),
        prefix="RMA",
        permission="TRAN_RTNAUTH",
        body=p.RETURN_AUTHORIZATION,
    ),
    _document(
        "transferOrder",
        "TrnfrOrd",
        "Transfer Order",
        Sublist("item", properties(p.TRANSFER_ORDER_LINE)),
        prefix="TO",
        permission="TRAN_TRNFRORD",
        body=p.TRANSFER_ORDER,
    ),
    _document(
        "vendorBill",
        "VendBill",
        "Bill",
        Sublist("item", properties(p.BILL_LINE)),
        Sublist("expense", properties(p.BILL_EXPENSE)),
        prefix="VB",
        permission="TRAN_VENDBILL",
        body=p.VENDOR_BILL,
    ),
    _document(
        "vendorCredit",
        "VendCred",
        "Bill Credit",
        Sublist("item", properties(p.CREDIT_LINE + " orderLine:num orderDoc:ref")),
        Sublist("expense", properties(p.CREDIT_EXPENSE)),
        Sublist("apply", properties(p.APPLY), static=True),
        prefix="VC",
        permission="TRAN_VENDCRED",
        body=p.VENDOR_CREDIT,
    ),
    *(
        _document(
            name,
            code,
            label,
            Sublist("item", properties(p.SALES_ORDER_LINE + " orderLine:num")),
            prefix=prefix,
            permission=permission,
            body=p.SALES_ORDER + " postingPeriod:ref.accountingPeriod dueDate:date",
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
    name: str,
    label: str,
    *,
    table: str,
    group: str,
    permission: str,
    body: str,
    only: str = "1",
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
    return _listed(
        name,
        label,
        table="_item",
        group="item",
        permission="LIST_ITEM",
        body=_ITEM,
        only=only,
    )


_PLAIN_ITEM: Final = "COALESCE(islotitem, 'F') = 'F' AND COALESCE(isserialitem, 'F') = 'F'"

_LISTED: Final = (
    _listed(
        "vendor", "Vendor", table="vendor", group="entity", permission="LIST_VENDOR", body=_ENTITY
    ),
    _listed(
        "customer",
        "Customer",
        table="customer",
        group="entity",
        permission="LIST_CUSTJOB",
        body=_ENTITY,
    ),
    _listed(
        "location",
        "Location",
        table="location",
        group="location",
        permission="LIST_LOCATION",
        body="name fullName subsidiary:ref.subsidiary parent:ref.location isInactive:bool "
        "externalId useBins:bool",
    ),
    _listed(
        "subsidiary",
        "Subsidiary",
        table="subsidiary",
        group="subsidiary",
        permission="LIST_SUBSIDIARY",
        body="name fullName parent:ref.subsidiary country currency:ref.currency "
        "isElimination:bool isInactive:bool externalId",
    ),
    _listed(
        "account",
        "Account",
        table="account",
        group="account",
        permission="LIST_ACCOUNT",
        body="acctNumber acctName fullName acctType isInactive:bool externalId",
    ),
    _listed(
        "accountingPeriod",
        "Accounting Period",
        table="accountingperiod",
        group="accountingperiod",
        permission="ADMI_ACCTPERIODS",
        body="periodName startDate:date endDate:date isPosting:bool isAdjust:bool isQuarter:bool "
        "isYear:bool isInactive:bool closed:bool closedOnDate:time allLocked:bool apLocked:bool "
        "arLocked:bool allowNonGlChanges:bool parent:ref.accountingPeriod",
    ),
    _listed(
        "currency",
        "Currency",
        table="currency",
        group="currency",
        permission="LIST_CURRENCY",
        body="name symbol exchangeRate:num isBaseCurrency:bool isInactive:bool",
    ),
    _listed(
        "bin",
        "Bin",
        table="bin",
        group="bin",
        permission="LIST_BIN",
        body="binNumber location:ref.location isInactive:bool",
    ),
    _listed(
        "inventoryNumber",
        "Inventory Number",
        table="_inventorynumber",
        group="inventorynumber",
        permission="LIST_ITEM",
        body="inventoryNumber item:ref.item expirationDate:date",
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
