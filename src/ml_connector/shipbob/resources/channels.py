"""The channels of a merchant, and the one to write to (ShipBob reference, section 3.3)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.filters import LARGE_PAGE
from ml_connector.shipbob.paging import Style
from ml_connector.shipbob.payloads import Channel
from ml_connector.shipbob.session import Request, ShipBobSession
from ml_connector.transport.call import Priority
from ml_connector.transport.spoiled import SpoiledRow, gathering, unreadable
from ml_connector.words import Cause

_ODD_FRESH_SECONDS: Final = 30.0
"""How long it is kept that a row can't be read: it is put right while people wait."""

PERSONAL_APPLICATION: Final = "SMA"
"""The application that the first personal access token of an account makes (section 3.1)."""


class ListedChannels(NamedTuple):
    """The channels that ShipBob lists.

    Attributes:
        readable: those that can be read.
        odd: rows of others.
    """

    readable: Sequence[Channel]
    odd: Sequence[SpoiledRow] = ()

    @property
    def ids(self) -> frozenset[int]:
        """The ids of all, also of those of which nothing else can be read."""
        return frozenset([one.id for one in self.readable] + list(self._odd_by_id))

    def find(self, channel_id: int) -> Channel | None:
        """Return a channel; None when ShipBob does not list it.

        Raises:
            Unreadable: its row can't be read, or one that may be its row.
        """
        for one in self.readable:
            if one.id == channel_id:
                return one
        by_id = self._odd_by_id
        nameless = [one for one in self.odd if one not in by_id.values()]
        if theirs := [by_id[channel_id]] if channel_id in by_id else nameless:
            raise unreadable("ShipBob", [one.sentence for one in theirs])
        return None

    def own(self, *, personal: bool | None = None, granted: int | None = None) -> Channel:
        """Return the channel to write to, see ``own_channel``.

        Where a row can't be read, it is the one that a consent made, or that of the application
        of personal access tokens: any other might be somebody else's.

        Raises:
            NeedsHuman: as ``own_channel`` says.
            Unreadable: it can't be told, since a row can't be read.
        """
        if not self.odd:
            return own_channel(self.readable, personal=personal, granted=granted)
        writable = [one for one in self.readable if one.writable]
        made = [one for one in writable if one.id == granted]
        own = [
            one for one in writable if personal and one.application_name == PERSONAL_APPLICATION
        ]
        if len(certain := made or own) != 1:
            raise unreadable("ShipBob", [one.sentence for one in self.odd])
        return certain[0]

    @property
    def _odd_by_id(self) -> dict[int, SpoiledRow]:
        named = ((one.ids.get("id", ""), one) for one in self.odd)
        return {int(given): one for given, one in named if given.isdecimal()}


class ChannelCalls:
    """The calls about channels, of one connection.

    Args:
        session: sends the calls.
        own: the channel to write to, where it is configured.
        granted: returns the channel that a consent made, where that is known.
    """

    def __init__(
        self,
        session: ShipBobSession,
        own: int | None,
        granted: Callable[[], Awaitable[int | None]] | None,
    ) -> None:
        self._session = session
        self._own = own
        self._granted = granted
        self._known: ListedChannels | None = None
        self._odd_until = 0.0
        self._looking_up = asyncio.Lock()

    async def every(self, priority: Priority) -> list[Channel]:
        """Return all channels of the merchant (section 3.3, GET /channel)."""
        request = Request(
            operation="channel.list",
            doing="reading the channels",
            path="/channel",
            scope="channels_read",
            query={"RecordsPerPage": LARGE_PAGE},
            priority=priority,
        )
        pages = self._session.every(request, Channel, lambda row: row.id, style=Style.CURSOR)
        return [channel async for channel in pages]

    async def listed(self, priority: Priority = Priority.LIVE) -> ListedChannels:
        """Return all channels, each as far as its row can be read."""
        odd: list[SpoiledRow] = []
        with gathering(odd):
            return ListedChannels(await self.every(priority), odd)

    async def own_id(self) -> int:
        """Return the channel to write to; unless it is configured, it is looked up once.

        Raises:
            NeedsHuman: as ``ListedChannels.own`` says.
        """
        async with self._looking_up:  # many ask at once when a push begins
            if self._own is None:
                personal = await self._session.is_personal()
                granted = await self._granted() if self._granted and not personal else None
                self._known = await self.listed()
                self._own = self._known.own(personal=personal, granted=granted).id
            return self._own

    async def known(self) -> ListedChannels:
        """Return all channels as they were when they were first asked for.

        The channel to write to is looked up in the same call, where it is not configured. While
        a row can't be read they are asked for again, now and then.
        """
        if self._known is None:
            await self.own_id()
        async with self._looking_up:
            known = self._known
            if known is None or (known.odd and time.monotonic() > self._odd_until):
                known = self._known = await self.listed()
                self._odd_until = time.monotonic() + _ODD_FRESH_SECONDS
            return known


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
