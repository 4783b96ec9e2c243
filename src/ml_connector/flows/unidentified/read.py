"""Reading unidentified receiving orders."""

from ml_connector.flows.unidentified.facts import UnidentifiedFacts
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import read_decided


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
        decisions=await read_decided("unidentified", key, reads),
    )
