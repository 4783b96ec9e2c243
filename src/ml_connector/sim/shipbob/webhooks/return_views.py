"""Returns as JSON (reference shipbob.md, 9.6)."""

from decimal import Decimal

from ml_connector.sim.shipbob.books.access import Access
from ml_connector.sim.shipbob.books.centers import Centers
from ml_connector.sim.shipbob.books.products import Products
from ml_connector.sim.shipbob.books.returns import Return, ReturnLine
from ml_connector.sim.shipbob.values.dates import stamp, stamp_or_none

Json = dict[str, object]


class ReturnViews:
    """Shows returns.

    Attributes:
        spaced: statuses are written ``Awaiting Arrival`` and ReturnToSender ``RTS``, as seen.
    """

    def __init__(self, *, access: Access, centers: Centers, products: Products) -> None:
        self._access = access
        self._centers = centers
        self._products = products
        self.spaced = False

    def full(self, found: Return) -> Json:
        """The object that is read."""
        total = sum((amount for _, amount in found.fees), Decimal(0))
        return {
            "id": found.id,
            "reference_id": found.reference_id,
            "store_order_id": found.store_order_id,
            "status": self._status(found.status),
            "return_type": "RTS" if self.spaced and found.type != "Regular" else found.type,
            "channel": self._channel(found),
            "customer_name": found.customer_name,
            "fulfillment_center": None
            if found.nowhere
            else self._centers[found.center_id].short(),
            "original_shipment_id": found.original_shipment_id,
            "tracking_number": found.tracking_number,
            "shipment_tracking_number": found.shipment_tracking_number,
            "insert_date": stamp(found.inserted),
            "awaiting_arrival_date": stamp_or_none(found.at("AwaitingArrival")),
            "arrived_date": stamp_or_none(found.at("Arrived")),
            "processing_date": stamp_or_none(found.at("Processing")),
            "completed_date": stamp_or_none(found.at("Completed")),
            "cancelled_date": stamp_or_none(found.at("Cancelled")),
            "inventory": [self._line(line, small=False) for line in found.lines],
            "invoice": {"amount": total, "currency_code": "USD"} if found.fees else None,
            "transactions": _fees(found),
            "status_history": [
                {"status": self._status(status), "timestamp": stamp(at)}
                for status, at in found.history
            ],
        }

    def small(self, found: Return) -> Json:
        """What create and edit answer: no sku, ``invoice_amount``."""
        total = sum((amount for _, amount in found.fees), Decimal(0))
        return {
            "id": found.id,
            "reference_id": found.reference_id,
            "store_order_id": found.store_order_id,
            "status": self._status(found.status),
            "return_type": found.type,
            "channel": self._channel(found),
            "customer_name": found.customer_name,
            "fulfillment_center": self._centers[found.center_id].short(),
            "original_shipment_id": found.original_shipment_id,
            "tracking_number": found.tracking_number,
            "insert_date": stamp(found.inserted),
            "completed_date": stamp_or_none(found.at("Completed")),
            "invoice_amount": total if found.fees else None,
            "transactions": _fees(found),
            "inventory": [self._line(line, small=True) for line in found.lines],
        }

    def _line(self, line: ReturnLine, *, small: bool) -> Json:
        variant = self._products.by_inventory_id[line.inventory_id]
        kind = "Default" if line.requested == "Default" else "OverrideDefault"
        view: Json = {
            "id": line.inventory_id,
            "name": variant.name,
            "quantity": line.quantity,
            "bundle_parent_sku": None,
            "action_requested": {
                "action": line.requested,
                "action_type": kind,
                "instructions": None,
            },
            "action_taken": [
                {
                    "action": taken.action,
                    "action_reason": taken.reason,
                    "quantity_processed": taken.quantity,
                    "image_url": None,
                }
                for taken in line.taken
            ],
        }
        if line.untold:
            del view["action_taken"]
        if not small:
            lot = {
                "number": line.lot_number,
                "expiration": stamp_or_none(line.lot_date),
                "minimumShelfLife": None,
            }
            view["sku"] = variant.sku
            view["barcodes"] = list(variant.barcodes)
            view["lot_information"] = lot if line.lot_number else None
        return view

    def _channel(self, found: Return) -> Json:
        channel = self._access.channels.get(found.channel_id)
        return {"id": found.channel_id, "name": channel.name if channel else None}

    def _status(self, status: str) -> str:
        return "Awaiting Arrival" if self.spaced and status == "AwaitingArrival" else status


def _fees(found: Return) -> list[Json]:
    return [{"amount": amount, "transaction_type": fee} for fee, amount in found.fees]
