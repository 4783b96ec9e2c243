"""Both systems for a busy day of parcels: NetSuite is slow, and everything is counted.

This is no simulator: every shipment exists and has left, every order has one line, and of the
books only the fulfilments are kept. NetSuite's in-flight limit is enforced (netsuite.md section
10.1).
"""

import asyncio
import re
import time
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from ml_connector.bench.canned import (
    TOKEN,
    Answer,
    Receive,
    Scope,
    Send,
    reply,
    row_page,
    serve,
    whole_body,
)

COUNTS_PATH: Final = "/_bench/counts"
ORDERS: Final = 190_000_000
SHIPMENTS: Final = 210_000_000
IN_FLIGHT: Final = 15
WRITE_SECONDS: Final = 0.3
PER_MINUTE: Final = 150
"""ShipBob's own limit (shipbob.md section 4)."""

READ_SECONDS: Final = 0.1

_SALES_ORDERS: Final = 5_000_000
_SHIPBOB_SECONDS: Final = 0.1
_ORDER_RECORD: Final = {
    "location": {"id": "6"},
    "item": {"items": [{"line": 1, "item": {"id": "501"}, "quantity": 2.0}]},
}
"""What every sales order's own record shows of its one line."""
_FULFILLMENT_OF: Final = re.compile(r"mlc-if-(\d+)$")


class Counts(msgspec.Struct, kw_only=True):
    """Counts of the calls to both systems.

    Attributes:
        twice: shipments that were fulfilled more than once.
        refused: calls beyond NetSuite's in-flight limit.
        marked: shipments whose tracking was marked as uploaded.
        last_write: monotonic time at which the last write ended.
        last_mark: likewise, of the last mark.
    """

    netsuite_writes: int = 0
    netsuite_reads: int = 0
    shipbob_reads: int = 0
    shipbob_writes: int = 0
    most_in_flight: int = 0
    refused: int = 0
    twice: int = 0
    fulfilled: int = 0
    marked: int = 0
    last_write: float = 0.0
    last_mark: float = 0.0


