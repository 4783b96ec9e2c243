"""Which channel we write to (ShipBob reference, section 3.3). Pure."""

from collections.abc import Sequence

from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.payloads import Channel
from ml_connector.words import Cause


def own_channel(channels: Sequence[Channel]) -> Channel:
    """Return the one channel that can be written to. An application writes only to its own.

    Raises:
        NeedsHuman: none can be written to, or several can: then a person must say which.
    """
    writable = [channel for channel in channels if channel.writable]
    if len(writable) == 1:
        return writable[0]
    if not writable:
        raise NeedsHuman(
            "ShipBob lets our token write to no channel",
            cause=Cause.PERMISSION_MISSING,
            remedy="Make the token, or give the consent, with write permissions.",
        )
    named = ", ".join(f"{one.id} ({one.application_name}: {one.name})" for one in writable[:5])
    raise NeedsHuman(
        f"ShipBob lets our token write to {len(writable)} channels: {named}",
        cause=Cause.PERMISSION_MISSING,
        remedy="Set channel_id in [shipbob] to the one that belongs to this application.",
    )
