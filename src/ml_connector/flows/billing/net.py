"""The net of billing: which invoices its sweeps find.

All that ShipBob lists of the last 110 days (``engine.rounds``), payments too, whatever their type
and amount; and what was charged is pulled and kept on the way (shipbob.md section 9.7). An invoice
has no date of a change. Its version is made of its amount and of the lines that are kept of it, so
it runs again when either changes.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from ml_connector.engine.decided_sweep import decided_subjects
from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Pull what was charged; yield the invoices. The version changes with head and kept lines."""
    await reads.billing.pull(since)
    for kept in await reads.billing.invoices(since):
        yield SweepResult(key=str(kept.id), version=f"{kept.amount}:{kept.lines}:{kept.total}")
    async for resting in decided_subjects("billing", reads):
        yield resting
