"""Reads of transfer orders, shared by the subjects in flight."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import transfer_orders
from ml_connector.netsuite.queries.transfer_orders import TransferOrder
from ml_connector.netsuite.records.transfer_orders import TransferContent, transfer_content
from ml_connector.transport.batch import Batch


class TransferReads:
    """What NetSuite moves from one location to another, for one connection.

    Args:
        netsuite: the client of the account.
    """

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self._by_id: Batch[str, TransferOrder] = Batch(self._fetch_by_id, most=1000)
        self._by_number: Batch[str, tuple[TransferOrder, ...]] = Batch(
            self._fetch_by_number, most=1000
        )

    async def order(self, order_id: str) -> TransferOrder | None:
        """Return a transfer order by internal id; None when it is none, or was deleted."""
        return await self._by_id.get(order_id)

    async def named(self, number: str) -> tuple[TransferOrder, ...]:
        """Return the transfer orders with this number."""
        return await self._by_number.get(number) or ()

    async def content(self, order_id: str) -> TransferContent | None:
        """Return the lines and locations of a transfer order; None when it is gone.

        Raises:
            NeedsHuman: the record does not have the documented fields.
            Retryable: no usable answer.
        """
        record = await self._netsuite.get(
            "transferOrder", record_id=order_id, shape=dict[str, Any]
        )
        return None if record is None else transfer_content(record, order_id)

    async def _fetch_by_id(self, order_ids: Sequence[str]) -> Mapping[str, TransferOrder]:
        return await transfer_orders.transfers_by_id(self._netsuite.query, order_ids)

    async def _fetch_by_number(
        self, numbers: Sequence[str]
    ) -> Mapping[str, tuple[TransferOrder, ...]]:
        return await transfer_orders.transfers_by_number(self._netsuite.query, numbers)
