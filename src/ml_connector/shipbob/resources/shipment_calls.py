"""The client's calls about orders, shipments and tracking (ShipBob reference, section 9.5)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime

import msgspec

from ml_connector.shipbob.filters import LARGE_PAGE
from ml_connector.shipbob.paging import NumberedPage, Style
from ml_connector.shipbob.resources import shipments
from ml_connector.shipbob.resources.shipments import Order, ParcelTracking, Shipment, UploadResult
from ml_connector.shipbob.session import ShipBobSession, unexpected
from ml_connector.transport.call import Priority


class ShipmentCalls:
    """One method for each call. They raise what the methods of ``ShipBob`` raise.

    Args:
        session: sends the calls.
        channel_id: returns the channel to write to.
    """

    def __init__(self, session: ShipBobSession, channel_id: Callable[[], Awaitable[int]]) -> None:
        self._session = session
        self._channel_id = channel_id

    async def shipment(
        self, shipment_id: int | str, *, priority: Priority = Priority.LIVE
    ) -> Shipment:
        """Return a shipment (GET /shipment/{id}).

        Raises:
            NeedsData: record_not_found, waiting for ``shipment:<id>``.
        """
        return await self._session.one(shipments.get_shipment(shipment_id, priority), Shipment)

    async def order(self, order_id: int | str, *, priority: Priority = Priority.LIVE) -> Order:
        """Return an order with its shipments (GET /order/{id}).

        Raises:
            NeedsData: record_not_found, waiting for ``order:<id>``.
        """
        return await self._session.one(shipments.get_order(order_id, priority), Order)

    async def orders(
        self,
        *,
        ids: Collection[int | str] | None = None,
        references: Collection[str] | None = None,
        created_since: datetime | None = None,
        created_until: datetime | None = None,
        updated_since: datetime | None = None,
        has_tracking: bool | None = None,
        tracking_uploaded: bool | None = None,
        tracking_updated_since: datetime | None = None,
        priority: Priority = Priority.LIVE,
    ) -> AsyncIterator[Order]:
        """Yield the orders that fit all given filters (section 7.6, GET /order), each once.

        Pages hold up to 250 orders.

        Args:
            ids: None for any; an empty collection yields nothing.
            references: ``reference_id``, likewise. It is not documented whether ShipBob compares
                exactly (SB-022), so only exactly equal ones are yielded.
            created_since: aware.
            created_until: aware.
            updated_since: aware. Whether a change of the tracking alone counts is not documented
                (SB-034).
            has_tracking: whether any shipment has a tracking number; None for any.
            tracking_uploaded: whether all shipments were marked as uploaded; None for any.
            tracking_updated_since: aware.
            priority: of all its pages.
        """
        filters = shipments.order_filters(
            created_since=created_since,
            created_until=created_until,
            updated_since=updated_since,
            has_tracking=has_tracking,
            tracking_uploaded=tracking_uploaded,
            tracking_updated_since=tracking_updated_since,
        )
        exactly = None if references is None else set(references)
        for keys in shipments.order_keys(ids, references):
            request = shipments.list_orders({**filters, **keys}, priority)
            pages = self._session.every(request, Order, lambda row: row.id, style=Style.NUMBERED)
            async for order in pages:
                if exactly is None or order.reference_id in exactly:
                    yield order

    async def order_page(
        self, number: int, *, created_since: datetime, priority: Priority = Priority.LIVE
    ) -> NumberedPage[Order]:
        """Return one page of the orders made since a moment, from 1 on; see ``orders``."""
        filters = shipments.order_filters(created_since=created_since)
        request = shipments.list_orders({**filters, "Page": str(number)}, priority)
        return await self._session.page(request, Order, size=int(LARGE_PAGE))

    async def newest_orders(
        self, count: int, *, priority: Priority = Priority.LIVE
    ) -> list[Order]:
        """Return the orders that were made last (GET /order), one page of at most 250."""
        query = {"Limit": str(count), "SortOrder": "Newest"}
        request = shipments.list_orders(query, priority)
        found: list[Order] = []
        pages = self._session.every(request, Order, lambda row: row.id, style=Style.NUMBERED)
        async for order in pages:
            found.append(order)
            if len(found) >= count:
                break
        return found

    async def tracked(
        self, shipment_ids: Sequence[int], *, priority: Priority = Priority.LIVE
    ) -> list[ParcelTracking]:
        """Return the tracking of parcels (GET /shipments-tracking), 25 shipments a call."""
        found: list[ParcelTracking] = []
        for start in range(0, len(shipment_ids), shipments.MOST_TRACKED):
            some = shipment_ids[start : start + shipments.MOST_TRACKED]
            request = shipments.track(some, priority)
            found += await self._session.one(request, list[ParcelTracking])
        return found

    async def mark_uploaded(
        self, shipment_ids: Sequence[int], *, send_by: float | None = None
    ) -> list[UploadResult]:
        """Mark shipments as uploaded (POST /shipment:batchUpdateTrackingUpload).

        Args:
            shipment_ids: without ids there is no call.
            send_by: monotonic time by which it must have begun; see ``Call``.

        Returns:
            One result for each id, in order.
        """
        if not shipment_ids:
            return []
        request = shipments.mark_uploaded(shipment_ids, await self._channel_id(), send_by)
        value = await self._session.plain(request)
        try:
            return shipments.upload_results(value, shipment_ids)
        except msgspec.ValidationError as error:
            raise unexpected(request, error) from error
