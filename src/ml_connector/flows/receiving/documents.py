"""The documents of receiving, one function each. All pure.

Assumptions: NS-071.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from ml_connector.flows.receiving.facts import ReceivingOrder, ReceivingOrderLine
from ml_connector.ledger.postings.documents import (
    CreateRecord,
    Document,
    JournalLine,
    MarkWroSynced,
    TransformRecord,
)
from ml_connector.netsuite.records.records import (
    InventoryAssignment,
    InventoryAssignments,
    InventoryDetail,
    InventoryTransfer,
    InventoryTransferLine,
    InventoryTransferLines,
    ItemReceipt,
    ItemReceiptLine,
    ItemReceiptLines,
    Ref,
    as_body,
)
from ml_connector.rules.adjustments import AdjustmentHead, StockChange, inventory_adjustment
from ml_connector.rules.external_ids import receipt_id
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.wro_lines import source_line
from ml_connector.words import DocumentKind, ExternalIdPrefix


class Increase(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one SKU and lot that were stowed and are not booked yet. Whole eaches."""

    inventory_id: int
    sku: str
    item: ItemFact
    lot: str | None
    lot_date: date | None
    quantity: int


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What all documents of one run of a WRO share.

    Attributes:
        number: which document of its kind for this WRO it is, counted from 1.
        location: NetSuite's internal id.
        fact_date: the merchant's local date on which the units were stowed.
        date: the date the document carries.
        bound_for: the location whose order lines expect the units, where it is another one:
            that of the center behind a hub.
    """

    wro_id: int
    number: int
    location: str
    fact_date: date
    date: date
    bound_for: str | None = None

    @property
    def ordered_at(self) -> str:
        """The location whose order lines expect the units."""
        return self.bound_for or self.location

    def memo(self, human: str, external_id: str) -> str:
        """Return the memo: what a person reads, and our tag at its end (section 11.8)."""
        if self.date != self.fact_date:
            human = f"{human}, stowed {self.fact_date}"
        return f"{human[:150]} [{external_id}]"

    def line(self, increase: Increase, quantity: int) -> JournalLine:
        """Return the journal line of a quantity of these units, in eaches."""
        return JournalLine(
            source=f"wro {self.wro_id}",
            source_line=source_line(increase.inventory_id, increase.lot),
            fact_date=self.fact_date,
            posting_date=self.date,
            sku=increase.sku,
            item=increase.item.id,
            location=self.location,
            lot=increase.lot,
            quantity=quantity,
        )


def item_receipt(
    booking: Booking, order: ReceivingOrder, taken: Mapping[int, Sequence[tuple[Increase, int]]]
) -> Document:
    """Receive exactly these lines of a purchase order; all other open lines stay open.

    Each open line is named, also one of which only a part of a unit is open: what is not named is
    received in full. One that is received in full is not named: NetSuite refuses that
    (section 16.2).

    Args:
        booking: WRO, number, location and dates.
        order: the purchase order with all its lines.
        taken: by order line, the eaches to receive, one entry for each lot. They fill whole
            units of the line, and the receipt counts in the line's unit (section 13.3).

    Source: netsuite.md sections 7.3 and 8.1.
    """
    external_id = receipt_id(booking.wro_id, booking.number)
    body = ItemReceipt(
        external_id=external_id,
        tran_date=booking.date,
        memo=booking.memo(f"ShipBob WRO {booking.wro_id}", external_id),
        item=ItemReceiptLines(
            tuple(
                _receipt_line(line, taken.get(line.line, ()), booking.location)
                for line in order.lines
                if line.is_open or line.line in taken
            )
        ),
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.ITEM_RECEIPT,
        external_id=external_id,
        title=f"Item receipt from {order.number} for WRO {booking.wro_id}",
        request=TransformRecord(
            from_type="purchaseOrder",
            from_id=order.id,
            to_type="itemReceipt",
            body=as_body(body),
        ),
        lines=tuple(
            booking.line(increase, quantity)
            for line in order.lines
            for increase, quantity in taken.get(line.line, ())
        ),
    )


def adjustment(
    booking: Booking,
    increases: Sequence[tuple[Increase, int]],
    *,
    account: str,
    subsidiary: str | None,
    why: str,
) -> Document:
    """Put units into stock without a purchase order.

    Args:
        booking: WRO, number, location and dates.
        increases: the eaches to add, one entry for each SKU and lot.
        account: the adjustment account's internal id.
        subsidiary: needed on OneWorld, left out elsewhere (netsuite.md section 13.1).
        why: the reason, for the memo.

    Source: netsuite.md section 8.2.
    """
    external_id = f"{ExternalIdPrefix.ADJUSTMENT}{booking.wro_id}-{booking.number}"
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=booking.date,
            account=account,
            subsidiary=subsidiary,
            memo=booking.memo(f"ShipBob WRO {booking.wro_id}, {why}", external_id),
            title=f"Inventory adjustment for WRO {booking.wro_id}, {why}",
        ),
        [
            StockChange(
                item=increase.item.id,
                location=booking.location,
                quantity=quantity,
                lots=_lots([(increase, quantity)]),
            )
            for increase, quantity in increases
        ],
        [booking.line(increase, quantity) for increase, quantity in increases],
    )


def transfer(
    booking: Booking,
    units: Sequence[tuple[JournalLine, int]],
    *,
    target: str,
    subsidiary: str | None,
) -> Document:
    """Let units that are booked follow their goods from a hub's location to another.

    Args:
        booking: WRO, number, dates, and the location that the units leave.
        units: the eaches, by the journal line that booked them.
        target: the location that they come to.
        subsidiary: needed on OneWorld, left out elsewhere (netsuite.md section 13.1).

    Source: netsuite.md section 8.3.
    """
    external_id = f"{ExternalIdPrefix.TRANSFER}{booking.wro_id}-{target}-{booking.number}"
    body = InventoryTransfer(
        external_id=external_id,
        tran_date=booking.date,
        location=Ref(booking.location),
        transfer_location=Ref(target),
        subsidiary=Ref(subsidiary) if subsidiary is not None else None,
        memo=booking.memo(f"ShipBob WRO {booking.wro_id}, sent on by its hub", external_id),
        inventory=InventoryTransferLines(
            tuple(
                InventoryTransferLine(
                    line=number, item=Ref(line.item or ""), adjust_qty_by=quantity
                )
                for number, (line, quantity) in enumerate(units, 1)
            )
        ),
    )

    def moved(line: JournalLine, location: str, quantity: int) -> JournalLine:
        return msgspec.structs.replace(
            line,
            fact_date=booking.fact_date,
            posting_date=booking.date,
            location=location,
            quantity=quantity,
            detail="sent on by the hub",
        )

    return Document(
        system="netsuite",
        kind=DocumentKind.INVENTORY_TRANSFER,
        external_id=external_id,
        title=f"Inventory transfer to location {target} for WRO {booking.wro_id}",
        request=CreateRecord(record_type="inventoryTransfer", body=as_body(body)),
        lines=tuple(
            moved(line, place, sign * quantity)
            for line, quantity in units
            for place, sign in ((booking.location, -1), (target, 1))
        ),
    )


def wro_mark(wro_id: int) -> Document:
    """Tell ShipBob that all of a WRO is booked (shipbob.md section 9.4)."""
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO_MARK,
        external_id=f"{ExternalIdPrefix.WRO_MARK}{wro_id}",
        title=f"Mark of WRO {wro_id} as booked",
        request=MarkWroSynced(wro_id=wro_id),
    )


def _receipt_line(
    line: ReceivingOrderLine, parts: Sequence[tuple[Increase, int]], location: str
) -> ItemReceiptLine:
    if not parts:
        return ItemReceiptLine(order_line=line.line, item_receive=False)
    return ItemReceiptLine(
        order_line=line.line,
        item_receive=True,
        quantity=sum(quantity for _, quantity in parts) // line.eaches,
        location=Ref(location),
        inventory_detail=_lots(parts),
    )


def _lots(parts: Sequence[tuple[Increase, int]]) -> InventoryDetail | None:
    """Return the inventory detail of lot-tracked units; None where there are no lots."""
    assignments = tuple(
        InventoryAssignment(
            receipt_inventory_number=increase.lot,
            expiration_date=increase.lot_date,
            quantity=quantity,
        )
        for increase, quantity in parts
        if increase.lot is not None
    )
    if not assignments:
        return None
    return InventoryDetail(inventory_assignment=InventoryAssignments(assignments))
