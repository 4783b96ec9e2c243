"""ShipBob's books: what is written there, and what is there already."""

from ml_connector.engine.books import Written
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.documents import Document, MarkWroSynced
from ml_connector.shipbob.client import ShipBob
from ml_connector.words import Cause


class ShipBobBooks:
    """Writes documents into one ShipBob account."""

    def __init__(self, shipbob: ShipBob) -> None:
        self._shipbob = shipbob

    async def write(self, document: Document, *, send_by: float) -> Written:
        """Write what the document says. Raises as ``Books.write`` does."""
        match document.request:
            case MarkWroSynced(wro_id=wro_id):
                results = await self._shipbob.set_external_sync(
                    [wro_id], synced=True, send_by=send_by
                )
            case other:
                raise TypeError(f"ShipBob has no {type(other).__name__}")
        refused = [result for result in results if result.id == wro_id and not result.is_success]
        if refused:
            raise NeedsHuman(
                f"ShipBob did not mark WRO {wro_id} as booked: {refused[0].reason[:200]}",
                cause=Cause.REFUSED_BY_SHIPBOB,
                remedy="The stock is booked. See why at ShipBob, then replay.",
            )
        return Written(remote_id=str(wro_id), answer={"marked": True})

    async def find(self, document: Document) -> Written | None:
        """Nothing needs to be looked up: what is written here may be written again."""
        del document
        return None

    def repeatable(self, document: Document) -> bool:
        """Marks are naturally idempotent (shipbob.md section 8)."""
        return isinstance(document.request, MarkWroSynced)
