"""The documents of tracking, one function each. All pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from ml_connector.config.connection import TrackingSection
from ml_connector.flows.tracking.delivery import SOURCE_LINE, Delivery
from ml_connector.flows.tracking.facts import Parcel, ShipmentFact, Units
from ml_connector.flows.tracking.sales_orders import (
    FulfillmentFact,
    LotFact,
    OrderLineFact,
    SalesOrderFact,
)
from ml_connector.ledger.postings.documents import (
    Document,
    JournalLine,
    MarkTrackingUploaded,
    TransformRecord,
    UpdateRecord,
)
from ml_connector.netsuite.records.fulfillments import (
    ItemFulfillment,
    ItemFulfillmentLine,
    ItemFulfillmentLines,
    Package,
    Packages,
)
from ml_connector.netsuite.records.records import (
    InventoryAssignment,
    InventoryAssignments,
    InventoryDetail,
    Ref,
    as_body,
)
from ml_connector.netsuite.statuses import FULFILLMENT_SHIPPED
from ml_connector.rules.adjustments import AdjustmentHead, StockChange, inventory_adjustment
from ml_connector.rules.facts import ItemFact
from ml_connector.words import DocumentKind, ExternalIdPrefix

_OUNCES_IN_A_POUND: Final = 16
_LONGEST_MEMO: Final = 200  # of our own; a person's may be longer (netsuite.md section 11.8)
_LONGEST_MEMO_OF_OTHERS: Final = 999
_LONGEST_DESCRIPTION: Final = 300


class OrderLineUnits(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of an order line, and the units that leave the shelf for it.

    Attributes:
        quantity: of the line's item; counts kits where it is a kit.
        units: of the inventory items; the members' where the item is a kit.
        items: NetSuite's item of each inventory item, where it is known.
    """

    quantity: int
    units: tuple[Units, ...]
    items: dict[int, str] = {}


class ShipmentBooking(msgspec.Struct, frozen=True, kw_only=True):
    """What all documents of one shipment share.

    Attributes:
        location: NetSuite's internal id of the shipment's fulfillment center.
        fact_date: the merchant's local date on which the label was printed.
        date: the date the document carries.
    """

    shipment: ShipmentFact
    delivery: Delivery
    location: str | None
    fact_date: date
    date: date
    fields: TrackingSection

    @property
    def external_id(self) -> str:
        """Of the item fulfilment."""
        return f"{ExternalIdPrefix.FULFILLMENT}{self.shipment.id}"

    def lines(self, taken: Sequence[OrderLineUnits]) -> tuple[JournalLine, ...]:
        """Return the journal lines of units that leave the location."""
        return tuple(
            self._line(
                units.source_line,
                sku=units.sku,
                item=one.items.get(units.inventory_id),
                location=self.location,
                lot=units.lot,
                quantity=-units.quantity,
            )
            for one in taken
            for units in one.units
        )

    def adjusted(self, parts: Sequence["AdjustedUnits"]) -> tuple[JournalLine, ...]:
        """Return the journal lines of units that leave the location by an adjustment."""
        return tuple(
            self._line(
                one.source_line,
                sku=one.sku,
                item=one.item.id,
                location=self.location,
                quantity=-one.quantity,
            )
            for one in parts
        )

    def told(self, parcels: Sequence[Parcel], *, delivery: bool) -> tuple[JournalLine, ...]:
        """Return the journal lines of parcels and of the delivery state."""
        lines = [
            self._line(parcel.source_line, detail=carrier_and_service(parcel) or parcel.number)
            for parcel in parcels
        ]
        if delivery:
            lines.append(self._line(SOURCE_LINE, detail=self.delivery.said()))
        return tuple(lines)

    def _line(self, source_line: str, **fields: Any) -> JournalLine:
        return JournalLine(
            source=f"shipment {self.shipment.id}",
            source_line=source_line,
            fact_date=self.fact_date,
            posting_date=self.date,
            **fields,
        )


