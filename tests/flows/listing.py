"""ShipBob's lists as documented; a filter by a date passes nothing that has no such date."""

import math
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ml_connector.shipbob.paging import NumberedPage
from ml_connector.shipbob.payloads import Wro
from ml_connector.shipbob.resources.channels import ListedChannels
from ml_connector.shipbob.resources.returns import Return
from ml_connector.shipbob.resources.shipments import Order, Shipment

T = TypeVar("T")


def _within(at: datetime | None, since: datetime | None, until: datetime | None = None) -> bool:
    if since is None and until is None:
        return True
    return at is not None and (since is None or at >= since) and (until is None or at <= until)


def _page(found: Sequence[T], number: int, size: int) -> NumberedPage[T]:
    rows = found[(number - 1) * size : number * size]
    return NumberedPage(rows=rows, pages=max(1, math.ceil(len(found) / size)), listed=len(rows))


class Lists:
    """A ShipBob account that only lists.

    Args:
        orders: of the account.
        wros: likewise.
        returned: likewise.
        page: how many rows a page has; a small one makes many of few.
    """

    def __init__(
        self,
        *,
        orders: Sequence[Order] = (),
        wros: Sequence[Wro] = (),
        returned: Sequence[Return] = (),
        page: int = 1000,
    ) -> None:
        self._orders, self._wros, self._returned = orders, wros, returned
        self._size = page
        self.shipments = self
        self.returns = self

    async def listed_channels(self, **_: Any) -> ListedChannels:
        return ListedChannels(())

    async def orders(
        self,
        *,
        created_since: datetime | None = None,
        created_until: datetime | None = None,
        updated_since: datetime | None = None,
        has_tracking: bool | None = None,
        tracking_uploaded: bool | None = None,
        tracking_updated_since: datetime | None = None,
        **_: Any,
    ) -> AsyncIterator[Order]:
        for one in self._orders:
            if (
                _within(one.created_date, created_since, created_until)
                and _within(_latest(one, "last_update_at"), updated_since)
                and _within(_latest(one, "last_tracking_update_at"), tracking_updated_since)
                and has_tracking in {None, any(map(_has_number, one.shipments))}
                and tracking_uploaded
                in {None, all(shipment.is_tracking_uploaded for shipment in one.shipments)}
            ):
                yield one

    async def order_page(
        self, number: int, *, created_since: datetime, **_: Any
    ) -> NumberedPage[Order]:
        found = [one async for one in self.orders(created_since=created_since)]
        return _page(found, number, self._size)

    async def wros(
        self,
        *,
        statuses: Collection[str] = (),
        inserted_since: datetime | None = None,
        inserted_until: datetime | None = None,
        completed_since: datetime | None = None,
        external_sync: bool | None = None,
        **_: Any,
    ) -> AsyncIterator[Wro]:
        for one in self._wros:
            completed = [at.timestamp for at in one.status_history if at.status == "Completed"]
            if (
                (not statuses or one.status in statuses)
                and _within(one.insert_date, inserted_since, inserted_until)
                and _within(completed[-1] if completed else None, completed_since)
                and external_sync in {None, one.external_sync_timestamp is not None}
            ):
                yield one

    async def wro_page(self, number: int, **filters: Any) -> NumberedPage[Wro]:
        found = [one async for one in self.wros(**filters)]
        return _page(found, number, self._size)

    async def find(
        self,
        *,
        statuses: Collection[str] = (),
        created_since: datetime | None = None,
        created_until: datetime | None = None,
        completed_since: datetime | None = None,
        **_: Any,
    ) -> AsyncIterator[Return]:
        for one in self._returned:
            if (
                (not statuses or one.plain_status in statuses)
                and _within(one.insert_date, created_since, created_until)
                and _within(one.completed_date, completed_since)
            ):
                yield one


def _latest(order: Order, name: str) -> datetime | None:
    times = [getattr(one, name) for one in order.shipments]
    return max((at for at in times if at is not None), default=None)


def _has_number(shipment: Shipment) -> bool:
    return shipment.tracking is not None and bool(shipment.tracking.tracking_number)
