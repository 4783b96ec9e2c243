"""Orders, shipments and tracking as JSON (reference shipbob.md, 9.5)."""

from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.orders import (
    STATUS_DETAILS,
    STOCK_DETAILS,
    Line,
    Note,
    Order,
    Parcel,
    Pick,
    Scan,
    Shipment,
)
from ml_connector.sim.shipbob.values.dates import stamp, stamp_or_none

Json = dict[str, object]


class OrderViews:
    """Shows orders and shipments; needs the names of channels and centers."""

    def __init__(self, *, access: Access, centers: Centers) -> None:
        self._access = access
        self._centers = centers

    def order(self, order: Order) -> Json:
        """The order with all its shipments."""
        channel = self._access.channels.get(order.channel_id)
        asked = order.asked
        return {
            "id": order.id,
            "created_date": stamp(order.created),
            "purchase_date": asked.get("purchase_date"),
            "reference_id": order.reference_id,
            "order_number": order.order_number,
            "status": order.status,
            "type": order.type,
            "channel": {"id": order.channel_id, "name": channel.name if channel else None},
            "shipping_method": order.shipping_method,
            "shipping_terms": asked.get("shipping_terms"),
            "recipient": order.recipient,
            "products": [_line(line) for line in order.lines],
            "tags": asked.get("tags") or [],
            "shipments": [self.shipment(each, order) for each in order.shipments],
            "gift_message": asked.get("gift_message"),
            "financials": asked.get("financials"),
            "retailer_program_data": asked.get("retailer_program_data"),
        }

    def shipment(self, shipment: Shipment, order: Order) -> Json:
        """The shipment; its ``reference_id`` is the order's."""
        late = shipment.labelled is not None and shipment.labelled > (
            shipment.estimated or shipment.labelled
        )
        promised = "FulfilledLate" if late else "FulfilledOnTime"
        waiting = "PendingOnTime" if shipment.picks else "Unavailable"
        weight = sum(pick.quantity for pick in shipment.picks) * 8
        return {
            "id": shipment.id,
            "order_id": shipment.order_id,
            "reference_id": order.reference_id,
            "created_date": stamp(shipment.created),
            "last_update_at": stamp(shipment.updated),
            "last_tracking_update_at": stamp_or_none(shipment.tracking_updated),
            "status": shipment.status,
            "status_details": [_detail(number, shipment) for number in shipment.details],
            "location": self._centers[shipment.center_id].short(),
            "estimated_fulfillment_date": stamp_or_none(shipment.estimated),
            "estimated_fulfillment_date_status": promised if shipment.labelled else waiting,
            "actual_fulfillment_date": stamp_or_none(shipment.labelled),
            "delivery_date": stamp_or_none(shipment.delivered),
            "ship_option": shipment.ship_option,
            "package_material_type": "Box",
            "require_signature": False,
            "is_tracking_uploaded": shipment.tracking_uploaded,
            "gift_message": order.asked.get("gift_message"),
            "insurance_value": None,
            "invoice_amount": shipment.invoice_amount,
            "invoice_currency_code": "USD",
            "measurements": {
                "total_weight_oz": weight,
                "length_in": 9,
                "width_in": 6,
                "depth_in": 4,
            },
            "tracking": _tracking(shipment),
            "recipient": {**shipment.recipient, "full_name": shipment.recipient.get("name")},
            "products": _products(shipment.picks),
            "parent_cartons": _cartons(shipment),
        }


def parcel_view(shipment: Shipment, parcel: Parcel) -> Json:
    """A row of ``/shipments-tracking``: the latest scan of a parcel and all before it."""
    scans = [each for each in shipment.scans if each.tracking_number == parcel.tracking_number]
    last = scans[-1] if scans else None
    return {
        "shipment_id": shipment.id,
        "carrier": parcel.carrier,
        "service": parcel.service,
        "tracking_id": parcel.tracking_number,
        "carrier_tracking_number": parcel.tracking_number,
        "status": last.status if last else "PreTransit",
        "substatus": last.substatus if last else "LabelCreated",
        "message": last.message if last else "Shipping label created",
        "carrier_message": last.message if last else None,
        "location": last.location if last else None,
        "eta": None,
        "last_updated": stamp(last.at if last else shipment.labelled or shipment.updated),
        "public_tracking_url": parcel.url,
        "history": [_scan(each) for each in reversed(scans)],
    }