def item_fulfillment(
    booking: ShipmentBooking,
    order: SalesOrderFact,
    taken: Mapping[int, Sequence[OrderLineUnits]],
    lots: Mapping[str, Sequence[LotFact]],
) -> Document:
    """Fulfil from a sales order: exactly these lines, every other open line refused.

    Args:
        booking: shipment, location and dates.
        order: the sales order with all its lines.
        taken: by order line, what it takes.
        lots: NetSuite's lots and serial numbers by text, for lines that are tracked by them.

    Source: netsuite.md sections 7.3 and 8.5.
    """
    shipment = booking.shipment
    body = ItemFulfillment(
        external_id=booking.external_id,
        tran_date=booking.date,
        ship_status=Ref(FULFILLMENT_SHIPPED),
        memo=memo("", booking),
        item=ItemFulfillmentLines(
            tuple(
                _line(line, taken.get(line.line, ()), booking.location or "", lots)
                for line in order.lines
                if line.line in taken or (line.can_ship and line.open)
            )
        ),
        package=Packages(items=packages(shipment, shipment.parcels)) if shipment.parcels else None,
    )
    everything = [one for line in order.lines for one in taken.get(line.line, ())]
    return Document(
        system="netsuite",
        kind=DocumentKind.ITEM_FULFILLMENT,
        external_id=booking.external_id,
        title=f"Item fulfilment from {order.number} for shipment {shipment.id}",
        request=TransformRecord(
            from_type="salesOrder",
            from_id=order.id,
            to_type="itemFulfillment",
            body={**as_body(body), **custom_fields(booking, shipment.parcels)},
        ),
        lines=(*booking.lines(everything), *booking.told(shipment.parcels, delivery=True)),
    )


def fulfillment_update(
    booking: ShipmentBooking,
    number: int,
    fulfillment: FulfillmentFact,
    parcels: Sequence[Parcel],
    *,
    tell_delivery: bool,
    ships: Sequence[OrderLineUnits] | None = None,
) -> Document:
    """Bring an item fulfilment up to date, whoever made it (netsuite.md section 8.5).

    Args:
        booking: shipment and dates.
        number: of the update, counted from 1 within the shipment.
        fulfillment: what is to be changed.
        parcels: those that are not on it yet.
        tell_delivery: whether to write the delivery state.
        ships: the units that leave the shelf with this update of a fulfilment that was only
            picked or packed; None for one that has shipped.
    """
    body: dict[str, Any] = {}
    if ships is not None:
        body |= {"shipStatus": {"id": FULFILLMENT_SHIPPED}, "tranDate": booking.date.isoformat()}
    if tell_delivery and booking.fields.delivery_status is None:
        text = memo(fulfillment.memo, booking)
        if text is not None:
            body["memo"] = text
    if tell_delivery or parcels:
        body |= custom_fields(booking, parcels, delivery=tell_delivery)
    what = [f"parcel {parcel.number}" for parcel in parcels]
    if tell_delivery:
        what.append(booking.delivery.text())
    if ships is not None:
        what.append("shipped")
    shipment = booking.shipment
    return Document(
        system="netsuite",
        kind=DocumentKind.FULFILLMENT_UPDATE,
        external_id=f"{ExternalIdPrefix.FULFILLMENT_UPDATE}{shipment.id}-{number}",
        title=f"Item fulfilment {fulfillment.called} for shipment {shipment.id}:"
        f" {', '.join(what)}"[:300],
        request=UpdateRecord(
            record_id=fulfillment.id,
            body=body,
            packages=tuple(map(as_body, packages(shipment, parcels))),
        ),
        lines=(*booking.lines(ships or ()), *booking.told(parcels, delivery=tell_delivery)),
    )


class AdjustedUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a source line that leave stock without a sales order. Whole eaches, positive."""

    source_line: str
    sku: str
    item: ItemFact
    quantity: int


def adjustment(
    booking: ShipmentBooking,
    parts: Sequence[AdjustedUnits],
    *,
    account: str,
    subsidiary: str | None,
    order: str,
    number: int = 1,
) -> Document:
    """Take the units of a shipment out of stock that NetSuite has no sales order for.

    Args:
        booking: shipment, location and dates.
        parts: the units, each source line once.
        account: the adjustment account's internal id.
        subsidiary: needed on OneWorld, left out elsewhere (netsuite.md section 13.1).
        order: ShipBob's name of the order, for the memo.
        number: of the adjustment, counted from 1 within the shipment.

    Source: netsuite.md section 8.2.
    """
    shipment, location = booking.shipment, booking.location or ""
    external_id = f"{ExternalIdPrefix.SHIPMENT_ADJUSTMENT}{shipment.id}-{number}"
    said = f"ShipBob shipment {shipment.id}, no sales order {order}"[:150]
    if booking.date != booking.fact_date:
        said += f", shipped {booking.fact_date}"
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=booking.date,
            account=account,
            subsidiary=subsidiary,
            memo=f"{said} [{external_id}]",
            title=f"Inventory adjustment for shipment {shipment.id}, no sales order",
        ),
        [
            StockChange(item=one.item.id, location=location, quantity=-one.quantity)
            for one in parts
        ],
        booking.adjusted(parts),
    )


def tracking_mark(shipment_id: int, number: int) -> Document:
    """Tell ShipBob that NetSuite has a shipment's tracking (shipbob.md section 9.5)."""
    return Document(
        system="shipbob",
        kind=DocumentKind.TRACKING_MARK,
        external_id=f"{ExternalIdPrefix.TRACKING_MARK}{shipment_id}"
        + (f"-{number}" if number > 1 else ""),
        title=f"Mark of shipment {shipment_id} as taken over",
        request=MarkTrackingUploaded(shipment_id=shipment_id),
    )


