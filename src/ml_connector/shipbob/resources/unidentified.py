"""Unidentified receiving orders: goods on ShipBob's dock that no WRO announced (section 9.4).

They are new in the API of 2026-07; an account whose API does not have them has none.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.errors import NeedsData
from ml_connector.shipbob.session import Request, ShipBobSession, segment
from ml_connector.transport.call import Priority
from ml_connector.words import Cause

_MOST_PAGES: Final = 1000
_PAGE: Final = 50


class Uro(msgspec.Struct, frozen=True, kw_only=True):
    """An unidentified receiving order.

    Attributes:
        linked_wro_id: the WRO that it was assigned to; None or 0 while there is none.
    """

    id: int
    barcode: str | None = None
    tracking_barcode: str | None = None
    reason: str | None = None
    comment: str | None = None
    created_date: datetime | None = None
    linked_wro_id: int | None = None


class UroCalls:
    """The calls about unidentified receiving orders."""

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def get(self, uro_id: int) -> Uro | None:
        """Return one (GET /unidentified-receiving-order/{id}); None if ShipBob has none."""
        request = Request(
            operation="unidentified.get",
            doing=f"reading unidentified receiving order {uro_id}",
            path=f"/unidentified-receiving-order/{segment(uro_id)}",
            scope="receiving_read",
            record=AwaitedKind.URO.named(uro_id),
        )
        try:
            return await self._session.one(request, Uro)
        except NeedsData as missing:
            if missing.cause is not Cause.RECORD_NOT_FOUND:
                raise
            return None

    async def open(self) -> AsyncIterator[Uro]:
        """Yield those that are not completed, each once, as bulk work; at most 50 a page."""
        seen: set[int] = set()
        stale = False
        for page in range(1, _MOST_PAGES + 1):
            request = Request(
                operation="unidentified.list",
                doing="listing unidentified receiving orders",
                path="/unidentified-receiving-order",
                scope="receiving_read",
                query={"isCompleted": "false", "page": str(page)},
                record=AwaitedKind.URO.any_one,
                priority=Priority.BULK,
            )
            try:
                found = await self._session.page(request, Uro, size=_PAGE)
            except NeedsData as missing:
                if missing.cause is not Cause.RECORD_NOT_FOUND:
                    raise
                return
            new = [uro for uro in found.rows if uro.id not in seen]
            for uro in new:
                seen.add(uro.id)
                yield uro
            # A page of which nothing can be read is not the last one; a second such page is.
            if not new and (stale or len(found.rows) == found.listed):
                return
            stale = not new
