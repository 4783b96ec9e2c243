"""NetSuite records in REST's own property names: what is written and what is read back.

Property names and types: netsuite.md sections 6.3, 6.4 and 8, and the REST schema 2026.1
beside it. Quantities are whole sellable eaches; a missing value is left out.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.netsuite.statuses import RETURN_PENDING_RECEIPT

MOST_EXTERNAL_ID: Final = 64

_EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Ref(msgspec.Struct, frozen=True):
    """A reference to another record by internal id: ``{"id": "6"}`` (section 6.3)."""

    id: str


class InventoryAssignment(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Some units of a line in one lot (sections 8.1 and 8.2).

    Attributes:
        quantity: units; all of a line's assignments add up to the line.
        receipt_inventory_number: the lot's text, where stock comes in.
        issue_inventory_number: the lot's record, where stock goes out.
    """

    quantity: int
    receipt_inventory_number: str | None = None
    issue_inventory_number: Ref | None = None
    expiration_date: date | None = None


class InventoryAssignments(msgspec.Struct, frozen=True):
    """The sublist of assignments."""

    items: tuple[InventoryAssignment, ...]


class InventoryDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Lots of one line (section 6.6: written inside its parent)."""

    inventory_assignment: InventoryAssignments


class ItemReceiptLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """One line of the order that is received, named explicitly (section 7.3).

    Attributes:
        order_line: the order's line, ``transactionline.id`` in SuiteQL.
        item_receive: false leaves the line open; a line not named is received in full.
        quantity: units received now.
        location: wanted on every line in accounts with several locations.
    """

    order_line: int
    item_receive: bool
    quantity: int | None = None
    location: Ref | None = None
    inventory_detail: InventoryDetail | None = None


class ItemReceiptLines(msgspec.Struct, frozen=True):
    """The sublist ``item``."""

    items: tuple[ItemReceiptLine, ...]


class ItemReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of a transform into an item receipt (sections 7 and 8.1).

    Attributes:
        external_id: at most 64 letters, digits, ``_`` and ``-`` (section 11.3).
        tran_date: the merchant's local date of the receipt.
        memo: below 200 characters, our tag at its end (section 11.8).
    """

    external_id: str
    tran_date: date
    item: ItemReceiptLines
    memo: str | None = None

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


class ReturnAuthorizationLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of the sales order that comes back, and how many of it (section 8.6).

    Attributes:
        order_line: the order's line, ``transactionline.id`` in SuiteQL.
    """

    order_line: int
    quantity: int


class ReturnAuthorizationLines(msgspec.Struct, frozen=True):
    """The sublist ``item``."""

    items: tuple[ReturnAuthorizationLine, ...]


class ReturnAuthorizationBody(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The body of a transform into a return authorization (section 8.6).

    Attributes:
        external_id: at most 64 letters, digits, ``_`` and ``-`` (section 11.3).
        order_status: B (pending receipt) skips the approval; only A and B can be written.
    """

    external_id: str
    tran_date: date
    item: ReturnAuthorizationLines
    memo: str | None = None
    order_status: Ref = msgspec.field(default_factory=lambda: Ref(RETURN_PENDING_RECEIPT))

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


