"""ShipBob's side of a month, as far as it is not stored yet.

Facts that our runs have seen are stored with the runs for ever; ShipBob's own lists forget. So
only facts that the lists still hold, and that no run has seen in this state, are read here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.errors import NeedsData, Unreadable
from ml_connector.ledger.postings.documents import SourceLine
from ml_connector.reads.reads import Reads
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.stored.rows import LiveLine
from ml_connector.transport.spoiled import SpoiledRow, gathering

LOOKS_BACK: Final = timedelta(days=45)
"""How long before the month a source may have been made whose facts lie in the month."""

_BATCH: Final = 200

News = Callable[[Flow, Sequence[SweepResult]], Awaitable[Sequence[SweepResult]]]
"""Returns the subjects whose present state our inbox has not been told of."""

Known = Callable[[Flow], Awaitable[Collection[str]]]
"""Returns the keys of a flow's subjects that once led to a document."""


Unread = Callable[[Flow, Collection[str]], Awaitable[Collection[str]]]
"""Returns, of subjects that can't be read, those of which no run has seen a line."""

CAN_NOT_BE_READ: Final = "what can't be read"
"""The name of the line that stands for a source of which nothing is known."""


async def news(
    flow: Flow,
    reads: Reads,
    settings: ConnectionSettings,
    month: Month,
    *,
    since: datetime,
    known: Known,
    unheard: News,
    unread: Unread,
    nameless: list[SpoiledRow],
) -> AsyncIterator[list[LiveLine]]:
    """Yield the lines of a flow's sources that no run has seen as ShipBob has them now.

    Args:
        flow: looked through by its own net.
        reads: of the connection.
        settings: of the connection.
        month: lines of other months are left out, and those before the start date.
        since: how far back the sweep looks.
        known: gives the sweep the keys that it asks for.
        unheard: picks those of the swept subjects whose lines are read.
        unread: picks those of the unreadable subjects that are shown by a line without units.
        nameless: takes the rows that can't be read and don't say which subject they are of.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    spoiled: list[SpoiledRow] = []
    batch: list[SweepResult] = []
    looked_at: set[str] = set()
    # Shown in each month until it has a date.
    undated = max(settings.start_date or month.first, month.first)

    async def lines_of(key: str) -> list[LiveLine]:
        try:
            facts = await flow.read(key, reads)
        except NeedsData:
            return []  # it has gone since it was listed
        except Unreadable:
            return await nothing_of([key])
        return _lines_of(flow, key, flow.source_lines(facts, settings), month, undated)

    async def nothing_of(keys: Collection[str]) -> list[LiveLine]:
        return [_unreadable_line(flow, key, undated) for key in await unread(flow, keys)]

    async def read() -> list[LiveLine]:
        # At once: those of a crowd share calls, and one after the other each waits for a crowd.
        # Once, though several lists of a net show it.
        told = {seen.key: None for seen in await unheard(flow, batch)}
        keys = [key for key in told if key not in looked_at]
        looked_at.update(keys)
        with gathering(None):
            found = await asyncio.gather(*map(lines_of, keys), return_exceptions=True)
        batch.clear()
        return _together(found)

    async for seen in _swept(flow.widest_sweep(reads, since, await known(flow)), spoiled):
        batch.append(seen)
        if len(batch) >= _BATCH:
            yield await read()
    yield await read()
    if spoiled:
        yield await nothing_of(_keys_of(flow, spoiled, nameless))


def _together(found: Sequence[list[LiveLine] | BaseException]) -> list[LiveLine]:
    """Return the lines of all sources; raise what one of them could not be read for."""
    lines: list[LiveLine] = []
    for one in found:
        if isinstance(one, BaseException):
            raise one
        lines += one
    return lines


def _lines_of(
    flow: Flow, key: str, lines: Sequence[SourceLine], month: Month, undated: date
) -> list[LiveLine]:
    """Return the lines of one source that lie in the month, from the start date on."""
    return [
        LiveLine(
            flow=flow.name,
            key=key,
            name=line.source_line,
            currency="" if line.amount is None else line.currency or "?",
            fact_date=day,
            sku=line.sku,
            quantity=line.quantity,
            amount=line.amount,
            center=line.center,
        )
        for line in lines
        if (day := line.fact_date or undated) in month and day >= undated
    ]


def _unreadable_line(flow: Flow, key: str, day: date) -> LiveLine:
    return LiveLine(
        flow=flow.name,
        key=key,
        name=CAN_NOT_BE_READ,
        currency="",
        fact_date=day,
        sku=None,
        quantity=None,
        amount=None,
    )


async def _swept(
    source: AsyncIterator[SweepResult], spoiled: list[SpoiledRow]
) -> AsyncIterator[SweepResult]:
    """Yield what a net catches; rows that can't be read are gathered."""
    while True:
        with gathering(spoiled):
            seen = await anext(source, None)
        if seen is None:
            return
        yield seen


def _keys_of(flow: Flow, rows: Sequence[SpoiledRow], nameless: list[SpoiledRow]) -> set[str]:
    """Return which subjects rows are of that can't be read; ``nameless`` takes those of none."""
    keys = [(row, flow.spoils(row)) for row in rows]
    nameless += [row for row, key in keys if key is None]
    return {key for _, key in keys if key is not None}
