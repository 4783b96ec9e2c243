"""The documents of returns, one function each. All pure."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from ml_connector.flows.returns.facts import Authorization, Sale, Unit, authorization_id
from ml_connector.ledger.postings.documents import (
    Document,
    JournalLine,
    TransformRecord,
)
from ml_connector.netsuite.records.records import (
    InventoryAssignment,
    InventoryAssignments,
    InventoryDetail,
    ItemReceipt,
    ItemReceiptLine,
    ItemReceiptLines,
    Ref,
    ReturnAuthorizationBody,
    ReturnAuthorizationLine,
    ReturnAuthorizationLines,
    as_body,
)
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    Subsidiaries,
    adjustment_subsidiary,
    inventory_adjustment,
)
from ml_connector.rules.facts import ItemFact
from ml_connector.words import DocumentKind, ExternalIdPrefix


class ReturnedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Some units with their NetSuite item, at the place where they lie. Whole eaches.

    Attributes:
        location: NetSuite's internal id.
    """

    unit: Unit
    item: ItemFact
    location: str
    quantity: int

    @property
    def lot(self) -> str | None:
        """The lot, where NetSuite tracks lots of this item."""
        return self.unit.lot if self.item.lot_tracked else None

    def of(self, quantity: int) -> "ReturnedUnits":
        """Return the same with another quantity."""
        return msgspec.structs.replace(self, quantity=quantity)


class ReturnBooking(msgspec.Struct, frozen=True, kw_only=True):
    """What all documents of one return share.

    Attributes:
        fact_date: the merchant's local date on which ShipBob completed the return.
        date: the date the documents carry.
        subsidiaries: of the locations, of the order behind the return and of the settings.
    """

    return_id: int
    reference: str | None
    fact_date: date
    date: date
    subsidiaries: Subsidiaries = Subsidiaries()

    def memo(self, why: str, external_id: str) -> str:
        """Return the memo: what a person reads, and our tag at its end (section 11.8)."""
        human = f"ShipBob return {self.return_id}"
        if self.reference:
            human += f" ({self.reference})"
        if self.date != self.fact_date:
            human += f", completed {self.fact_date}"
        return f"{(human + why)[:150]} [{external_id}]"

    def line(self, part: ReturnedUnits, source_line: str, quantity: int) -> JournalLine:
        """Return the journal line of a quantity, signed, of these units."""
        return JournalLine(
            source=f"return {self.return_id}",
            source_line=source_line,
            fact_date=self.fact_date,
            posting_date=self.date,
            sku=part.unit.sku,
            item=part.item.id,
            location=part.location,
            lot=part.lot,
            quantity=quantity,
            detail=part.unit.action,
        )


def return_authorization(booking: ReturnBooking, sale: Sale, units: Mapping[int, int]) -> Document:
    """Authorise a return from the sales order: exactly these lines, ready to be received.

    Only what is named stays on it (``replace``); without that, the transform authorises all
    that was ever fulfilled. It moves no stock and no money.

    Args:
        booking: return and dates.
        sale: the sales order.
        units: by line of the order, what came back.

    Source: netsuite.md sections 7.3 and 8.6, samples/other-records.json.
    """
    external_id = authorization_id(booking.return_id)
    body = ReturnAuthorizationBody(
        external_id=external_id,
        tran_date=booking.date,
        memo=booking.memo("", external_id),
        item=ReturnAuthorizationLines(
            tuple(
                ReturnAuthorizationLine(order_line=line, quantity=quantity)
                for line, quantity in sorted(units.items())
            )
        ),
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.RETURN_AUTHORIZATION,
        external_id=external_id,
        title=f"Return authorization from {sale.number} for return {booking.return_id}",
        request=TransformRecord(
            from_type="salesOrder",
            from_id=sale.id,
            to_type="returnAuthorization",
            body=as_body(body),
            replace=("item",),
        ),
    )


def item_receipt(
    booking: ReturnBooking,
    number: int,
    authorization: Authorization,
    open_lines: Sequence[int],
    taken: Mapping[int, Sequence[ReturnedUnits]],
) -> Document:
    """Receive from a return authorization: exactly these lines, every other open one refused.

    Args:
        booking: return and dates.
        number: of the receipt, counted from 1 within the return.
        authorization: what is received from.
        open_lines: its open lines; a transform that does not name one receives it in full.
        taken: by line, the units to receive; all of them at one location.

    Source: netsuite.md sections 7.3 and 8.6.
    """
    external_id = f"{ExternalIdPrefix.RETURN_RECEIPT}{booking.return_id}-{number}"
    body = ItemReceipt(
        external_id=external_id,
        tran_date=booking.date,
        memo=booking.memo("", external_id),
        item=ItemReceiptLines(
            tuple(
                _receipt_line(line, taken.get(line, ())) for line in sorted({*open_lines, *taken})
            )
        ),
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.ITEM_RECEIPT,
        external_id=external_id,
        title=f"Item receipt from {authorization.number} for return {booking.return_id}",
        request=TransformRecord(
            from_type="returnAuthorization",
            from_id=authorization.id,
            to_type="itemReceipt",
            body=as_body(body),
        ),
        lines=tuple(
            booking.line(part, part.unit.source_line, part.quantity)
            for _, parts in sorted(taken.items())
            for part in parts
        ),
    )


