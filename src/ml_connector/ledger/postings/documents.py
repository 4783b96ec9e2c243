"""Documents: what should exist in another system, as plan decides it."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from ml_connector.errors import ConnectorError
from ml_connector.ledger.connections.item_bindings import Binding
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.ledger.postings.bills import Bill
from ml_connector.words import DocumentKind, System

_SHOWN_IN_SHORT: Final = 3
"""Lines of a document that a line of the log names."""


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a document changes: stock of a SKU at a location, or money.

    Attributes:
        source: the fact it comes from, such as ``wro 90311``.
        source_line: which line of it, such as ``inventory 8588331``.
        fact_date: the merchant's local date of the fact.
        posting_date: the date the document carries.
        quantity: whole sellable eaches, signed; None where only money moves.
        account: the NetSuite account id that money goes to; None for stock.
        detail: what tells the line from others for a person: a fee, a disposition, a
            tracking number.
    """

    source: str
    source_line: str
    fact_date: date
    posting_date: date
    sku: str | None = None
    item: str | None = None
    location: str | None = None
    lot: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    account: str | None = None
    detail: str | None = None


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a source fact that must end posted, waiting or refused with a reason.

    Attributes:
        source_line: which line, by the name that journal lines and refusals use for it. A
            journal line that only follows from a posted line, such as the write-off of units
            that came back, has its name and a part (``item 7 / write-off``), and is not counted.
        fact_date: the merchant's local date of the fact; None where the source names none: it
            is then kept with the day on which it was first heard of.
        quantity: whole sellable eaches, signed; None where the line is only money.
        center: ShipBob's fulfillment center whose stock it moves.
    """

    source_line: str
    fact_date: date | None
    sku: str | None = None
    quantity: int | None = None
    amount: Decimal | None = None
    currency: str | None = None
    center: int | None = None


class RefusedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units or money of a source line that are not posted on purpose, and why."""

    source_line: str
    reason: str
    quantity: int | None = None
    amount: Decimal | None = None
    currency: str | None = None


class HandledUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a source line that a document of somebody else accounts for, by a decision.

    Attributes:
        decision: id of the decision that names the document.
        quantity: signed, as of the source line: negative where units leave stock. Whole eaches.
        document: internal id of the document.
        shown: units of the item at the location that the document moves that way in all.
        reason: for a person, such as ``Handled by item receipt IR123``.
    """

    source_line: str
    item: str
    location: str
    quantity: int
    decision: int
    document: str
    shown: int
    reason: str

    @property
    def refused(self) -> RefusedUnits:
        """The same units as not posted on purpose."""
        return RefusedUnits(
            source_line=self.source_line, reason=self.reason, quantity=self.quantity
        )


class CreateRecord(msgspec.Struct, frozen=True, kw_only=True, tag="create"):
    """Make a NetSuite record (netsuite.md section 6.1)."""

    record_type: str
    body: dict[str, Any]


class CreateBill(msgspec.Struct, frozen=True, kw_only=True, tag="create_bill"):
    """Make a vendor bill or a vendor credit (netsuite.md section 8.7)."""

    record_type: Literal["vendorBill", "vendorCredit"]
    body: Bill


class TransformRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="transform", omit_defaults=True
):
    """Turn one NetSuite record into another (netsuite.md section 7).

    Attributes:
        replace: sublists of which only the lines in the body are wanted (section 6.5).
        found: internal id of the record that it is, where NetSuite shows it and our books lack
            it: it is compared and taken in, and never sent.
    """

    from_type: str
    from_id: str
    to_type: str
    body: dict[str, Any]
    replace: tuple[str, ...] = ()
    found: str | None = None


class MarkWroSynced(msgspec.Struct, frozen=True, kw_only=True, tag="mark_wro_synced"):
    """Tell ShipBob that a WRO is booked (shipbob.md section 9.4). Repeating it is harmless."""

    wro_id: int


class CreateWro(msgspec.Struct, frozen=True, kw_only=True, tag="create_wro"):
    """Announce stock to ShipBob (shipbob.md section 9.4, POST /receiving).

    Attributes:
        number: its ``purchase_order_number``, by which it is found again.
    """

    number: str
    body: dict[str, Any]


class CancelWro(msgspec.Struct, frozen=True, kw_only=True, tag="cancel_wro"):
    """Take a WRO back (shipbob.md section 9.4). Repeating it is harmless."""

    wro_id: int


class CreateProduct(msgspec.Struct, frozen=True, kw_only=True, tag="create_product"):
    """Make ShipBob know a SKU (shipbob.md section 9.2, POST /product)."""

    sku: str
    name: str


class UpdateRecord(msgspec.Struct, frozen=True, kw_only=True, tag="update_fulfillment"):
    """Bring a NetSuite record up to date (netsuite.md section 8.5). Repeating it is harmless.

    The document's kind says what record it is. Tag and names are stored: the first such record
    was an item fulfilment.

    Attributes:
        record_id: its internal id.
        body: properties to set.
        packages: parcels to add to an item fulfilment, in REST's property names; those that are
            there stay.
    """

    record_id: str = msgspec.field(name="fulfillment_id")
    body: dict[str, Any]
    packages: tuple[dict[str, Any], ...] = ()


class MarkTrackingUploaded(msgspec.Struct, frozen=True, kw_only=True, tag="mark_uploaded"):
    """Tell ShipBob that NetSuite has a shipment's tracking (shipbob.md section 9.5).

    Repeating it is harmless.
    """

    shipment_id: int


class TakeAsItIs(msgspec.Struct, frozen=True, kw_only=True, tag="take_as_it_is"):
    """Book what a person decided to take as it is in NetSuite. Nothing is called.

    Attributes:
        record_id: internal id of the record there, which stays as it is.
    """

    record_id: str


Request = (
    CreateBill
    | CreateRecord
    | TransformRecord
    | UpdateRecord
    | MarkWroSynced
    | MarkTrackingUploaded
    | CreateWro
    | CancelWro
    | CreateProduct
    | TakeAsItIs
)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One write that should exist exactly once.

    Attributes:
        kind: the field's word for it, such as ``itemReceipt``.
        external_id: made from the business fact, at most 64 of letters, digits, ``-``, ``_``.
        title: one line for a person.
        lines: what it changes, for the journal; written when it is posted.
    """

    system: System
    kind: DocumentKind
    external_id: str
    title: str
    request: Request
    lines: tuple[JournalLine, ...] = ()

    @property
    def made_from(self) -> str | None:
        """Internal id of the order that it is made from; None for one that is made from none."""
        return self.request.from_id if isinstance(self.request, TransformRecord) else None

    def encoded(self) -> bytes:
        """Return the document as JSON: the same document gives the same bytes."""
        return msgspec.json.encode(self, order="deterministic")

    def hash(self) -> str:
        """Return the SHA-256 of the encoded document, in hex."""
        return hashlib.sha256(self.encoded()).hexdigest()


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a subject that exists in the other system, as plan sees it.

    Attributes:
        undone: whether a counter-document has taken it back.
        superseded: whether another document of the subject was posted after that.
        posted_after: the external ids of all that were.
        made_from: internal id of the order that it was made from; None for one that was made from
            none, or where that is not known.
    """

    system: System
    kind: DocumentKind
    external_id: str
    remote_id: str | None
    lines: tuple[JournalLine, ...]
    undone: bool = False
    superseded: bool = False
    posted_after: tuple[str, ...] = ()
    made_from: str | None = None


class RecordClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A record of others that a plan takes for its subject's alone.

    Attributes:
        record: internal id, in NetSuite.
        against: keys of the flow's subjects that must not have taken it.
        siblings: keys of all subjects of the same order, itself included. Any other subject of
            the flow must not have taken the record lately either: it may not show yet who has.
    """

    record: str
    against: tuple[str, ...]
    siblings: tuple[str, ...] = ()


class StockUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an item at a location, signed as in the journal."""

    item: str
    location: str
    quantity: int


class CorrectedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that we have posted, and that a person has corrected to what the source says now.

    Attributes:
        record: internal id, in NetSuite.
        units: what the source says that it holds.
    """

    record: str
    units: tuple[StockUnits, ...]


class UnitsInTransit(msgspec.Struct, frozen=True, kw_only=True):
    """Units that are booked at one location, and that the source says go to another.

    Attributes:
        location: where they are booked; NetSuite's internal id.
        bound_for: where they go; empty where that place is not mapped.
        reason: why they are not moved on, for a person.
    """

    source_line: str
    sku: str
    item: str
    location: str
    bound_for: str
    quantity: int
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What plan decided.

    Attributes:
        documents: what should exist beyond what is posted, in the order to post it.
        remaining_failure: the failure that remains when they are posted, such as a surplus that
            a person must decide on; None when the subject has then converged.
        note: why there is nothing to do, where a person would ask.
        refused: everything that is not posted on purpose, also what earlier plans refused.
        handled: everything that documents of others account for, also by earlier plans.
        waiting: why lines that are neither posted nor refused may wait although nothing
            failed, such as a WRO that is booked when it is completed; empty when none may.
        bindings: which items SKUs were matched to for the first time, or anew.
        replan_after_posting: plan anew as soon as the documents are posted: the next ones can
            only be planned with their ids, such as a receipt from an authorization.
        fan_out: keys of the subjects of the same flow that are to be looked at instead or
            as well, such as the shipments of an order.
        gone: internal ids of documents of ours that somebody deleted, and that nothing needs any
            more: the source says that their units stayed, or another document has them.
        corrected: records that hold other units than we have posted, as the source says now.
        in_transit: units that are booked elsewhere than where they go, and that nothing moves on.
        claim: the record of others that its documents change as the subject's own, if any.
        parent_key: the key of the larger thing at the source that those are read with.
        rests_on: the documents of others that show what is refused because of them: when one of
            them changes or goes, the subject is looked at again.
    """

    documents: tuple[Document, ...] = ()
    remaining_failure: ConnectorError | None = None
    note: str = ""
    refused: tuple[RefusedUnits, ...] = ()
    handled: tuple[HandledUnits, ...] = ()
    waiting: str = ""
    bindings: tuple[Binding, ...] = ()
    replan_after_posting: bool = False
    fan_out: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    corrected: tuple[CorrectedRecord, ...] = ()
    in_transit: tuple[UnitsInTransit, ...] = ()
    claim: RecordClaim | None = None
    parent_key: str | None = None
    rests_on: tuple[NamedDocument, ...] = ()

    @property
    def not_posted(self) -> tuple[RefusedUnits, ...]:
        """All that is not posted on purpose, be it that somebody else has posted it."""
        return (*self.refused, *(one.refused for one in self.handled))


def in_short(document: Document) -> str:
    """Return what a document is and which units it moves, for a log that a person reads."""
    units = [
        f"{one.quantity} {one.sku or f'of item {one.item}'}"
        + (f" at location {one.location}" if one.location else "")
        for one in document.lines
        if one.quantity
    ]
    more = f" and {len(units) - _SHOWN_IN_SHORT} more" if len(units) > _SHOWN_IN_SHORT else ""
    told = ", ".join(units[:_SHOWN_IN_SHORT])
    return f"{document.title}: {told}{more}" if told else document.title
