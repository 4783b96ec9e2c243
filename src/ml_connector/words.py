"""The vocabulary that users and scripts see: statuses, causes, systems.

These words are part of the outside of the product: people filter and automate on
them, so one is added, never renamed.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

EventStatus = Literal["received", "working", "retrying", "done", "parked", "dead", "ignored"]

EVENT_STATUSES: Final[tuple[EventStatus, ...]] = (
    "received",
    "working",
    "retrying",
    "done",
    "parked",
    "dead",
    "ignored",
)

System = Literal["netsuite", "shipbob"]

Mode = Literal["live", "dry-run"]

Source = Literal["webhook", "sweep", "schedule", "replay", "wake", "person"]
"""Who said that a subject may have changed."""


class DocumentKind(StrEnum):
    """What a document is, in the field's own words: a code that people filter on."""

    ITEM_RECEIPT = "itemReceipt"
    INVENTORY_ADJUSTMENT = "inventoryAdjustment"
    INVENTORY_TRANSFER = "inventoryTransfer"
    ITEM_FULFILLMENT = "itemFulfillment"
    FULFILLMENT_UPDATE = "fulfillmentUpdate"
    RETURN_AUTHORIZATION = "returnAuthorization"
    VENDOR_BILL = "vendorBill"
    VENDOR_CREDIT = "vendorCredit"
    WRO = "wro"
    WRO_CANCELLATION = "wroCancellation"
    WRO_MARK = "wroMark"
    TRACKING_MARK = "trackingMark"
    PRODUCT = "product"
    ACCEPTED_BILL = "acceptedBill"
    ACCEPTED_DIFFERENCE = "acceptedDifference"

    @property
    def record_type(self) -> str:
        """The type of the record that it makes or changes, such as ``itemFulfillment``."""
        return _CHANGED_RECORDS.get(self, self.value)

    @property
    def changes_record(self) -> bool:
        """Whether it changes a record, whoever made it: that keeps its own external id."""
        return self in _CHANGED_RECORDS


ACCEPTED: Final = frozenset({DocumentKind.ACCEPTED_BILL, DocumentKind.ACCEPTED_DIFFERENCE})
"""What people took as it is in NetSuite: journal rows by decision, of which no call is made."""

TRANSFORMED: Final = frozenset(
    {
        DocumentKind.ITEM_RECEIPT,
        DocumentKind.ITEM_FULFILLMENT,
        DocumentKind.RETURN_AUTHORIZATION,
    }
)
"""What is made by transforming an order, and may not keep its external id."""

_CHANGED_RECORDS: Final = MappingProxyType({DocumentKind.FULFILLMENT_UPDATE: "itemFulfillment"})
"""The record types of documents that change a record; all others are called like theirs."""

OUR_EXTERNAL_IDS: Final = "mlc-"
"""How every external id that we give begins."""


class ExternalIdPrefix(StrEnum):
    """How the external ids of each sort of document begin; the business fact follows.

    They are stored in NetSuite for good, so one is added, never changed.
    """

    RECEIPT = "mlc-ir-"
    ADJUSTMENT = "mlc-ia-"
    TRANSFER = "mlc-tr-"
    WRO_MARK = "mlc-wm-"
    WRO = "mlc-wro-"
    WRO_CANCELLATION = "mlc-wx-"
    PRODUCT = "mlc-pr-"
    FULFILLMENT = "mlc-if-"
    FULFILLMENT_UPDATE = "mlc-it-"
    TRACKING_MARK = "mlc-tm-"
    SHIPMENT_ADJUSTMENT = "mlc-ia-shp-"
    STOCK_CORRECTION = "mlc-ia-inv-"
    RETURN_AUTHORIZATION = "mlc-ra-"
    RETURN_RECEIPT = "mlc-ir-ret-"
    RETURN_ADJUSTMENT = "mlc-ia-ret-"
    RETURN_WRITE_OFF = "mlc-wo-ret-"
    RETURN_CORRECTION = "mlc-ic-ret-"
    VENDOR_BILL = "mlc-vb-"
    VENDOR_CREDIT = "mlc-vc-"
    REVERSAL = "mlc-un-"
    MONTH_CORRECTION = "mlc-ia-mon-"
    ACCEPTED_BILL = "mlc-ab-"
    ACCEPTED_DIFFERENCE = "mlc-ad-"

    @property
    def kind(self) -> DocumentKind | None:
        """Which kind of document it is; None where it may be of several."""
        return _KINDS.get(self)


