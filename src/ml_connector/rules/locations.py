"""NetSuite's location of a fulfillment center of ShipBob's, as ``[locations]`` names it. Pure."""

from typing import Final

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData
from ml_connector.words import Cause

_APPLY: Final = " and apply the connection again; what waits goes on by itself."


def location_of(center: int, name: str | None, settings: ConnectionSettings) -> str:
    """Return NetSuite's internal id of the location that a fulfillment center is mapped to.

    Args:
        center: ShipBob's id of the fulfillment center.
        name: what ShipBob calls it, for the message.
        settings: of the connection.

    Raises:
        NeedsData: it is not mapped.
    """
    location = settings.locations.get(str(center))
    if location is None:
        raise unmapped(center, name)
    return location


def unmapped(center: int, name: str | None) -> NeedsData:
    """Return the failure for a fulfillment center that has no NetSuite location."""
    return unmapped_place(center, place=f"ShipBob's fulfillment center {center} ({name})")


def unmapped_place(center: int, *, place: str, remedy_ends: str = _APPLY) -> NeedsData:
    """Return the failure for a place whose fulfillment center has no NetSuite location.

    Args:
        center: ShipBob's id of the fulfillment center.
        place: what has no location; the message begins with it.
        remedy_ends: what the remedy says after the line to add under ``[locations]``.
    """
    return NeedsData(
        f"{place} has no NetSuite location",
        cause=Cause.LOCATION_UNMAPPED,
        waiting_for=[AwaitedKind.LOCATION.named(center)],
        remedy=f'Add "{center}" = "<NetSuite location id>" under [locations]{remedy_ends}',
    )