class Parcels:
    """NetSuite and ShipBob on one port, as a plain ASGI application."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._fulfilled: dict[int, str] = {}
        self._marked: set[int] = set()
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await whole_body(receive)
        await reply(send, await self._answer(scope, body))

    async def _answer(self, scope: Scope, body: bytes) -> Answer:
        path = str(scope["path"])
        if path == COUNTS_PATH:
            return 200, self.counts, {}
        if path.endswith("/token"):
            return 200, TOKEN, {}
        if path.startswith("/services/rest/"):
            return await self._netsuite(scope, path, body)
        return await self._shipbob(scope, path, body)

    async def _netsuite(self, scope: Scope, path: str, body: bytes) -> Answer:
        if self._in_flight >= IN_FLIGHT:
            self.counts.refused += 1
            detail = {"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED", "detail": "Too many."}
            return 429, {"title": "Bad Request", "status": 429, "o:errorDetails": [detail]}, {}
        self._in_flight += 1
        self.counts.most_in_flight = max(self.counts.most_in_flight, self._in_flight)
        try:
            if path.endswith("/suiteql"):
                self.counts.netsuite_reads += 1
                await asyncio.sleep(READ_SECONDS)
                return 200, row_page(self._rows(body)), {}
            if scope["method"] == "GET":
                self.counts.netsuite_reads += 1
                await asyncio.sleep(READ_SECONDS)
                return 200, _ORDER_RECORD, {}
            self.counts.netsuite_writes += 1
            await asyncio.sleep(WRITE_SECONDS)
            return self._fulfil(scope, path, body)
        finally:
            self._in_flight -= 1

    def _fulfil(self, scope: Scope, path: str, body: bytes) -> Answer:
        external_id = str(msgspec.json.decode(body).get("externalId", ""))
        named = _FULFILLMENT_OF.match(external_id)
        order = int(path.split("/")[-3])
        if named is None or order in self._fulfilled:
            self.counts.twice += 1
        self._fulfilled[order] = external_id
        self.counts.fulfilled = len(self._fulfilled)
        self.counts.last_write = time.monotonic()
        host, port = scope["server"]
        url = f"http://{host}:{port}/services/rest/record/v1/itemfulfillment/{order + 1}"
        return 204, None, {"location": url}

    def _rows(self, body: bytes) -> list[dict[str, str]]:
        query = msgspec.json.decode(body)
        text, params = query["q"], query.get("params", [])
        if "'SalesOrd'" in text:
            return [self._order_line(one) for one in params]
        if "'ItemShip'" in text and "FROM transaction t" in text:
            return [
                {
                    "id": str(int(one) + 1),
                    "createdfrom": one,
                    "externalid": self._fulfilled[int(one)],
                    "status": "C",
                    "line": "1",
                    "item": "501",
                    "quantity": "-2",
                    "location": "6",
                }
                for one in params
                if int(one) in self._fulfilled
            ]
        if "FROM accountingperiod" in text:
            return [
                {
                    "id": "11",
                    "periodname": "Nov 2026",
                    "startdate": "2026-11-01",
                    "enddate": "2026-11-30",
                }
            ]
        return []

    def _order_line(self, number: str) -> dict[str, str]:
        order = _SALES_ORDERS + int(number.removeprefix("SO-"))
        return {
            "id": str(order),
            "tranid": number,
            "matched": number,
            "status": "B",
            "location": "6",
            "line": "1",
            "item": "501",
            "itemid": "TEE-BLK-M",
            "fullname": "TEE-BLK-M",
            "itemtype": "InvtPart",
            "quantity": "-2",
            "quantityshiprecv": "2" if order in self._fulfilled else "0",
            "isclosed": "F",
        }

    async def _shipbob(self, scope: Scope, path: str, body: bytes) -> Answer:
        await asyncio.sleep(_SHIPBOB_SECONDS)
        if path.endswith(":batchUpdateTrackingUpload"):
            self.counts.shipbob_writes += 1
            ids = msgspec.json.decode(body)["shipment_ids"]
            self._marked |= set(ids)
            self.counts.marked = len(self._marked)
            self.counts.last_mark = time.monotonic()
            return 200, {"results": [{"shipmentId": one, "isSuccess": True} for one in ids]}, {}
        self.counts.shipbob_reads += 1
        last = path.rpartition("/")[2]
        if last.isdecimal():
            return 200, self._order(int(last)), {}
        asked = parse_qs(scope["query_string"].decode()).get("IDs", [""])[0]
        found = [self._order(int(one)) for one in asked.split(",") if one]
        return 200, found, {"total-pages": "1", "total-count": str(len(found))}

    def _order(self, order: int) -> dict[str, Any]:
        number = order - ORDERS
        product = {"id": 5550001, "reference_id": "TEE-BLK-M", "sku": "TEE-BLK-M"}
        return {
            "id": order,
            "reference_id": f"SO-{number}",
            "order_number": f"SO-{number}",
            "status": "Fulfilled",
            "products": [{**product, "quantity": 2}],
            "shipments": [shipment(number, uploaded=SHIPMENTS + number in self._marked)],
        }


def shipment(number: int, *, uploaded: bool) -> dict[str, Any]:
    """Return a shipment of two units that is on its way (shipbob.md section 9.5)."""
    return {
        "id": SHIPMENTS + number,
        "order_id": ORDERS + number,
        "reference_id": f"SO-{number}",
        "status": "Completed",
        "status_details": [{"id": 201, "name": "InTransit", "description": "In Transit"}],
        "location": {"id": 228, "name": "Moreno Valley (CA)"},
        "created_date": "2026-11-20T14:02:11.4467+00:00",
        "last_update_at": "2026-11-21T16:40:03+00:00",
        "last_tracking_update_at": "2026-11-21T16:40:03+00:00",
        "actual_fulfillment_date": "2026-11-21T15:11:40+00:00",
        "delivery_date": None,
        "is_tracking_uploaded": uploaded,
        "measurements": {"total_weight_oz": 18},
        "tracking": {
            "carrier": "USPS",
            "carrier_service": "Priority",
            "tracking_number": f"94001118992233{number:08d}",
            "tracking_url": f"https://tools.usps.com/go/Track?tLabels=94001118992233{number:08d}",
        },
        "products": [
            {
                "id": 5550001,
                "reference_id": "TEE-BLK-M",
                "sku": "TEE-BLK-M",
                "name": "Tee, black, M",
                "inventory_items": [{"id": 8588331, "quantity": 2, "quantity_committed": 2}],
            }
        ],
        "parent_cartons": [],
    }


def main() -> None:
    """Serve on the open socket whose descriptor is the argument, until SIGTERM."""
    serve(Parcels())