_KINDS: Final = MappingProxyType(
    {
        ExternalIdPrefix.RECEIPT: DocumentKind.ITEM_RECEIPT,
        ExternalIdPrefix.ADJUSTMENT: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.TRANSFER: DocumentKind.INVENTORY_TRANSFER,
        ExternalIdPrefix.WRO_MARK: DocumentKind.WRO_MARK,
        ExternalIdPrefix.WRO: DocumentKind.WRO,
        ExternalIdPrefix.WRO_CANCELLATION: DocumentKind.WRO_CANCELLATION,
        ExternalIdPrefix.PRODUCT: DocumentKind.PRODUCT,
        ExternalIdPrefix.FULFILLMENT: DocumentKind.ITEM_FULFILLMENT,
        ExternalIdPrefix.FULFILLMENT_UPDATE: DocumentKind.FULFILLMENT_UPDATE,
        ExternalIdPrefix.TRACKING_MARK: DocumentKind.TRACKING_MARK,
        ExternalIdPrefix.SHIPMENT_ADJUSTMENT: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.STOCK_CORRECTION: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.RETURN_AUTHORIZATION: DocumentKind.RETURN_AUTHORIZATION,
        ExternalIdPrefix.RETURN_RECEIPT: DocumentKind.ITEM_RECEIPT,
        ExternalIdPrefix.RETURN_ADJUSTMENT: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.RETURN_WRITE_OFF: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.RETURN_CORRECTION: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.VENDOR_BILL: DocumentKind.VENDOR_BILL,
        ExternalIdPrefix.VENDOR_CREDIT: DocumentKind.VENDOR_CREDIT,
        ExternalIdPrefix.MONTH_CORRECTION: DocumentKind.INVENTORY_ADJUSTMENT,
        ExternalIdPrefix.ACCEPTED_BILL: DocumentKind.ACCEPTED_BILL,
        ExternalIdPrefix.ACCEPTED_DIFFERENCE: DocumentKind.ACCEPTED_DIFFERENCE,
    }
)