def adjustment(
    booking: ReturnBooking, number: int, parts: Sequence[ReturnedUnits], *, account: str, why: str
) -> Document:
    """Put units into stock that no return authorization covers.

    Args:
        booking: return and dates.
        number: of the adjustment, counted from 1 within the return.
        parts: all at one location.
        account: the adjustment account's internal id.
        why: goes into the memo.

    Source: netsuite.md section 8.2.
    """
    external_id = f"{ExternalIdPrefix.RETURN_ADJUSTMENT}{booking.return_id}-{number}"
    return _adjust(
        booking,
        external_id,
        [(part, part.unit.source_line, part.quantity, _lots([part])) for part in parts],
        account=account,
        title=f"Inventory adjustment for return {booking.return_id}, {why}",
        why=why,
    )


def write_off(
    booking: ReturnBooking,
    number: int,
    parts: Sequence[ReturnedUnits],
    lots: Mapping[str, str],
    *,
    account: str,
) -> Document:
    """Take units out of stock that ShipBob has disposed of.

    Args:
        booking: return and dates.
        number: of the write-off, counted from 1 within the return.
        parts: what was received and disposed of.
        lots: NetSuite's lots by item id and number with a space between.
        account: the write-off account's internal id.

    Source: netsuite.md sections 8.2 (a decrease names the lot's record) and 8.6 (receive,
    then adjust out: ``restock`` is no property of REST's item receipts).
    """
    external_id = f"{ExternalIdPrefix.RETURN_WRITE_OFF}{booking.return_id}-{number}"
    return _adjust(
        booking,
        external_id,
        [(part, part.unit.write_off_line, -part.quantity, _issued(part, lots)) for part in parts],
        account=account,
        title=f"Write-off of what return {booking.return_id} disposed of",
        why="disposed of",
    )


def _adjust(
    booking: ReturnBooking,
    external_id: str,
    changes: Sequence[tuple[ReturnedUnits, str, int, InventoryDetail | None]],
    *,
    account: str,
    title: str,
    why: str,
) -> Document:
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=booking.date,
            account=account,
            subsidiary=adjustment_subsidiary(
                changes[0][0].location, booking.subsidiaries, f"Return {booking.return_id}"
            ),
            memo=booking.memo(f", {why}", external_id),
            title=title,
        ),
        [
            StockChange(item=part.item.id, location=part.location, quantity=quantity, lots=lots)
            for part, _, quantity, lots in changes
        ],
        [booking.line(part, name, quantity) for part, name, quantity, _ in changes],
    )


def _receipt_line(line: int, parts: Sequence[ReturnedUnits]) -> ItemReceiptLine:
    if not parts:
        return ItemReceiptLine(order_line=line, item_receive=False)
    return ItemReceiptLine(
        order_line=line,
        item_receive=True,
        quantity=sum(part.quantity for part in parts),
        location=Ref(parts[0].location),
        inventory_detail=_lots(parts),
    )


def _lots(parts: Sequence[ReturnedUnits]) -> InventoryDetail | None:
    """Return the lots of units that come in; None where there are none."""
    lots: dict[tuple[str, date | None], int] = {}
    for part in parts:
        if part.lot is not None:
            key = (part.lot, part.unit.lot_date)
            lots[key] = lots.get(key, 0) + part.quantity
    assignments = tuple(
        InventoryAssignment(
            receipt_inventory_number=lot, expiration_date=expires, quantity=quantity
        )
        for (lot, expires), quantity in lots.items()
    )
    if not assignments:
        return None
    return InventoryDetail(inventory_assignment=InventoryAssignments(assignments))


def _issued(part: ReturnedUnits, lots: Mapping[str, str]) -> InventoryDetail | None:
    """Return the lot of units that go out; None where there is none."""
    if part.lot is None:
        return None
    assignment = InventoryAssignment(
        issue_inventory_number=Ref(lots[lot_key(part)]), quantity=-part.quantity
    )
    return InventoryDetail(inventory_assignment=InventoryAssignments((assignment,)))


def lot_key(part: ReturnedUnits) -> str:
    """Return how the facts name the lot of a part."""
    return f"{part.item.id} {part.lot}"
