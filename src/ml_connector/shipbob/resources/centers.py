"""The calls about fulfillment centers, and all places of ShipBob's (section 9.1)."""

from typing import Final

import msgspec

from ml_connector.shipbob.payloads import FulfillmentCenter
from ml_connector.shipbob.session import Request, ShipBobSession
from ml_connector.transport.call import Priority

EVERY_PLACE: Final = Request(
    operation="location.list",
    doing="reading all of ShipBob's places",
    path="/location",
    scope="locations_read",
    query={"IncludeInactive": "true"},
)
"""Hubs as well, and what takes nothing in any more (``GET /location``)."""


class AddressedCenter(msgspec.Struct, frozen=True, kw_only=True):
    """A fulfillment center with where it is, as far as ShipBob tells (section 9.1)."""

    id: int
    name: str = ""
    address1: str | None = None
    city: str | None = None
    zip_code: str | None = None


def list_centers(priority: Priority) -> Request:
    """Return the request for the centers that the merchant may send stock to."""
    return Request(
        operation="fulfillment_center.list",
        doing="reading the fulfillment centers",
        path="/fulfillment-center",
        scope="receiving_read",
        priority=priority,
    )


class CenterCalls:
    """The calls about fulfillment centers.

    Args:
        session: sends them.
    """

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def listed(self, *, priority: Priority = Priority.LIVE) -> list[FulfillmentCenter]:
        """Return the merchant's fulfillment centers (section 9.1, GET /fulfillment-center)."""
        return await self._session.listed(list_centers(priority), FulfillmentCenter)

    async def addressed(self) -> list[AddressedCenter]:
        """Return the same centers with their addresses."""
        return await self._session.listed(list_centers(Priority.LIVE), AddressedCenter)

    async def every_place(self) -> list[FulfillmentCenter]:
        """Return all places of ShipBob's, also hubs (section 9.1, GET /location)."""
        return await self._session.listed(EVERY_PLACE, FulfillmentCenter)
