"""Webhooks as ShipBob sends them, as the bytes of whole HTTP requests. All loopback."""

import base64
import hmac
import itertools
import secrets
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from ml_connector.bench.parcels import shipment
from ml_connector.secret import Secret

TOPICS: Final = (
    "wro.created",
    "wro.updated",
    "wro.completed",
    "wro.box.arrived",
    "wro.box.scanned",
    "wro.box.stowed",
)

_ORDER_TOPICS: Final = ("order.shipped", "order.delivered")
_PARCEL_TOPICS: Final = (
    *_ORDER_TOPICS,
    "order.shipment.tracking.updated",
    "order.shipment.delivered",
    "order.shipment.tracking.updated",
)

_LINES: Final = 12


def new_secret() -> Secret:
    """Return a fresh webhook secret in ShipBob's form."""
    return Secret("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())


class Deliveries:
    """Makes deliveries, each with an id of its own and a valid signature.

    A body is a WRO of twelve lines, about 1.7 kB, with the topics in turn, like the webhooks of a
    busy receiving dock (shipbob.md section 7.2 to 7.4).

    Args:
        path: of the webhook endpoint.
        secret: to sign with.
        topics: that they have in turn.
    """

    def __init__(self, path: str, secret: Secret, *, topics: Sequence[str] = TOPICS) -> None:
        self._head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        self._key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
        self._rest = _rest_of_body()
        self._topics = itertools.cycle(topics)
        self._series = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    def body(self, number: int, topic: str) -> bytes:
        """Return a body about this WRO; it is the same for all topics."""
        del topic
        return b'{"wro_id":%d,%b' % (number, self._rest)

    def make(self, wro_id: int) -> bytes:
        """Return the request of a webhook about this WRO."""
        topic = next(self._topics)
        body = self.body(wro_id, topic)
        webhook_id = f"msg_{self._series}_{next(self._numbers)}"
        timestamp = str(int(time.time()))
        signed = hmac.digest(self._key, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
        head = (
            f"{self._head}content-type: application/json\r\n"
            f"x-webhook-topic: {topic}\r\n"
            f"webhook-id: {webhook_id}\r\nwebhook-timestamp: {timestamp}\r\n"
            f"webhook-signature: v1,{base64.b64encode(signed).decode()}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class ParcelDeliveries(Deliveries):
    """Webhooks about shipments, by the carrier, by ShipBob, and about orders with one shipment."""

    def __init__(self, path: str, secret: Secret) -> None:
        super().__init__(path, secret, topics=_PARCEL_TOPICS)

    def body(self, number: int, topic: str) -> bytes:
        """Return a body about this shipment, in the form of the topic (shipbob.md section 7.2)."""
        parcel = shipment(number, uploaded=False)
        if topic in _ORDER_TOPICS:
            order = {"id": parcel["order_id"], "reference_id": parcel["reference_id"]}
            return msgspec.json.encode({**order, "status": "Fulfilled", "shipments": [parcel]})
        return msgspec.json.encode(parcel)


def _rest_of_body() -> bytes:
    document = {
        "status": "Completed",
        "package_type": "Package",
        "box_packaging_type": "EverythingInOneBox",
        "insert_date": "2026-11-20T09:12:44.1234567+00:00",
        "last_updated_date": "2026-11-23T16:03:10.7654321+00:00",
        "fulfillment_center": {"id": 228, "name": "Moreno Valley (CA)", "timezone": "Pacific"},
        "inventory_quantities": [
            {
                "inventory_id": 8_800_000 + number,
                "sku": f"TEE-{secrets.token_hex(3).upper()}-M",
                "expected_quantity": 100 + number,
                "received_quantity": 100 + number,
                "stowed_quantity": 90 + number,
            }
            for number in range(_LINES)
        ],
    }
    return msgspec.json.encode(document)[1:]