def note_view(note: Note) -> Json:
    """A row of ``/timeline`` and ``/logs``. The type numbers are the simulator's own."""
    return {
        "log_type_id": note.type_id,
        "log_type_name": note.name,
        "log_type_text": note.text,
        "timestamp": stamp(note.at),
        "metadata": {},
    }


def _line(line: Line) -> Json:
    return {
        "id": line.id,
        "reference_id": line.reference_id,
        "sku": line.sku,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "external_line_id": line.external_line_id,
        "gtin": line.gtin,
        "upc": line.upc,
        "quantity_unit_of_measure_code": line.unit_of_measure,
    }


def _detail(number: int, shipment: Shipment) -> Json:
    name, description = STATUS_DETAILS.get(number, (f"Detail{number}", f"Detail {number}"))
    about_stock = number in STOCK_DETAILS
    extra = {"validation_messages": list(shipment.messages)} if shipment.messages else None
    return {
        "id": number,
        "name": name,
        "description": description,
        "inventory_id": shipment.detail_inventory_id if about_stock else None,
        "exception_fulfillment_center_id": shipment.center_id if about_stock else None,
        "extra_information": extra,
    }


def _tracking(shipment: Shipment) -> Json | None:
    if not shipment.parcels:
        return None
    first = shipment.parcels[0]
    return {
        "carrier": first.carrier,
        "carrier_service": first.service,
        "tracking_number": first.tracking_number,
        "tracking_url": first.url,
        "bol": None,
        "pro_number": first.pro_number or None,
        "scac": None,
        "shipping_date": stamp_or_none(shipment.labelled),
    }


def _products(picks: list[Pick]) -> list[Json]:
    by_line: dict[int, list[Pick]] = {}
    lines: dict[int, Line] = {}
    for pick in picks:
        by_line.setdefault(pick.line.id, []).append(pick)
        lines[pick.line.id] = pick.line
    return [
        {
            "id": number,
            "reference_id": lines[number].reference_id,
            "sku": lines[number].sku,
            "name": lines[number].name,
            "inventory_items": [_item(pick) for pick in found if pick.inventory_id],
        }
        for number, found in by_line.items()
    ]


def _item(pick: Pick) -> Json:
    return {
        "id": pick.inventory_id,
        "name": pick.name,
        "quantity": pick.quantity,
        "quantity_committed": pick.committed,
        "lot": pick.lot_number or None,
        "expiration_date": stamp_or_none(pick.lot_date),
        "serial_numbers": [],
        "is_dangerous_goods": False,
    }


def _cartons(shipment: Shipment) -> list[Json]:
    """Several parcels show as cartons; one parcel does not."""
    if len(shipment.parcels) <= 1:
        return []
    sizes = {"length_in": 9, "width_in": 6, "depth_in": 4, "total_weight_oz": 16}
    cartons = [
        {
            "id": number,
            "type": "Carton",
            "barcode": parcel.barcode,
            "measurements": sizes,
            "carton_details": [],
        }
        for number, parcel in enumerate(shipment.parcels, start=1)
    ]
    return [
        {
            "type": "Pallet",
            "barcode": f"P{shipment.id}",
            "measurements": sizes,
            "cartons": cartons,
        }
    ]


def _scan(scan: Scan) -> Json:
    return {
        "status": scan.status,
        "substatus": scan.substatus,
        "message": scan.message,
        "carrier_message": scan.message,
        "location": scan.location,
        "timestamp": stamp(scan.at),
    }
