"""Inventory adjustments: units go into stock or out of it without an order. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.postings.documents import CreateRecord, Document, JournalLine
from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.records.records import (
    InventoryAdjustment,
    InventoryAdjustmentLine,
    InventoryAdjustmentLines,
    InventoryDetail,
    Ref,
    as_body,
)
from ml_connector.rules.facts import ItemFact
from ml_connector.words import Cause, DocumentKind


class StockChange(NamedTuple):
    """What one line of an inventory adjustment changes.

    Attributes:
        item: NetSuite's internal id.
        location: NetSuite's internal id.
        quantity: whole eaches, signed.
        lots: which lots the units are of; None where NetSuite keeps none for the item.
    """

    item: str
    location: str
    quantity: int
    lots: InventoryDetail | None = None


class AdjustmentHead(NamedTuple):
    """What all lines of an inventory adjustment share.

    Attributes:
        date: that the document carries.
        account: the adjustment account's internal id.
        subsidiary: needed on OneWorld, left out elsewhere (netsuite.md section 13.1).
        memo: with our tag at its end (section 11.8).
        title: one line for a person.
    """

    external_id: str
    date: date
    account: str
    subsidiary: str | None
    memo: str
    title: str


class Subsidiaries(NamedTuple):
    """What is known of the subsidiaries of an adjustment's location and of the order behind it.

    Attributes:
        of_location: by location; none of a location that the role may not see, and none at all
            outside OneWorld (netsuite.md section 13.1).
        order: of the order that the units came for, where there is one.
        setting: of the connection's file.
    """

    of_location: Mapping[str, tuple[str, ...]] = {}
    order: str | None = None
    setting: str | None = None


def adjustment_subsidiary(location: str, known: Subsidiaries, subject: str) -> str | None:
    """Return the subsidiary that an adjustment carries: the one of its location.

    Args:
        location: NetSuite's internal id.
        known: of the subsidiaries.
        subject: whose units are adjusted, such as ``WRO 90311``, for the message.

    Returns:
        None outside OneWorld. Where the location does not show its own, the order's or else the
        one of the connection's file.

    Raises:
        NeedsHuman: the order's is another than the location's, or the location belongs to several
            and no order says which.
    """
    own = known.of_location.get(location, ())
    if not own:
        named = list(dict.fromkeys(filter(None, [known.order, known.setting])))
        if len(named) > 1:
            raise _unclear(
                subject,
                location,
                f"its order is of subsidiary {named[0]}, and the connection's file names"
                f" {named[1]}",
            )
        return named[0] if named else None
    if known.order is not None and known.order not in own:
        raise _unclear(
            subject,
            location,
            f"its order is of subsidiary {known.order}, and the location of {', '.join(own)}",
        )
    if known.order is None and len(own) > 1:
        raise _unclear(
            subject,
            location,
            f"the location belongs to several ({', '.join(own)}), and no order says which",
        )
    return known.order or own[0]


def _unclear(subject: str, location: str, why: str) -> NeedsHuman:
    return NeedsHuman(
        f"{subject} needs an inventory adjustment at location {location}, and its subsidiary is"
        f" not clear: {why}",
        cause=Cause.SUBSIDIARY_UNCLEAR,
        remedy=(
            "Let order and location be of one subsidiary in NetSuite, or map the fulfillment"
            " center to a location of the order's under [locations] and apply the connection"
            " again. It then goes on by itself. Or adjust the stock by hand."
        ),
    )


def refuse_item_without_stock(item: ItemFact, sku: str, subject: str) -> None:
    """Stop where units lie on a shelf of ShipBob's and NetSuite keeps no stock of their item.

    Args:
        item: that the SKU was matched to.
        sku: ShipBob's SKU.
        subject: whose units, such as ``WRO 90311``, for the message.

    Raises:
        NeedsHuman: it is a service, a kit or another item that is not kept in stock.
    """
    if item.kind and item.kind not in STOCKED:
        raise NeedsHuman(
            f"{subject}: {sku} is item {item.name} in NetSuite, of type {item.kind}, of which"
            " NetSuite keeps no stock",
            cause=Cause.ITEM_WITHOUT_STOCK,
            remedy=(
                "Map the SKU to the inventory item under [skus] and apply the connection again, or"
                " make the item one that is kept in stock. It then goes on by itself."
            ),
        )


def refuse_unnamed_lot(
    item: ItemFact, sku: str | None, lot: str | None, subject: str, *, remedy: str
) -> None:
    """Stop where NetSuite wants a lot or serial number that ShipBob does not name.

    Args:
        item: that the SKU was matched to.
        sku: ShipBob's SKU.
        lot: of the units, as ShipBob names it.
        subject: whose units, such as ``WRO 90311``, for the message.
        remedy: how they come in otherwise.

    Raises:
        NeedsHuman: the item is serialized, or tracked by lot and these units name none.
    """
    if item.serialized or (item.lot_tracked and lot is None):
        raise NeedsHuman(
            f"{subject}: {sku} is tracked by lot or serial number in NetSuite, but ShipBob names"
            " none for these units",
            cause=Cause.LOT_TRACKED,
            remedy=remedy,
        )


def inventory_adjustment(
    head: AdjustmentHead, changes: Sequence[StockChange], lines: Sequence[JournalLine]
) -> Document:
    """Change the stock of some items (netsuite.md section 8.2).

    Args:
        head: of the document; its location is the one of the first change.
        changes: at least one.
        lines: for the journal, one for each change.
    """
    body = InventoryAdjustment(
        external_id=head.external_id,
        tran_date=head.date,
        account=Ref(head.account),
        adj_location=Ref(changes[0].location),
        subsidiary=Ref(head.subsidiary) if head.subsidiary is not None else None,
        memo=head.memo,
        inventory=InventoryAdjustmentLines(
            tuple(
                InventoryAdjustmentLine(
                    line=number,
                    item=Ref(change.item),
                    location=Ref(change.location),
                    adjust_qty_by=change.quantity,
                    inventory_detail=change.lots,
                )
                for number, change in enumerate(changes, 1)
            )
        ),
    )
    return Document(
        system="netsuite",
        kind=DocumentKind.INVENTORY_ADJUSTMENT,
        external_id=head.external_id,
        title=head.title,
        request=CreateRecord(record_type="inventoryAdjustment", body=as_body(body)),
        lines=tuple(lines),
    )
