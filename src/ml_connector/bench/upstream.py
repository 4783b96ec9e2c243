"""Both systems at their quickest: they give canned answers at once, and note each write's time.

This is no simulator and keeps no books, so that mostly our own time is measured.
"""

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

SKUS: Final = ("TEE-BLK-M", "CAP-RED", "MUG-WHT")
WRITES_PATH: Final = "/_bench/writes"
ADJUSTMENTS_PATH: Final = "/services/rest/record/v1/inventoryAdjustment"
SUITEQL_PATH: Final = "/services/rest/query/v1/suiteql"

REFUSED_TOKEN: Final = "refused"  # noqa: S105 - it opens nothing
"""A ShipBob token that is answered with 401."""

_FIRST_ITEM: Final = 100
_WRO_OF: Final = re.compile(r"mlc-ia-(\d+)-")
_STOWED_AT: Final = "2026-11-20T16:03:10Z"


class Upstream:
    """NetSuite and ShipBob on one port, as a plain ASGI application.

    Every WRO exists, is completed and holds three SKUs; every SKU is an item; there is one
    open posting period and no purchase order (netsuite.md sections 2.1, 4, 6.1, 8.2;
    shipbob.md sections 3.3 and 9.4).
    """

    def __init__(self) -> None:
        self._writes: dict[int, float] = {}
        self._twice: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        arrived = time.monotonic()
        body = await whole_body(receive)
        if (b"authorization", f"Bearer {REFUSED_TOKEN}".encode()) in scope["headers"]:
            await reply(send, (401, None, {}))
            return
        await reply(send, self._answer(scope, body, arrived))

    def _answer(self, scope: Scope, body: bytes, arrived: float) -> Answer:
        match str(scope["path"]).rpartition("/")[2]:
            case "inventoryAdjustment":
                return self._adjust(scope, body, arrived)
            case "writes":
                return 200, {"writes": self._writes, "twice": self._twice}, {}
            case last:
                return _canned(last, scope, body)

    def _adjust(self, scope: Scope, body: bytes, arrived: float) -> Answer:
        named = _WRO_OF.match(msgspec.json.decode(body)["externalId"])
        wro_id = int(named[1]) if named else 0
        if wro_id in self._writes:
            self._twice.append(wro_id)
        self._writes.setdefault(wro_id, arrived)
        host, port = scope["server"]
        return 204, None, {"location": f"http://{host}:{port}{ADJUSTMENTS_PATH}/{wro_id}"}


def _canned(last: str, scope: Scope, body: bytes) -> Answer:
    """Answer a read, or a mark, by the last part of its path."""
    match last:
        case "suiteql":
            return 200, _rows(body), {}
        case "receiving":
            ids = parse_qs(scope["query_string"].decode()).get("IDs", [""])[0]
            found = [_wro(int(one)) for one in ids.split(",") if one]
            return 200, found, {"total-pages": "1", "total-count": str(len(found))}
        case "receiving:setExternalSync":
            marked = msgspec.json.decode(body)["ids"]
            results = [{"id": one, "is_success": True, "reason": ""} for one in marked]
            return 200, {"results": results}, {}
        case "token":
            return 200, TOKEN, {}
        case wro_id if wro_id.isdecimal():
            return 200, _wro(int(wro_id)), {}
        case _:
            return 404, {"error": "the bench does not know this"}, {}


def _wro(wro_id: int) -> dict[str, Any]:
    return {
        "id": wro_id,
        "status": "Completed",
        "purchase_order_number": None,
        "insert_date": "2026-11-18T09:12:44Z",
        "last_updated_date": _STOWED_AT,
        "fulfillment_center": {"id": 228, "name": "Moreno Valley (CA)", "timezone": "Pacific"},
        "inventory_quantities": [
            {
                "inventory_id": 8_800_001 + number,
                "sku": sku,
                "expected_quantity": 10,
                "received_quantity": 10,
                "stowed_quantity": 10,
            }
            for number, sku in enumerate(SKUS)
        ],
        "status_history": [{"id": 4, "status": "Completed", "timestamp": _STOWED_AT}],
        "external_sync_timestamp": None,
    }


def _rows(body: bytes) -> dict[str, Any]:
    query = msgspec.json.decode(body)
    text, params = query["q"], query.get("params", [])
    rows: list[dict[str, str]] = []
    if "FROM item i" in text:
        rows = [
            {"id": str(item), "itemid": sku, "itemtype": "InvtPart"}
            for item, sku in enumerate(SKUS, _FIRST_ITEM)
            if sku in params or str(item) in params
        ]
    elif "FROM accountingperiod" in text:
        rows = [
            {
                "id": "11",
                "periodname": "Nov 2026",
                "startdate": "2026-11-01",
                "enddate": "2026-11-30",
            }
        ]
    return row_page(rows)


def main() -> None:
    """Serve on the open socket whose descriptor is the argument, until SIGTERM."""
    serve(Upstream())
