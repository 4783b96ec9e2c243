"""Line proofs: the orders whose line numbers were compared on their own record, and agreed.

One row for each order, so that its second WRO or shipment costs no further read. A proof is of
one NetSuite account: another account's order of the same internal id has none.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from ml_connector.storage.database import Database
from ml_connector.transport.batch import Batch

_MOST: Final = 500


class OrderKey(NamedTuple):
    """An order: its REST record type, such as ``purchaseOrder``, and its internal id."""

    record_type: str
    order_id: str


ProvedLines = Mapping[int, str]
"""NetSuite's item of each line that was proved, by line number."""


class LineProofs(Protocol):
    """The proofs of one connection's orders."""

    async def of(self, order: OrderKey) -> ProvedLines:
        """Return the lines of an order that were proved; none where it never was."""

    async def keep(self, order: OrderKey, lines: ProvedLines) -> None:
        """Keep which lines of an order are proved, in place of what was kept of it."""


class NoLineProofs:
    """A connection without a ledger: nothing was proved before, and nothing is kept."""

    async def of(self, order: OrderKey) -> ProvedLines:
        """Return nothing."""
        del order
        return {}

    async def keep(self, order: OrderKey, lines: ProvedLines) -> None:
        """Keep nothing."""
        del order, lines


class KeptLineProofs:
    """The proofs of one connection in the database, asked for many orders at a time.

    Args:
        database: the ledger.
        connection_name: whose orders.
        account: the NetSuite account that they are in.
    """

    def __init__(self, database: Database, connection_name: str, account: str) -> None:
        self._database = database
        self._owner = {"connection": connection_name, "account": account}
        self._proved: Batch[OrderKey, ProvedLines] = Batch(self._fetch, most=_MOST)

    async def of(self, order: OrderKey) -> ProvedLines:
        """Return the lines of an order that were proved; none where it never was."""
        return await self._proved.get(order) or {}

    async def keep(self, order: OrderKey, lines: ProvedLines) -> None:
        """Keep which lines of an order are proved, in place of what was kept of it."""
        await self._database.fetch(
            "insert into line_proof (connection, account, record_type, order_id, lines)"
            " values (%(connection)s, %(account)s, %(type)s, %(order)s, %(lines)s::jsonb)"
            " on conflict (connection, account, record_type, order_id)"
            " do update set lines = excluded.lines, proved_at = now()",
            {
                **self._owner,
                "type": order.record_type,
                "order": order.order_id,
                "lines": msgspec.json.encode(lines).decode(),
            },
            repeatable=True,
        )

    async def _fetch(self, orders: Sequence[OrderKey]) -> Mapping[OrderKey, ProvedLines]:
        found = await self._database.fetch(
            "select record_type, order_id, lines from line_proof"
            " where connection = %(connection)s and account = %(account)s"
            " and (record_type, order_id) in"
            " (select * from unnest(%(types)s::text[], %(orders)s::text[]))",
            {
                **self._owner,
                "types": [one.record_type for one in orders],
                "orders": [one.order_id for one in orders],
            },
            repeatable=True,
        )
        return {
            OrderKey(row["record_type"], row["order_id"]): {
                int(line): item for line, item in row["lines"].items()
            }
            for row in found
        }
