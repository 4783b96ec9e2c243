"""Finding the channel to write to (ShipBob reference, section 3.3). Pure."""

from collections.abc import Sequence
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.payloads import Channel
from ml_connector.words import Cause

PERSONAL_APPLICATION: Final = "SMA"
"""The application that the first personal access token of an account makes (section 3.1)."""


def own_channel(
    channels: Sequence[Channel], *, personal: bool | None = None, granted: int | None = None
) -> Channel:
    """Return the one channel that can be written to. An application writes only to its own.

    Args:
        channels: all of the merchant's, also those of other applications.
        personal: whether a personal access token authorises the call; None: not known. All
            these tokens belong to one application, and OAuth has another one.
        granted: the channel that a consent made; a second consent may have made a second one.

    Raises:
        NeedsHuman: no channel can be written to, or several can and a person must choose.
    """
    writable = [channel for channel in channels if channel.writable]
    if made := [channel for channel in writable if channel.id == granted]:
        return made[0]
    if len(writable) > 1 and personal is not None:
        own = [
            channel
            for channel in writable
            if (channel.application_name == PERSONAL_APPLICATION) is personal
        ]
        if len(own) == 1:
            return own[0]
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
