"""The requests about fulfillment centers, and all places of ShipBob's (section 9.1). Pure."""

from typing import Final

from ml_connector.shipbob.session import Request
from ml_connector.transport.call import Priority

EVERY_PLACE: Final = Request(
    operation="location.list",
    doing="reading all of ShipBob's places",
    path="/location",
    scope="locations_read",
    query={"IncludeInactive": "true"},
)
"""Hubs as well, and what takes nothing in any more (``GET /location``)."""


def list_centers(priority: Priority) -> Request:
    """Return the request for the centers that the merchant may send stock to."""
    return Request(
        operation="fulfillment_center.list",
        doing="reading the fulfillment centers",
        path="/fulfillment-center",
        scope="receiving_read",
        priority=priority,
    )
