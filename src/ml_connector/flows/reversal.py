"""Counter-documents: each takes back one document that was posted. Pure.

Nothing that was posted is edited or deleted: units go out again by an inventory adjustment
(netsuite.md section 8.2), money by a vendor credit against a bill, or the reverse (section
8.7). Goods that have left, and what was only told to ShipBob, have no counter-document.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundRecord
from ml_connector.errors import NeedsHuman, UserError
from ml_connector.ledger.postings.documents import CreateBill, CreateRecord, Document, JournalLine
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    Subsidiaries,
    adjustment_subsidiary,
    inventory_adjustment,
)
from ml_connector.words import ACCEPTED, OUR_EXTERNAL_IDS, DocumentKind, ExternalIdPrefix

_UNITS: Final = frozenset({DocumentKind.ITEM_RECEIPT, DocumentKind.INVENTORY_ADJUSTMENT})
_MONEY: Final = frozenset({DocumentKind.VENDOR_BILL, DocumentKind.VENDOR_CREDIT})
_LONGEST: Final = 64
_WHY_NOT: Final = {
    DocumentKind.ITEM_FULFILLMENT: (
        "The goods have left. When they come back, the return is booked. If they have not left,"
        " or it is of the wrong order, delete it in NetSuite: its order is open again, and the"
        " shipment waits with what to do as soon as ShipBob tells of it."
    ),
    DocumentKind.FULFILLMENT_UPDATE: (
        "It moves nothing: it told a fulfilment of somebody else's its packages. Correct them on"
        " that fulfilment in NetSuite."
    ),
    DocumentKind.INVENTORY_TRANSFER: (
        "It moved units between two locations. Enter a transfer the other way by hand, with a"
        " memo that names this one."
    ),
    DocumentKind.RETURN_AUTHORIZATION: (
        "It moves nothing. Close it in NetSuite if it is not wanted."
    ),
    **dict.fromkeys(
        ACCEPTED,
        "It says what a person took as it is. Take that decision back: events show and the"
        " month-end report name it, events undecide takes it back.",
    ),
    DocumentKind.WRO: (
        "It moves nothing in NetSuite. Cancel the WRO at ShipBob while it is awaited."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Undoable:
    """A document that exists.

    Attributes:
        remote_id: NetSuite's internal id.
        location_subsidiaries: of each location that shows any (netsuite.md section 13.1).
    """

    document: Document
    remote_id: str
    location_subsidiaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.document.kind} {self.remote_id} ({self.document.external_id})"


def has_counter(kind: str, external_id: str) -> bool:
    """Return whether documents of a kind are taken back by one; a counter-document is not."""
    return kind in _UNITS | _MONEY and not external_id.startswith(ExternalIdPrefix.REVERSAL)


def counter(posted: Undoable, settings: ConnectionSettings, *, day: date) -> Document:
    """Return the document that takes another back.

    Args:
        posted: the document to take back.
        settings: of its connection.
        day: the date that the counter-document carries.

    Raises:
        UserError: there is no counter-document for it; the error says why, and what to do
            instead.
    """
    kind = posted.document.kind
    if kind in _UNITS:
        return _units_back(posted, settings, day)
    if kind in _MONEY:
        return _money_back(posted, day)
    raise _can_not(posted, _WHY_NOT.get(_moved_as(posted), "It changes neither stock nor money."))


def _moved_as(posted: Undoable) -> DocumentKind:
    """Return the kind of a document; a fulfilment where it shipped one that was only picked."""
    document = posted.document
    has_units = any(line.quantity is not None for line in document.lines)
    if document.kind == DocumentKind.FULFILLMENT_UPDATE and has_units:
        return DocumentKind.ITEM_FULFILLMENT
    return document.kind


def taken_back_by(found: FoundRecord) -> str:
    """Return the external id of what a counter-document takes back, as its own says it.

    Raises:
        NeedsHuman: its own was too long to say it.
    """
    if len(found.external_id) == _LONGEST:
        raise found.untold("its external id is cut short")
    rest = found.external_id.removeprefix(ExternalIdPrefix.REVERSAL)
    return f"{OUR_EXTERNAL_IDS}{rest}"


def found_counter(posted: Undoable, found: FoundRecord, settings: ConnectionSettings) -> Document:
    """Return the document that a counter-document in NetSuite is, which the books lack.

    Args:
        posted: what it takes back.
        found: the record.
        settings: of the connection.

    Raises:
        NeedsHuman: it is not what would take that back.
    """
    try:
        document = counter(posted, settings, day=found.date)
    except UserError as error:
        raise found.untold(str(error)) from error
    wanted: dict[tuple[str | None, str | None], Decimal] = defaultdict(Decimal)
    there: dict[tuple[str | None, str | None], Decimal] = defaultdict(Decimal)
    for line in document.lines:
        if line.quantity is not None:
            wanted[line.item, line.location] += line.quantity
        else:
            wanted[None, None] += line.amount or Decimal(0)
    for one in found.lines:
        if one.amount is None:
            there[one.item, one.location] += one.quantity
        else:
            there[None, None] += one.amount
    if document.external_id != found.external_id or wanted != there:
        raise found.untold(f"it does not take back {posted.name}")
    return document


def _units_back(posted: Undoable, settings: ConnectionSettings, day: date) -> Document:
    document = posted.document
    _refuse_unclear_units(posted)
    account = _account_of(document) or settings.accounts.inventory_adjustment
    if account is None:
        raise _can_not(
            posted, "No account is set: set inventory_adjustment under [accounts], apply, again."
        )
    external_id = _external_id(document)
    lines = _back(document.lines, day)
    locations = [line.location for line in lines if line.location]
    if not locations:
        raise _can_not(posted, "It moves no units at a location.")
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=day,
            account=account,
            subsidiary=_subsidiary_of(posted, locations[0], settings),
            memo=_memo(posted, external_id),
            title=f"Inventory adjustment that takes back {posted.name}",
        ),
        [
            StockChange(
                item=line.item or "",
                location=line.location or locations[0],
                quantity=line.quantity or 0,
            )
            for line in lines
        ],
        lines,
    )


def _subsidiary_of(posted: Undoable, location: str, settings: ConnectionSettings) -> str | None:
    """Return the subsidiary that a document carries, or else that of its location.

    Raises:
        UserError: it is not clear.
    """
    request = posted.document.request
    body = request.body if isinstance(request, CreateRecord) else {}
    said = body.get("subsidiary")
    if isinstance(said, dict) and "id" in said:
        return str(said["id"])
    known = Subsidiaries(posted.location_subsidiaries, setting=settings.netsuite.subsidiary)
    try:
        return adjustment_subsidiary(location, known, posted.name)
    except NeedsHuman as error:
        raise _can_not(posted, str(error)) from error


def _refuse_unclear_units(posted: Undoable) -> None:
    lines = posted.document.lines
    if any(line.lot is not None for line in lines):
        named = "; ".join(
            f"{-(line.quantity or 0):+d} x {line.sku or line.item} of lot {line.lot}"
            + (f" at location {line.location}" if line.location else "")
            for line in lines
            if line.lot is not None
        )
        raise _can_not(
            posted,
            "Its units are tracked by lot, and NetSuite wants its own id of each lot to take"
            f" them out. Enter an inventory adjustment by hand: {named}; with the memo"
            f' "takes back {posted.document.external_id}". The month end then shows it as moved'
            " by others.",
        )
    if any(line.quantity is None or line.item is None for line in lines):
        raise _can_not(posted, "Its lines don't name items and units.")


def _money_back(posted: Undoable, day: date) -> Document:
    document = posted.document
    if not isinstance(document.request, CreateBill):
        raise _can_not(posted, "It was not made as a bill with lines by account.")
    credit = document.kind == DocumentKind.VENDOR_BILL
    external_id = _external_id(document)
    before = document.request.body
    body = msgspec.structs.replace(
        before,
        external_id=external_id,
        tran_id=f"{before.tran_id}-undo",
        tran_date=day,
        memo=_memo(posted, external_id),
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.VENDOR_CREDIT if credit else DocumentKind.VENDOR_BILL,
        external_id=external_id,
        title=f"{'Vendor credit' if credit else 'Vendor bill'} that takes back {posted.name}",
        request=CreateBill(record_type="vendorCredit" if credit else "vendorBill", body=body),
        lines=_back(document.lines, day),
    )


def _back(lines: Sequence[JournalLine], day: date) -> tuple[JournalLine, ...]:
    return tuple(
        msgspec.structs.replace(
            line,
            posting_date=day,
            quantity=None if line.quantity is None else -line.quantity,
            amount=None if line.amount is None else -line.amount,
        )
        for line in lines
    )


def _account_of(document: Document) -> str | None:
    """Return the account of an adjustment, so that taking it back touches the same one."""
    if isinstance(document.request, CreateRecord):
        account = document.request.body.get("account")
        if isinstance(account, dict) and account.get("id"):
            return str(account["id"])
    return None


def _external_id(document: Document) -> str:
    # Made from what it takes back, so that it is never taken back twice.
    whole = f"{ExternalIdPrefix.REVERSAL}{document.external_id.removeprefix(OUR_EXTERNAL_IDS)}"
    if len(whole) <= _LONGEST:
        return whole
    digest = hashlib.sha256(document.external_id.encode()).hexdigest()[:12]
    return f"{whole[: _LONGEST - 13]}-{digest}"


def _memo(posted: Undoable, external_id: str) -> str:
    return f"Takes back {posted.name}"[:150] + f" [{external_id}]"


def _can_not(posted: Undoable, why: str) -> UserError:
    return UserError(
        f"{posted.name} can't be undone by a document",
        where="journal undo",
        next_step=why,
    )
