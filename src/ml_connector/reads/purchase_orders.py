"""Reads that find purchase and transfer orders, of which no webhook tells."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import date
from typing import Any

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import order_polls, purchase_orders, setup
from ml_connector.netsuite.queries.order_polls import OPEN_STATUSES
from ml_connector.netsuite.queries.purchase_orders import ChangedOrder
from ml_connector.netsuite.statuses import PURCHASE_ORDER_KNOWN
from ml_connector.words import Cause


class OrderReads:
    """Finds the orders that NetSuite has and has changed, for one connection, as bulk work.

    Args:
        netsuite: the client of the account.
        ordered_since: the connection's start date; earlier orders are left out.
    """

    def __init__(self, netsuite: NetSuite, *, ordered_since: date | None = None) -> None:
        self._netsuite = netsuite
        self._ordered_since = ordered_since

    async def open(self) -> AsyncIterator[Sequence[ChangedOrder]]:
        """Yield the orders of which units are still to come, or whose status is not known."""
        for order_type in OPEN_STATUSES:
            pages = order_polls.open_orders(
                self._netsuite.query, order_type, ordered_since=self._ordered_since
            )
            async for page in pages:
                yield page

    async def changed(
        self, since: str, *, also: Collection[str] = ()
    ) -> AsyncIterator[Sequence[ChangedOrder]]:
        """Yield the orders that changed since a moment by the account's clock.

        Args:
            since: that moment.
            also: the ids of orders that are wanted even if no units of them are to come.
        """
        for order_type, statuses in OPEN_STATUSES.items():
            pages = order_polls.changed_orders(
                self._netsuite.query,
                order_type,
                changed_since=since,
                ordered_since=self._ordered_since,
            )
            async for page in pages:
                known = [
                    msgspec.structs.replace(
                        order,
                        is_open=order.status in statuses
                        or order.status not in PURCHASE_ORDER_KNOWN,
                    )
                    for order in page
                ]
                yield [order for order in known if order.is_open or order.id in also]

    async def deleted(self, since: str) -> set[str]:
        """Return the ids of records deleted since then; perhaps of other types as well."""
        return await order_polls.deleted_records(self._netsuite.query, since=since)

    async def is_deleted(self, order_id: str) -> bool:
        """Return whether an order that can't be seen was deleted, and is not merely hidden.

        A role that loses a permission sees no order any more (netsuite.md section 4.5). So
        the record service must say that there is none, and not that the role may not see it
        (section 9.2). A role that never saw transfer orders can't ask for one: then NetSuite
        must list the id as deleted.
        """
        for record_type in ("purchaseOrder", "transferOrder"):
            try:
                found = await self._netsuite.get(
                    record_type, record_id=order_id, shape=dict[str, Any]
                )
            except NeedsHuman as error:
                if error.cause is not Cause.PERMISSION_MISSING:
                    raise
                return record_type == "transferOrder" and (
                    await order_polls.is_listed_as_deleted(self._netsuite.query, order_id)
                )
            if found is not None:
                return False
        return True

    async def changes(self, order_ids: Sequence[str]) -> Sequence[ChangedOrder]:
        """Return when these orders were last changed; deleted ones are left out."""
        return await purchase_orders.order_changes(self._netsuite.query, order_ids)

    async def clock(self) -> str | None:
        """Return ``YYYY-MM-DD HH:MM:SS`` by the account's clock; None where it has none."""
        try:
            return await setup.account_clock(self._netsuite.query)
        except UnknownIdentifier:
            return None