class Cause(StrEnum):
    """Why a subject is not done: a stable code that people filter and automate on."""

    SKU_MISSING_IN_NETSUITE = "sku_missing_in_netsuite"
    SKU_MISSING_IN_SHIPBOB = "sku_missing_in_shipbob"
    SKU_AMBIGUOUS = "sku_ambiguous"
    SKU_INACTIVE = "sku_inactive"
    LOCATION_UNMAPPED = "location_unmapped"
    PURCHASE_ORDER_NOT_FOUND = "purchase_order_not_found"
    PURCHASE_ORDER_AMBIGUOUS = "purchase_order_ambiguous"
    TRANSFER_ORDER = "transfer_order"
    PURCHASE_ORDER_CLOSED = "purchase_order_closed"
    OVER_RECEIPT = "over_receipt"
    RECEIVED_BY_OTHERS = "received_by_others"
    UNIT_DIFFERS = "unit_differs"
    ITEM_WITHOUT_STOCK = "item_without_stock"
    ITEM_TYPE_UNKNOWN = "item_type_unknown"
    SUBSIDIARY_UNCLEAR = "subsidiary_unclear"
    LINE_NUMBERS_UNCLEAR = "line_numbers_unclear"
    PURCHASE_ORDER_CHANGED = "purchase_order_changed"
    WRO_CANCELLED = "wro_cancelled"
    SALES_ORDER_NOT_FOUND = "sales_order_not_found"
    SALES_ORDER_AMBIGUOUS = "sales_order_ambiguous"
    SALES_ORDER_CLOSED = "sales_order_closed"
    SKU_NOT_ON_ORDER = "sku_not_on_order"
    OVER_FULFILLMENT = "over_fulfillment"
    FULFILLED_BY_OTHERS = "fulfilled_by_others"
    FULFILLMENT_NOT_FOUND = "fulfillment_not_found"
    KIT_UNCLEAR = "kit_unclear"
    TRACKING_MISSING = "tracking_missing"
    CANCELLED_AFTER_SHIPPING = "cancelled_after_shipping"
    SHIPMENT_CHANGED = "shipment_changed"
    SALES_ORDER_NOT_FULFILLED = "sales_order_not_fulfilled"
    RETURN_AUTHORIZATION_NOT_FOUND = "return_authorization_not_found"
    RETURN_AUTHORIZATION_NOT_OPEN = "return_authorization_not_open"
    RETURN_UNCLEAR = "return_unclear"
    RETURN_REOPENED = "return_reopened"
    PERIOD_CLOSED = "period_closed"
    DATE_MISSING = "date_missing"
    ACCOUNT_UNMAPPED = "account_unmapped"
    INVOICE_DOES_NOT_TIE = "invoice_does_not_tie"
    VENDOR_MISSING = "vendor_missing"
    CURRENCY_DIFFERS = "currency_differs"
    BILLED_BY_OTHERS = "billed_by_others"
    CREDENTIALS_INVALID = "credentials_invalid"
    PERMISSION_MISSING = "permission_missing"
    SETTINGS_UNREADABLE = "settings_unreadable"
    RATE_LIMITED = "rate_limited"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    RECORD_NOT_FOUND = "record_not_found"
    REFUSED_BY_NETSUITE = "refused_by_netsuite"
    REFUSED_BY_SHIPBOB = "refused_by_shipbob"
    STATUS_UNKNOWN = "status_unknown"
    UNIDENTIFIED_STOCK = "unidentified_stock"
    STOCK_DRIFT = "stock_drift"
    QUANTITY_WENT_DOWN = "quantity_went_down"
    LOT_TRACKED = "lot_tracked"
    POSTED_DOCUMENT_DIFFERS = "posted_document_differs"
    OUTCOME_UNKNOWN = "outcome_unknown"
    EVENT_UNREADABLE = "event_unreadable"
    CONNECTION_PAUSED = "connection_paused"
    CONNECTION_HELD = "connection_held"
    FLOW_OFF = "flow_off"
    SUPERSEDED = "superseded"
    UNEXPLAINED = "unexplained"
    BUG = "bug"


class DecisionKind(StrEnum):
    """What a person may decide about what is stopped: a code that people type and filter on."""

    HANDLED = "handled"
    SEPARATE = "separate"
    BELONGS = "belongs"
    ADJUST = "adjust"
    CORRECT = "correct"
    ACCEPT = "accept"
    NOT_OURS = "not-ours"
    MAP = "map"
    AGAIN = "again"


class Role(StrEnum):
    """What a person or a program may do here; each may do all that those before it may."""

    VIEWER = "viewer"
    WAREHOUSE = "warehouse"
    FINANCE = "finance"
    ADMIN = "admin"


class AlarmKind(StrEnum):
    """What sort of trouble an alarm tells of: a stable code that people filter on."""

    CREDENTIALS = "credentials"
    CERTIFICATE = "certificate"
    CONSENT = "consent"
    WEBHOOKS = "webhooks"
    PARKED = "parked"
    RETRYING = "retrying"
    DRIFT = "drift"
    RECONCILIATION = "reconciliation"
    STORAGE = "storage"
    ACCOUNTS = "accounts"
    BUG = "bug"
