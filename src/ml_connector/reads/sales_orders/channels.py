"""The channels of a ShipBob account: which there are, and which of them we may write to."""

import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.shipments import Order
from ml_connector.transport.call import Priority
from ml_connector.transport.spoiled import gather

_FRESH_SECONDS: Final = 3600.0

KeepChannels = Callable[[Collection[int]], Awaitable[None]]
"""Keeps the channels that ShipBob lists for the account."""


async def keep_nothing(_: Collection[int]) -> None:
    """Keep no channels."""


class ChannelReads:
    """The channels of one account.

    Args:
        shipbob: the client of the account.
        known: all that ShipBob lists for the account; None: it is asked when it matters.
        keep: keeps all that ShipBob lists, where that has changed.
    """

    def __init__(
        self, shipbob: ShipBob, known: Collection[int] | None, keep: KeepChannels
    ) -> None:
        self._shipbob = shipbob
        self._channels = None if known is None else frozenset(known)
        self._keep = keep
        self._fresh_until = -1.0
        self._seen: set[int] = set()

    @property
    def is_one(self) -> bool:
        """Whether the account is known to have one channel only."""
        known = self._channels
        return known is not None and len(known | self._seen) == 1

    def see(self, order: Order) -> None:
        """Note the channel that an order shows: it may be one that was made since."""
        if order.channel is not None:
            self._seen.add(order.channel.id)

    async def takes_marks(self, order: Order) -> bool:
        """Whether we may mark an order's shipments: our application writes to its own channels.

        Source: shipbob.md section 3.3. An order without a channel is marked.

        Raises:
            Unreadable: the row of the order's channel, or that of ours, can't be read.
        """
        if order.channel is None:
            return True
        try:
            own = await self._shipbob.channel_id()
        except NeedsHuman:
            return False  # it is not known to which one; ping says so
        if order.channel.id == own:
            return True
        listed = await self._shipbob.known_channels()
        ours, its = listed.find(own), listed.find(order.channel.id)
        return (
            ours is not None
            and its is not None
            and its.application_name == ours.application_name
            and "orders_write" in its.scopes
        )

    async def look(self) -> None:
        """Ask ShipBob for the account's channels, as bulk work, once an hour.

        A shop that was connected since is known then before any order of it was read. Where the
        credentials may not see channels, what is known stays: ping says so.
        """
        now = time.monotonic()
        if now < self._fresh_until:
            return
        try:
            found = await self._shipbob.listed_channels(priority=Priority.BULK)
        except NeedsHuman:
            return
        gather(found.odd)
        # One whose row does not even show its id may be any that was known.
        listed = found.ids | (self._channels or frozenset()) if found.odd else found.ids
        self._fresh_until = now + _FRESH_SECONDS
        if listed != self._channels:
            self._channels = listed
            await self._keep(listed)

    async def listed(self) -> Collection[int]:
        """Return the account's channels, also one that was made since the connection was applied.

        An order shows a new one as soon as it is read.
        """
        if self._channels is None:
            self._channels = (await self._shipbob.known_channels()).ids
        return self._channels | self._seen
