"""Reads of an order's line numbers: from queries, from its own record, and what was proved."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from ml_connector.ledger.connections.line_proofs import LineProofs, OrderKey
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import purchase_orders
from ml_connector.netsuite.queries.purchase_orders import OrderLine
from ml_connector.netsuite.records.order_lines import OrderRecord, order_record


class OrderLineReads:
    """What may be read of the line numbers of orders, for one connection.

    Args:
        netsuite: the client of the account.
        proofs: which orders were proved before.
        trusts_queries: the numbers that queries show are taken as they are: nothing will be
            posted by them.
    """

    def __init__(
        self, netsuite: NetSuite, proofs: LineProofs, *, trusts_queries: bool = False
    ) -> None:
        self._netsuite = netsuite
        self.proofs = proofs
        self.trusts_queries = trusts_queries
        self._turns: WeakValueDictionary[OrderKey, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, order: OrderKey) -> AsyncIterator[None]:
        """Let only one at a time prove an order."""
        lock = self._turns.get(order)
        if lock is None:
            lock = self._turns[order] = asyncio.Lock()
        async with lock:
            yield

    async def record(self, order: OrderKey) -> OrderRecord | None:
        """Return an order as its own record shows it; None when there is none (section 6.1).

        Raises:
            NeedsHuman: the role may not see it, or it can't be read.
            Retryable: no usable answer.
        """
        found = await self._netsuite.get(
            order.record_type, record_id=order.order_id, shape=dict[str, Any]
        )
        what = f"{order.record_type} {order.order_id}"
        return order_record(found, what) if found is not None else None

    async def queried(self, order_ids: Collection[str]) -> Mapping[str, list[OrderLine]]:
        """Return the item lines of orders of whatever type, as queries show them.

        A line of an item that the role may not see has no ``itemid``.
        """
        return await purchase_orders.all_order_lines(self._netsuite.query, sorted(order_ids))
