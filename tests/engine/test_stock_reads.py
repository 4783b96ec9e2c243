"""Readings of stock are shared by those who ask together, and by nobody who asks later."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from zoneinfo import ZoneInfo

from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.stock.stock import StockReads
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.stock import StockLevel
from ml_connector.storage.database import Database


class Counted:
    """A ShipBob whose stock grows with every reading, and a NetSuite without any."""

    def __init__(self) -> None:
        self.readings = 0
        self.stock = self.query = self

    async def levels(self) -> AsyncIterator[StockLevel]:
        self.readings += 1
        await asyncio.sleep(0)
        yield StockLevel(inventory_id=self.readings)

    async def pages(self, *_: object, **__: object) -> AsyncIterator[list[Any]]:
        yield []


async def test_those_who_ask_together_share_a_reading_and_who_asks_later_gets_another() -> None:
    both = Counted()
    reads = StockReads(
        cast("ShipBob", both),
        cast("NetSuite", both),
        Database("postgresql://unused"),
        "acme",
        locations={"228": "6", "10": "7"},
        quarantine=None,
        zone=ZoneInfo("UTC"),
    )
    together = await asyncio.gather(reads.snapshot(), reads.snapshot())
    later = await reads.snapshot()

    assert [one.shipbob[0].inventory_id for one in (*together, later)] == [1, 1, 2]