def packages(shipment: ShipmentFact, parcels: Sequence[Parcel]) -> tuple[Package, ...]:
    """Return one package for each parcel.

    ShipBob tells the weight of the whole shipment, so only a single parcel's is known.
    """
    weight = Decimal(1)
    if shipment.weight_oz and len(shipment.parcels) == 1:
        pounds = Decimal(str(shipment.weight_oz)) / _OUNCES_IN_A_POUND
        weight = max(Decimal("0.01"), pounds.quantize(Decimal("0.01")))
    return tuple(
        Package(
            package_weight=weight,
            package_descr=_description(shipment, parcel),
            package_tracking_number=parcel.number,
        )
        for parcel in parcels
    )


def carrier_and_service(parcel: Parcel) -> str:
    """Return carrier and service for a person; empty where neither is known."""
    return " ".join(part for part in (parcel.carrier, parcel.service) if part)


def _description(shipment: ShipmentFact, parcel: Parcel) -> str:
    parts = [f"ShipBob shipment {shipment.id}", carrier_and_service(parcel)]
    text = ", ".join(part for part in parts if part)
    if parcel.url and len(text) + len(parcel.url) + 2 <= _LONGEST_DESCRIPTION:
        text = f"{text}, {parcel.url}"
    return text[:_LONGEST_DESCRIPTION]


def memo(current: str, booking: ShipmentBooking) -> str | None:
    """Return a memo with our part of it brought up to date; what a person wrote stays.

    Our part names the shipment and the delivery state, and ends with our tag (netsuite.md
    section 11.8).

    Returns:
        None when it would not fit.
    """
    shipment_id = booking.shipment.id
    part = f"ShipBob shipment {shipment_id}: {booking.delivery.text()[:80]}"
    if booking.date != booking.fact_date:
        part += f", shipped {booking.fact_date}"
    part += f" [{booking.external_id}]"
    before = current.strip()
    if before:
        ours = rf"(^|; )ShipBob shipment {shipment_id}: [^\[\]]*\[{booking.external_id}\]"
        before = re.sub(ours, "", current).strip()
    text = f"{before}; {part}" if before else part
    longest = _LONGEST_MEMO_OF_OTHERS if before else _LONGEST_MEMO
    return text if len(text) <= longest else None


def custom_fields(
    booking: ShipmentBooking, parcels: Sequence[Parcel], *, delivery: bool = True
) -> dict[str, Any]:
    """Return the values of the custom body fields that ``[tracking]`` names, by field id."""
    fields = booking.fields
    body: dict[str, Any] = {}
    if delivery:
        body |= {
            field: value
            for field, value in (
                (fields.delivery_status, booking.delivery.word),
                (fields.delivered_date, booking.delivery.day),
            )
            if field and value
        }
    if parcels:
        first = parcels[0]
        body |= {
            field: value
            for field, value in (
                (fields.carrier, first.carrier),
                (fields.service, first.service),
                (fields.tracking_url, first.url),
                (fields.ship_date, booking.fact_date),
            )
            if field and value
        }
    return {
        field: value.isoformat() if isinstance(value, date) else value
        for field, value in body.items()
    }


def _line(
    line: OrderLineFact,
    parts: Sequence[OrderLineUnits],
    location: str,
    lots: Mapping[str, Sequence[LotFact]],
) -> ItemFulfillmentLine:
    if not parts:
        return ItemFulfillmentLine(order_line=line.line, item_receive=False)
    return ItemFulfillmentLine(
        order_line=line.line,
        item_receive=True,
        quantity=sum(part.quantity for part in parts),
        location=Ref(location),
        inventory_detail=_assignments(line, parts, lots),
    )


def _assignments(
    line: OrderLineFact, parts: Sequence[OrderLineUnits], lots: Mapping[str, Sequence[LotFact]]
) -> InventoryDetail | None:
    """Return which lots or serial numbers leave; None for an item without any.

    Whether REST takes them on a fulfilment is doubtful (netsuite.md section 7.4): NetSuite
    refuses the whole document if it doesn't, and nothing is written.
    """
    if line.serialized:
        texts = [(serial, 1) for part in parts for unit in part.units for serial in unit.serials]
    elif line.lot_tracked:
        texts = [(unit.lot or "", unit.quantity) for part in parts for unit in part.units]
    else:
        return None
    return InventoryDetail(
        inventory_assignment=InventoryAssignments(
            tuple(
                InventoryAssignment(
                    issue_inventory_number=Ref(lot.id),
                    quantity=quantity,
                )
                for text, quantity in texts
                for lot in lots.get(text, ())
                if lot.item == line.item
            )
        )
    )
