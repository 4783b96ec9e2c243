"""The net of unidentified stock: all orders that ShipBob does not show as completed.

However old they are (shipbob.md section 9.4), so it needs neither dates nor webhooks. One that was
linked to a WRO is told of once more, and its WRO is receiving's.
"""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from ml_connector.engine.flow import SweepResult
from ml_connector.reads.reads import Reads


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield all that are not completed, however old they are."""
    del since
    async for uro in reads.unidentified.open():
        yield SweepResult(key=str(uro.id), version=f"{uro.linked_wro_id or 0}")
