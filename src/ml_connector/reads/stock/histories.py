"""Reads what both systems and our journal tell of the movements of some items.

Only things whose stock differs are looked into, and not too many of them at a time.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from ml_connector.ledger.sources import stock_posted
from ml_connector.ledger.sources.stock_posted import KnownSources, PostedStock
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import items as item_queries
from ml_connector.netsuite.queries import month
from ml_connector.netsuite.queries.month import StockLine
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.inventory_history import StockMovement
from ml_connector.storage.database import Database
from ml_connector.words import OUR_EXTERNAL_IDS

_TAG: Final = re.compile(rf"\[({OUR_EXTERNAL_IDS}[^\]\s]+)\]")

MOST_ITEMS: Final = 50
"""So many things are looked into at a time, at most."""

MOST_LINES: Final = 20_000
"""More lines than this, of all of them together, are not looked through."""


class MovementAt(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of ShipBob's, with NetSuite's location of the center."""

    location: str
    movement: StockMovement


class ItemHistories(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of the movements of some items, from a day on.

    Attributes:
        first: the first day.
        netsuite: lines of all documents that move them, also of those of ours that carry an
            earlier date by now.
        shipbob: movements at the mapped centers.
        posted: by our journal.
        sources: those that the movements name, as far as the inbox knows them.
        standing: our documents that NetSuite has, whatever they hold.
        in_kits: items that are members of kits.
        known_tags: external ids that these lines carry and a posting of ours has, done or not.
        too_many: whether there was more than is looked through; then nothing else is here.
    """

    first: date
    netsuite: Sequence[StockLine] = ()
    shipbob: Sequence[MovementAt] = ()
    posted: Sequence[PostedStock] = ()
    sources: KnownSources = KnownSources()
    standing: frozenset[str] = frozenset()
    in_kits: frozenset[str] = frozenset()
    known_tags: frozenset[str] = frozenset()
    too_many: bool = False


class StockHistoryReads:
    """Reads the histories of items, for one connection.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
        database: the ledger.
        connection: its name.
        locations: fulfillment center id to NetSuite location id.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        netsuite: NetSuite,
        database: Database,
        connection: str,
        *,
        locations: Mapping[str, str],
    ) -> None:
        self._shipbob = shipbob
        self._netsuite = netsuite
        self._database = database
        self._connection = connection
        self._locations = locations

    async def of_items(
        self,
        items: Collection[str],
        inventory_ids: Collection[int],
        *,
        since: datetime,
        until: datetime,
        first: date,
    ) -> ItemHistories:
        """Return what is told of some items.

        Args:
            items: NetSuite's internal ids, at most 50.
            inventory_ids: ShipBob's ids of the same things.
            since: from when on movements at ShipBob are read.
            until: up to when.
            first: the day of ``since``, in the merchant's time zone.

        Raises:
            ConnectorError: one of the systems can't be read.
        """
        lines: list[StockLine] = []
        async for page in month.of_items(self._netsuite.query, sorted(items), first):
            lines += page
            if len(lines) > MOST_LINES:
                return ItemHistories(first=first, too_many=True)
        moved = await self._moved(inventory_ids, since, until)
        async with self._database.transaction() as on:
            posted = await stock_posted.posted_of_items(on, self._connection, items, first)
            named = {name for one in moved if (name := source_name(one.movement))}
            known = await stock_posted.sources(on, self._connection, named)
            tags = await stock_posted.known_tags(on, self._connection, set(map(tag_of, lines)))
        missing = {one.document for one in posted if one.document and one.day >= first}
        missing -= {line.id for line in lines}
        there = await month.stock_of(self._netsuite.query, ids=sorted(missing)) if missing else []
        return ItemHistories(
            first=first,
            netsuite=[*lines, *(line for line in there if line.item in items)],
            shipbob=moved,
            posted=posted,
            sources=known,
            standing=frozenset(line.id for line in (*lines, *there)),
            known_tags=tags,
            in_kits=await self._in_kits(items),
        )

    async def _moved(
        self, inventory_ids: Collection[int], since: datetime, until: datetime
    ) -> list[MovementAt]:
        return [
            MovementAt(location=location, movement=one)
            for center, location in sorted(self._locations.items())
            async for one in self._shipbob.history.of_items(
                int(center), inventory_ids, since=since, until=until + timedelta(seconds=1)
            )
            if since <= one.event_datetime
        ]

    async def _in_kits(self, items: Collection[str]) -> frozenset[str]:
        try:
            return await item_queries.in_kits(self._netsuite.query, sorted(items))
        except UnknownIdentifier:
            return frozenset()


def tag_of(line: StockLine) -> str:
    """Return the external id like ours that a document carries, itself or in its memo."""
    if (line.externalid or "").startswith(OUR_EXTERNAL_IDS):
        return line.externalid or ""
    found = _TAG.search(line.memo or "")
    return found[1] if found else ""


def source_of(movement: StockMovement) -> str | None:
    """Return flow and key of the WRO or return that a movement names; None when it names none.

    How ShipBob calls them is not documented ("WRO id etc.", shipbob.md section 9.3; SB-032).
    """
    for note in movement.additional_reference:
        key, value = note.key.lower(), note.value.strip()
        if value.isascii() and value.isdigit():
            if "wro" in key or "receiving" in key:
                return f"receiving {value}"
            if "return" in key:
                return f"returns {value}"
    return None


def source_name(movement: StockMovement) -> str:
    """Return the order, WRO or return that a movement names; empty when it names none."""
    if movement.shipbob_order_id:
        return f"order {movement.shipbob_order_id}"
    return source_of(movement) or ""
