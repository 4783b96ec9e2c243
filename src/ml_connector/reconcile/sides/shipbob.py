"""ShipBob's side of a month, as ShipBob shows it now: what no run of ours has seen so.

What ShipBob told us is stored with the runs that saw it, for ever; ShipBob itself forgets.
So only what its lists still hold, and what we had not heard of, is read here.
"""

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
"""A source that was made so long before the month may still have its facts in it."""

_BATCH: Final = 200

News = Callable[[Flow, Sequence[SweepResult]], Awaitable[Sequence[SweepResult]]]
"""Returns those that our inbox has never heard of, or not since they changed."""

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
    """Yield the lines of a flow's sources that ShipBob has and no run has seen so.

    Args:
        flow: looked through by its own sweep.
        reads: of the connection.
        settings: of the connection.
        month: lines of other months are left out, and those before the start date.
        since: how far back the sweep looks.
        known: what the sweep is told.
        unheard: which of the swept are news.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    batch: list[SweepResult] = []
    start = settings.start_date or month.first

    async def read() -> list[LiveLine]:
        lines: list[LiveLine] = []
        for seen in await unheard(flow, batch):
            try:
                facts = await flow.read(seen.key, reads)
            except NeedsData:
                continue  # it has gone since it was listed
            lines += [
                LiveLine(
                    flow=flow.name,
                    key=seen.key,
                    name=line.source_line,
                    currency="" if line.amount is None else line.currency or "?",
                    fact_date=line.fact_date,
                    sku=line.sku,
                    quantity=line.quantity,
                    amount=line.amount,
                )
                for line in flow.source_lines(facts, settings)
                if line.fact_date in month and line.fact_date >= start
            ]
        batch.clear()
        return lines

    async for seen in flow.sweep(reads, since, await known(flow)):
        batch.append(seen)
        if len(batch) >= _BATCH:
            yield await read()
    yield await read()