class InventoryAdjustmentLine(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Stock of one item at one location goes up or down (section 8.2).

    Attributes:
        line: from 1; the key of the sublist.
        location: needed on the line as well as in the header.
        adjust_qty_by: units, signed.
        unit_cost: of one unit, in the base currency; only where stock goes up.
    """

    line: int
    item: Ref
    location: Ref
    adjust_qty_by: int
    unit_cost: Decimal | None = None
    memo: str | None = None
    inventory_detail: InventoryDetail | None = None

    def __post_init__(self) -> None:
        if self.unit_cost is not None and self.adjust_qty_by <= 0:
            raise ValueError("a unit cost belongs to an increase only (netsuite.md section 8.2)")


class InventoryAdjustmentLines(msgspec.Struct, frozen=True):
    """The sublist ``inventory``."""

    items: tuple[InventoryAdjustmentLine, ...]


class InventoryAdjustment(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The body of an inventory adjustment (section 8.2). It posts to the ledger at once.

    Attributes:
        external_id: at most 64 letters, digits, ``_`` and ``-`` (section 11.3).
        account: the adjustment's ledger account.
        subsidiary: in OneWorld accounts only, and there always (section 13.1).
    """

    external_id: str
    tran_date: date
    account: Ref
    adj_location: Ref
    inventory: InventoryAdjustmentLines
    subsidiary: Ref | None = None
    memo: str | None = None

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


class InventoryTransferLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Stock of one item moves to another location (section 8.3).

    Attributes:
        line: from 1; the key of the sublist.
        adjust_qty_by: units, positive.
    """

    line: int
    item: Ref
    adjust_qty_by: int


class InventoryTransferLines(msgspec.Struct, frozen=True):
    """The sublist ``inventory``."""

    items: tuple[InventoryTransferLine, ...]


class InventoryTransfer(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """The body of an inventory transfer (section 8.3): both locations change in one step.

    Attributes:
        external_id: at most 64 letters, digits, ``_`` and ``-`` (section 11.3).
        location: that the stock leaves.
        transfer_location: that it comes to.
        subsidiary: in OneWorld accounts only, and there always (section 13.1).
    """

    external_id: str
    tran_date: date
    location: Ref
    transfer_location: Ref
    inventory: InventoryTransferLines
    subsidiary: Ref | None = None
    memo: str | None = None

    def __post_init__(self) -> None:
        check_external_id(self.external_id)


def encode(body: object) -> bytes:
    """Return a record as JSON: decimals as numbers, dates as ``YYYY-MM-DD``."""
    return _ENCODER.encode(body)


def as_body(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as the plain JSON object that is stored with a posting and sent."""
    body: dict[str, Any] = msgspec.json.decode(encode(record))
    return body


class ReadRef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reference as it is read: an internal id and, often, a display name."""

    id: str | int
    ref_name: str | None = None

    def is_(self, internal_id: str) -> bool:
        """Whether it refers to the record with this internal id."""
        return str(self.id) == internal_id


class ReadLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of an item receipt or an inventory adjustment as it is read.

    Attributes:
        quantity: units of a receipt line; a number like 40.0 is read exactly.
        adjust_qty_by: units of an adjustment line, signed.
    """

    line: int | None = None
    order_line: int | None = None
    item_receive: bool | None = None
    item: ReadRef | None = None
    location: ReadRef | None = None
    quantity: Decimal | None = None
    adjust_qty_by: Decimal | None = None


class ReadLines(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sublist as it is read with ``expandSubResources``."""

    items: tuple[ReadLine, ...] = ()
    total_results: int | None = None


class ReadTransaction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A transaction as it is read, leniently: what a comparison with our own needs.

    Attributes:
        created_from: the order it was transformed from.
        item: the lines of a receipt.
        inventory: the lines of an adjustment.
    """

    id: str | int
    external_id: str | None = None
    tran_id: str | None = None
    tran_date: date | None = None
    memo: str | None = None
    created_from: ReadRef | None = None
    posting_period: ReadRef | None = None
    account: ReadRef | None = None
    adj_location: ReadRef | None = None
    subsidiary: ReadRef | None = None
    item: ReadLines = ReadLines()
    inventory: ReadLines = ReadLines()


def check_external_id(external_id: str) -> None:
    """Refuse an external id that NetSuite's URLs or columns could not hold.

    Raises:
        ValueError: it is too long, or has other characters than section 11.3 allows.
    """
    if len(external_id) > MOST_EXTERNAL_ID or not _EXTERNAL_ID.fullmatch(external_id):
        raise ValueError(f"{external_id!r} is no external id of ours (netsuite.md section 11.3)")
