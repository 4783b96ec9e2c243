"""ShipBob's side of a month, as far as it is not stored yet.

Facts that our runs have seen are stored with the runs for ever; ShipBob's own lists forget. So
only facts that the lists still hold, and that no run has seen in this state, are read here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.errors import NeedsData
from ml_connector.reads.reads import Reads
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.stored.rows import LiveLine

LOOKS_BACK: Final = timedelta(days=45)
"""How long before the month a source may have been made whose facts lie in the month."""

_BATCH: Final = 200

News = Callable[[Flow, Sequence[SweepResult]], Awaitable[Sequence[SweepResult]]]
"""Returns the subjects whose present state our inbox has not been told of."""

Known = Callable[[Flow], Awaitable[Collection[str]]]
"""Returns the keys of a flow's subjects that once led to a document."""


async def news(
    flow: Flow,
    reads: Reads,
    settings: ConnectionSettings,
    month: Month,
    *,
    since: datetime,
    known: Known,
    unheard: News,
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

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    batch: list[SweepResult] = []
    start = settings.start_date or month.first
    undated = max(start, month.first)  # shown in each month until it has a date

    async def lines_of(key: str) -> list[LiveLine]:
        try:
            facts = await flow.read(key, reads)
        except NeedsData:
            return []  # it has gone since it was listed
        return [
            LiveLine(
                flow=flow.name,
                key=key,
                name=line.source_line,
                currency="" if line.amount is None else line.currency or "?",
                fact_date=line.fact_date or undated,
                sku=line.sku,
                quantity=line.quantity,
                amount=line.amount,
            )
            for line in flow.source_lines(facts, settings)
            if (day := line.fact_date or undated) in month and day >= start
        ]

    async def read() -> list[LiveLine]:
        # At once: those of a crowd share calls, and one after the other each waits for a crowd.
        keys = [seen.key for seen in await unheard(flow, batch)]
        found = await asyncio.gather(*map(lines_of, keys), return_exceptions=True)
        batch.clear()
        lines: list[LiveLine] = []
        for one in found:
            if isinstance(one, BaseException):
                raise one
            lines += one
        return lines

    async for seen in flow.widest_sweep(reads, since, await known(flow)):
        batch.append(seen)
        if len(batch) >= _BATCH:
            yield await read()
    yield await read()
