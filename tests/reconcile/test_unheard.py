"""What no run has seen yet is read from ShipBob for the month end."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import msgspec

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.errors import NeedsData
from ml_connector.flows import FLOWS
from ml_connector.reads.reads import Reads
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides import shipbob
from ml_connector.reconcile.stored.rows import LiveLine
from ml_connector.transport.spoiled import Spoiled, SpoiledRow
from ml_connector.words import Cause
from waiting import unless_it_hangs

SETTINGS: dict[str, Any] = {
    "name": "acme",
    "netsuite": {"account_id": "TSTDRV1234567", "client_id": "c", "certificate_id": "k"},
    "shipbob": {},
    "schedule": {"timezone": "America/Chicago"},
}


async def lines_of(flow: Flow, nameless: list[SpoiledRow]) -> list[list[LiveLine]]:
    """Return what a flow's sources say, when no event ever told of them."""

    async def known(_flow: Flow) -> Collection[str]:
        return ()

    async def unheard(_flow: Flow, seen: Sequence[SweepResult]) -> Sequence[SweepResult]:
        return list(seen)

    async def unread(_flow: Flow, keys: Collection[str]) -> Collection[str]:
        return keys

    return [
        lines
        async for lines in shipbob.news(
            flow,
            cast("Reads", None),
            ConnectionSettings.model_validate(SETTINGS),
            Month.of(date(2026, 11, 1)),
            since=datetime(2026, 11, 1, tzinfo=UTC),
            known=known,
            unheard=unheard,
            unread=unread,
            nameless=nameless,
        )
    ]


async def gone(_key: str, _reads: Reads) -> object:
    raise NeedsData("gone", cause=Cause.RECORD_NOT_FOUND, waiting_for=[], remedy="")


async def test_sources_are_read_at_once_so_that_they_share_calls() -> None:
    together = asyncio.Barrier(3)

    async def read(_key: str, _reads: Reads) -> object:
        await together.wait()
        raise NeedsData("gone", cause=Cause.RECORD_NOT_FOUND, waiting_for=[], remedy="")

    async def sweep(
        _reads: Reads, _since: datetime, _known: Collection[str]
    ) -> AsyncIterator[SweepResult]:
        for key in ("1", "2", "3"):
            yield SweepResult(key=key)

    flow = dataclasses.replace(FLOWS["receiving"], read=cast("Any", read), net=sweep)
    async with unless_it_hangs():
        found = await lines_of(flow, [])

    assert found == [[]]


async def test_a_source_that_several_lists_show_is_counted_once() -> None:
    asked: list[str] = []

    async def read(key: str, _reads: Reads) -> object:
        asked.append(key)
        return await gone(key, _reads)

    async def sweep(
        _reads: Reads, _since: datetime, _known: Collection[str]
    ) -> AsyncIterator[SweepResult]:
        for number in (*range(200), 7, 7):
            yield SweepResult(key=str(number))

    flow = dataclasses.replace(FLOWS["receiving"], read=cast("Any", read), net=sweep)
    await lines_of(flow, [])

    assert sorted(asked) == sorted(map(str, range(200)))


async def test_rows_that_name_no_subject_are_told_and_stop_nothing() -> None:
    odd = {"id": "x", "purchase_order_number": 7}
    nameless: list[SpoiledRow] = []

    async def sweep(
        _reads: Reads, _since: datetime, _known: Collection[str]
    ) -> AsyncIterator[SweepResult]:
        yield SweepResult(key="1")
        spoiled = Spoiled("ShipBob", "Wro", "listing WROs")
        spoiled.add(odd, msgspec.ValidationError("Expected `int`, got `str` - at `$.id`"))
        spoiled.tell()

    flow = dataclasses.replace(FLOWS["receiving"], read=cast("Any", gone), net=sweep)
    lines = await lines_of(flow, nameless)

    assert lines == [[], []]
    assert [one.sentence for one in nameless] == [
        "listing WROs, id x: Expected `int`, got `str` - at `$.id`"
    ]
