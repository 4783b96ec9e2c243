"""Reads about stock: what lies where in both systems, and what may explain a difference.

All locations are read together: subjects of one connection that ask at the same time share one
reading, and none gets a reading that began before it asked.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.ledger.inbox import outcomes
from ml_connector.ledger.sources import stock as kept_stock
from ml_connector.ledger.sources.stock import Known, OpenLine
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import month, stock
from ml_connector.netsuite.queries.month import StockLine
from ml_connector.netsuite.queries.stock import OnHand
from ml_connector.reads.stock.histories import StockHistoryReads, source_of
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.shipbob.resources.stock import StockLevel
from ml_connector.storage.database import Database
from ml_connector.transport.spoiled import SpoiledRow, gathering

MOVING: Final = timedelta(minutes=15)
"""How long a movement at ShipBob may be on its way to us: a webhook has further attempts."""

LAGS: Final = timedelta(minutes=2)
"""How long a posting of ours may show in one system only: ShipBob's levels lag about a minute
behind orders (shipbob.md section 9.3)."""

# How long the first subject that asks waits for others to share its reading.
_GATHER_SECONDS: Final = 0.2
MOST_LOOKED_INTO: Final = 500
"""How many things at a location are looked into at a time."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What both systems said they have, at all mapped locations.

    Attributes:
        taken_at: when reading began.
        spoiled: the rows of either that can't be read.
    """

    taken_at: datetime
    shipbob: Sequence[StockLevel]
    netsuite: Sequence[OnHand]
    spoiled: Sequence[SpoiledRow] = ()


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the ledger knows of stock on which the two systems need not agree.

    Attributes:
        open: what moved at ShipBob alone.
        moved: units that we moved lately, in order, by item and location.
    """

    open: Sequence[OpenLine] = ()
    moved: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Movements of some items at one location, besides those that we posted.

    Attributes:
        netsuite: lines of everybody else's documents.
        shipbob: movements at the location's fulfillment centers.
        known: the sources that these movements name, as far as the inbox knows them.
        unread: why one of the sides could not be looked into; empty when both were.
    """

    netsuite: Sequence[StockLine] = ()
    shipbob: Sequence[StockMovement] = ()
    known: Known = field(default_factory=Known)
    unread: str = ""


def _present() -> datetime:
    return datetime.now(UTC)


class StockReads:
    """Reads stock, for one connection.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
        database: the ledger.
        connection: its name.
        locations: fulfillment center id to NetSuite location id.
        quarantine: NetSuite's location for units that can't be sold; None: none.
        zone: the merchant's.
        now: the present, aware.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        netsuite: NetSuite,
        database: Database,
        connection: str,
        *,
        locations: Mapping[str, str],
        quarantine: str | None,
        zone: ZoneInfo,
        now: Callable[[], datetime] = _present,
    ) -> None:
        self._shipbob = shipbob
        self._netsuite = netsuite
        self._database = database
        self._connection = connection
        self.zone = zone
        self._now = now
        self.locations = locations
        self.quarantine = quarantine
        self.histories = StockHistoryReads(
            shipbob, netsuite, database, connection, locations=locations
        )
        self._lock = asyncio.Lock()
        self._kept: tuple[float, Snapshot] | None = None

    async def left_over(self) -> list[str]:
        """Return the locations whose last comparison ended in a difference."""
        return await outcomes.keys_not_done(self._database, self._connection, "inventory")

    async def snapshot(self) -> Snapshot:
        """Return what both systems have now."""
        asked = time.monotonic()
        async with self._lock:
            if self._kept is None or self._kept[0] < asked:
                await asyncio.sleep(_GATHER_SECONDS)
                began = time.monotonic()
                self._kept = (began, await self._take())
            return self._kept[1]

    async def _take(self) -> Snapshot:
        taken_at = self._now()
        wanted = {*self.locations.values(), *([self.quarantine] if self.quarantine else [])}
        spoiled: list[SpoiledRow] = []
        with gathering(spoiled):
            shipbob = [level async for level in self._shipbob.stock.levels()]
            netsuite = [
                row
                async for page in stock.on_hand(self._netsuite.query, sorted(wanted))
                for row in page
            ]
        return Snapshot(
            taken_at=taken_at, shipbob=shipbob, netsuite=netsuite, spoiled=tuple(spoiled)
        )

    async def expected(self, snapshot: Snapshot) -> Expected:
        """Return what the ledger knows; to be asked after the snapshot was taken."""
        async with self._database.transaction() as connection:
            return Expected(
                open=await kept_stock.open_lines(connection, self._connection),
                moved=await kept_stock.moved_since(
                    connection, self._connection, snapshot.taken_at - LAGS
                ),
            )

    async def trail(
        self,
        location: str,
        *,
        items: Collection[str],
        inventory_ids: Collection[int],
        since: datetime,
    ) -> Trail:
        """Return what moved these items at a location since a moment, for at most 500 of them.

        Args:
            location: NetSuite's internal id.
            items: NetSuite's internal ids.
            inventory_ids: ShipBob's ids of the same things.
            since: aware.
        """
        unread: list[str] = []
        moved: list[StockMovement] = []
        others: list[StockLine] = []
        # A side that can't be read leaves a difference without its cause, and hides none.
        try:
            moved = await self._moved(location, sorted(inventory_ids)[:MOST_LOOKED_INTO], since)
        except (NeedsData, NeedsHuman) as error:
            unread.append(str(error))
        try:
            others = await self._others(location, sorted(items)[:MOST_LOOKED_INTO], since)
        except NeedsHuman as error:
            unread.append(str(error))
        async with self._database.transaction() as connection:
            known = await kept_stock.known(
                connection,
                self._connection,
                {source for one in moved if (source := source_of(one)) is not None},
                {str(one.shipbob_order_id) for one in moved if one.shipbob_order_id},
            )
        return Trail(netsuite=others, shipbob=moved, known=known, unread="; ".join(unread))

    async def _moved(
        self, location: str, inventory_ids: Sequence[int], since: datetime
    ) -> list[StockMovement]:
        until = self._now() + timedelta(seconds=1)
        return [
            movement
            for center, place in self.locations.items()
            if place == location
            async for movement in self._shipbob.history.of_items(
                int(center), inventory_ids, since=since, until=until
            )
        ]

    async def _others(
        self, location: str, items: Sequence[str], since: datetime
    ) -> list[StockLine]:
        first: date = since.astimezone(self.zone).date()
        found = [
            line
            async for page in month.others_of_items(self._netsuite.query, items, location, first)
            for line in page
        ]
        async with self._database.transaction() as connection:
            ours = await kept_stock.ours(
                connection, self._connection, sorted({line.id for line in found})
            )
        return [line for line in found if line.id not in ours]
