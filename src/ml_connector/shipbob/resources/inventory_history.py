"""The inventory history: all stock movements at ShipBob (section 9.3)."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ml_connector.shipbob.filters import lists, moment
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.payloads import to_utc
from ml_connector.shipbob.session import Request, ShipBobSession
from ml_connector.transport.call import Priority

ADJUSTED: Final = "InventoryAdjusted"

_LONGEST: Final = timedelta(days=89)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a movement. Whole eaches; a decrement's sign is not documented (SB-032)."""

    quantity_change: int = 0
    sku: str | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note on a movement."""

    key: str = ""
    value: str = ""


class StockMovement(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the history of an inventory item at one fulfillment center."""

    inventory_audit_event_id: int
    inventory_id: int
    event_category: str = ""
    event_datetime: datetime
    increment: Change | None = None
    decrement: Change | None = None
    additional_reference: tuple[Note, ...] = ()
    shipbob_order_id: int | None = None

    def __post_init__(self) -> None:
        to_utc(self, "event_datetime")

    @property
    def change(self) -> int:
        """Units that came in minus units that went out."""
        plus = abs(self.increment.quantity_change) if self.increment else 0
        minus = abs(self.decrement.quantity_change) if self.decrement else 0
        return plus - minus

    @property
    def sku(self) -> str:
        """The SKU; empty if it is not named."""
        sides = (self.increment, self.decrement)
        return next((side.sku for side in sides if side and side.sku), "")

    @property
    def reason(self) -> str:
        """The reason that ShipBob gives."""
        return ", ".join(f"{note.key}: {note.value}" for note in self.additional_reference)


class HistoryCalls:
    """The calls about the inventory history, of one connection."""

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def adjustments(
        self, facility_id: int, *, since: datetime, until: datetime
    ) -> AsyncIterator[StockMovement]:
        """Yield the adjustments at one center (POST /inventory/history:query), as bulk work."""
        async for row in self._pieces(facility_id, since, until, category=ADJUSTED):
            if row.event_category in {ADJUSTED, ""}:
                yield row

    async def every(
        self, facility_id: int, *, since: datetime, until: datetime
    ) -> AsyncIterator[StockMovement]:
        """Yield all movements at one center, whatever their category, as bulk work."""
        async for row in self._pieces(facility_id, since, until, category=None):
            yield row

    async def _pieces(
        self, facility_id: int, since: datetime, until: datetime, *, category: str | None
    ) -> AsyncIterator[StockMovement]:
        """Ask for a span in pieces: ShipBob allows 90 days at a time."""
        begin = since
        while begin < until:
            end = min(begin + _LONGEST, until)
            rows = self._session.every(
                _query(facility_id, begin, end, category=category),
                StockMovement,
                lambda row: row.inventory_audit_event_id,
                style=Style.CURSOR,
            )
            async for row in rows:
                yield row
            begin = end + timedelta(seconds=1)  # filters have whole seconds

    async def of_items(
        self, facility_id: int, inventory_ids: Collection[int], *, since: datetime, until: datetime
    ) -> AsyncIterator[StockMovement]:
        """Yield all movements of some items at one center, as bulk work; at most 89 days."""
        for some in lists([str(one) for one in sorted(inventory_ids)]):
            rows = self._session.every(
                _query(
                    facility_id,
                    max(since, until - _LONGEST),
                    until,
                    category=None,
                    inventory_ids=[int(one) for one in some or ()],
                ),
                StockMovement,
                lambda row: row.inventory_audit_event_id,
                style=Style.CURSOR,
            )
            async for row in rows:
                yield row


def _query(
    facility_id: int,
    since: datetime,
    until: datetime,
    *,
    category: str | None = ADJUSTED,
    inventory_ids: Sequence[int] = (),
) -> Request:
    body: dict[str, Any] = {
        "facility_id": facility_id,
        "start_date": moment(since),
        "end_date": moment(until),
    }
    if category is not None:
        body["event_category"] = category
    if inventory_ids:
        body["inventory_ids"] = list(inventory_ids)
    return Request(
        operation="inventory.history",
        doing=f"reading the inventory history of fulfillment center {facility_id}",
        method="POST",
        path="/inventory/history:query",
        scope="inventory_read",
        body=msgspec.json.encode(body),
        priority=Priority.BULK,
    )
