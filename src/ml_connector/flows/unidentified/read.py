"""Reading unidentified receiving orders."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from ml_connector.engine.flow import SweepResult
from ml_connector.flows.unidentified.facts import UnidentifiedFacts
from ml_connector.reads.reads import Reads


async def read(key: str, reads: Reads) -> UnidentifiedFacts:
    """Read one unidentified receiving order."""
    uro = await reads.unidentified.get(int(key))
    if uro is None:
        return UnidentifiedFacts(uro_id=int(key), there=False)
    return UnidentifiedFacts(
        uro_id=uro.id,
        there=True,
        reason=uro.reason or "",
        comment=uro.comment or "",
        barcode=uro.barcode or "",
        tracking=uro.tracking_barcode or "",
        found_at=uro.created_date,
        linked_wro_id=uro.linked_wro_id or None,
    )


async def sweep(reads: Reads, since: datetime, _: Collection[str]) -> AsyncIterator[SweepResult]:
    """Yield all that are not completed, however old they are."""
    del since
    async for uro in reads.unidentified.open():
        yield SweepResult(key=str(uro.id), version=f"{uro.linked_wro_id or 0}")
