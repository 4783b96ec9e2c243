"""The documents of purchase orders: new WROs, cancelled WROs and new products. All pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.ledger.postings.documents import CancelWro, CreateProduct, CreateWro, Document
from ml_connector.reads.order_wros import numbered
from ml_connector.shipbob.new_payloads import FulfillmentCenterChoice, NewBox, NewBoxItem, NewWro
from ml_connector.words import DocumentKind, ExternalIdPrefix

_SOONEST_ARRIVAL: Final = timedelta(days=1)


def arrival(days: Iterable[date | None], read_at: datetime, zone: ZoneInfo) -> datetime:
    """Return noon of the day the last line is expected, tomorrow at the soonest.

    An arrival must lie in the future (shipbob.md section 9.4). A second plan on the same day
    has the same arrival.

    Args:
        days: the expected receipt date of each line; None where it has none.
        read_at: when the order was read.
        zone: the merchant's.
    """
    tomorrow = read_at.astimezone(zone).date() + _SOONEST_ARRIVAL
    known = [day for day in days if day is not None]
    return datetime.combine(max([*known, tomorrow]), time(12), zone).astimezone(UTC)


def wro_announcement(
    *,
    order_id: str,
    order_number: str,
    part_number: int,
    center: int,
    items: Sequence[tuple[int, int]],
    arrival: datetime,
) -> Document:
    """Announce goods to a fulfillment center (shipbob.md section 9.4, POST /receiving).

    How the supplier packs is not known, so all goes as one box with the order's number on
    it, which ShipBob's people may open and count.

    Args:
        order_id: NetSuite's internal id of the purchase order.
        order_number: its number.
        part_number: which WRO of this order it is, counted from 1.
        center: ShipBob's id of the fulfillment center.
        items: inventory ids and whole eaches.
        arrival: with a time zone, in the future.
    """
    number = numbered(order_number, part_number)
    several = len(items) > 1
    new = NewWro(
        fulfillment_center=FulfillmentCenterChoice(id=center),
        package_type="Package",
        box_packaging_type="MultipleSkuPerBox" if several else "OneSkuPerBox",
        expected_arrival_date=arrival,
        purchase_order_number=number,
        boxes=(
            NewBox(
                tracking_number=number,
                box_items=tuple(
                    NewBoxItem(inventory_id=inventory_id, quantity=quantity)
                    for inventory_id, quantity in items
                ),
            ),
        ),
    )
    units = sum(quantity for _, quantity in items)
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO,
        external_id=f"{ExternalIdPrefix.WRO}{order_id}-{part_number}",
        title=f"WRO {number} for fulfillment center {center}, {units} units",
        request=CreateWro(number=number, body=msgspec.to_builtins(new)),
    )


def product(order_id: str, sku: str, name: str) -> Document:
    """Make ShipBob know a SKU that was ordered (shipbob.md section 9.2, POST /product).

    Args:
        order_id: of the order that wants it; it is part of the external id, since another
            order may want the same product at the same moment.
        sku: it may hold any characters, so the external id has a hash of it.
        name: what NetSuite calls the item.
    """
    digest = hashlib.sha256(sku.encode()).hexdigest()[:24]
    return Document(
        system="shipbob",
        kind=DocumentKind.PRODUCT,
        external_id=f"{ExternalIdPrefix.PRODUCT}{order_id}-{digest}",
        title=f"Product {sku}",
        request=CreateProduct(sku=sku, name=name),
    )


def cancellation(wro_id: int, number: str) -> Document:
    """Cancel a WRO that ShipBob still awaits (shipbob.md section 9.4)."""
    return Document(
        system="shipbob",
        kind=DocumentKind.WRO_CANCELLATION,
        external_id=f"{ExternalIdPrefix.WRO_CANCELLATION}{wro_id}",
        title=f"Cancellation of WRO {wro_id} ({number})",
        request=CancelWro(wro_id=wro_id),
    )
