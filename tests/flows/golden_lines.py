"""What the own records of a golden case's orders show of their lines."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from ml_connector.ledger.connections.line_proofs import NoLineProofs, OrderKey
from ml_connector.netsuite.records.order_lines import OrderRecord, order_record

_TABLES: Final = {
    "orders": "purchaseOrder",
    "sales_orders": "salesOrder",
    "authorizations": "returnAuthorization",
}


class GoldenOrderLines:
    """Answers as ``reads.order_lines`` would.

    An order's ``record`` in ``netsuite.json`` is what its own record shows, in REST's names, or
    null where there is none to be seen; without it the record shows what queries show.
    """

    trusts_queries = False

    def __init__(self, netsuite: Mapping[str, Any]) -> None:
        self._records = dict(_records(netsuite))
        self.proofs = NoLineProofs()
        self.trusts_queries = False

    @asynccontextmanager
    async def turn(self, _: OrderKey) -> AsyncIterator[None]:
        yield

    async def record(self, order: OrderKey) -> OrderRecord | None:
        record = self._records[order]
        return order_record(record, "record") if record is not None else None


def _records(netsuite: Mapping[str, Any]) -> Iterator[tuple[OrderKey, Any]]:
    for table, record_type in _TABLES.items():
        for row in netsuite.get(table, []):
            shown = row.get("record", {"item": {"items": [_line(line) for line in row["lines"]]}})
            yield OrderKey(row.get("type", record_type), row["id"]), shown


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    ordered = line.get("ordered", line.get("authorized", line.get("quantity")))
    location = line.get("location")
    return {
        "line": line["line"],
        "item": {"id": line.get("item_id", line.get("item"))},
        "quantity": ordered,
        "location": {"id": location} if location else None,
        "units": line.get("unit", line.get("units")),
    }
