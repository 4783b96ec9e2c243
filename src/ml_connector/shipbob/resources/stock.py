"""Stock levels by fulfillment center (shipbob.md section 9.3)."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from ml_connector.shipbob.filters import LARGE_PAGE
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.session import Request, ShipBobSession
from ml_connector.transport.call import Priority

_BY_CENTER: Final = Request(
    operation="inventory_level.locations",
    doing="reading stock levels",
    path="/inventory-level/locations",
    scope="inventory_read",
    query={"PageSize": LARGE_PAGE},
    priority=Priority.BULK,
)


class CenterLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of an inventory item at one fulfillment center. Whole eaches.

    Attributes:
        location_id: the fulfillment center.
        on_hand_quantity: all units there, sellable or not.
        internal_transfer_quantity: units on their way between two of ShipBob's buildings.
    """

    location_id: int
    name: str | None = None
    on_hand_quantity: int = 0
    internal_transfer_quantity: int = 0


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of an inventory item by fulfillment center."""

    inventory_id: int
    sku: str | None = None
    name: str | None = None
    locations: tuple[CenterLevel, ...] = ()


class StockCalls:
    """The calls about stock levels, of one connection."""

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def levels(self) -> AsyncIterator[StockLevel]:
        """Yield all levels (GET /inventory-level/locations), each item once, as bulk work."""
        pages = self._session.every(
            _BY_CENTER, StockLevel, lambda row: row.inventory_id, style=Style.CURSOR
        )
        async for level in pages:
            yield level
