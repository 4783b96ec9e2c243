"""ShipBob as a target: what is written there, and what is there already."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ml_connector.engine.settle.target import Written
from ml_connector.errors import AlreadyExists, NeedsData, NeedsHuman
from ml_connector.ledger.postings.documents import (
    CancelWro,
    CreateProduct,
    CreateWro,
    Document,
    MarkTrackingUploaded,
    MarkWroSynced,
)
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import (
    ExternalSyncResult,
    NewProduct,
    NewVariant,
    NewWro,
    Wro,
    decode,
)
from ml_connector.shipbob.resources.shipments import UploadResult
from ml_connector.transport.batch import Batch
from ml_connector.words import Cause

_MOST_MARKED: Final = 100

# A mark is the last thing of a run, and nothing waits for it: while there are many, ShipBob's
# calls of the minute (shipbob.md section 4) are left to the reads.
_APART_SECONDS: Final = 1.25


class ShipBobTarget:
    """Writes documents into one ShipBob account."""

    def __init__(self, shipbob: ShipBob) -> None:
        self._shipbob = shipbob
        self._uploaded: Batch[int, UploadResult] = Batch(
            self._mark_uploaded, most=_MOST_MARKED, apart_seconds=_APART_SECONDS
        )
        self._synced: Batch[int, ExternalSyncResult] = Batch(
            self._mark_synced, most=_MOST_MARKED, apart_seconds=_APART_SECONDS
        )

    async def write(self, document: Document, *, send_by: float) -> Written:
        """Write what the document says. Raises as ``DocumentTarget.write`` does.

        ShipBob makes nothing unique about a WRO, so it is looked for before it is made
        (shipbob.md section 8).
        """
        match document.request:
            case MarkWroSynced(wro_id=wro_id):
                return await self._mark_booked(wro_id)
            case MarkTrackingUploaded(shipment_id=shipment_id):
                return await self._mark_taken_over(shipment_id)
            case CancelWro(wro_id=wro_id):
                cancelled = await self._shipbob.cancel_wro(wro_id, send_by=send_by)
                return Written(remote_id=str(wro_id), answer={"status": cancelled.status})
            case CreateWro(number=number, body=body):
                if await self.find(document) is not None:
                    raise AlreadyExists(
                        f"ShipBob has a WRO {number} already", cause=Cause.POSTED_DOCUMENT_DIFFERS
                    )
                made = await self._shipbob.create_wro(decode(body, NewWro), send_by=send_by)
                return Written(remote_id=str(made.id), answer={"status": made.status})
            case CreateProduct(sku=sku, name=name):
                if await self.find(document) is not None:
                    raise AlreadyExists(
                        f"ShipBob has a product {sku} already",
                        cause=Cause.POSTED_DOCUMENT_DIFFERS,
                    )
                new = NewProduct(name=name, variants=(NewVariant(name=name, sku=sku),))
                product = await self._shipbob.create_product(new, send_by=send_by)
                return Written(remote_id=str(product.id), answer={"sku": sku})
            case other:
                raise TypeError(f"ShipBob has no {type(other).__name__}")

    async def find(self, document: Document) -> Written | None:
        """Look a WRO up by its number, a product by its SKU; both compared exactly.

        A WRO that was cancelled does not count.
        """
        match document.request:
            case CreateWro(number=number, body=body):
                return await self._find_wro(number, decode(body, NewWro))
            case CreateProduct(sku=sku):
                return await self._find_product(sku)
            case _:
                return None

    async def _find_wro(self, number: str, meant: NewWro) -> Written | None:
        found = [
            wro
            async for wro in self._shipbob.wros(purchase_order_numbers=[number])
            if wro.status != "Cancelled"
        ]
        if not found:
            return None
        return Written(
            remote_id=str(found[0].id),
            answer={"status": found[0].status},
            differs=_differs(meant, found),
        )

    async def _find_product(self, sku: str) -> Written | None:
        async for product in self._shipbob.products(skus=[sku]):
            if any(variant.sku == sku for variant in product.variants):
                return Written(remote_id=str(product.id), answer={"sku": sku})
        return None

    def repeatable(self, document: Document) -> bool:
        """Marks and cancellations are naturally idempotent (shipbob.md section 8)."""
        return isinstance(document.request, MarkWroSynced | MarkTrackingUploaded | CancelWro)

    def shared(self, document: Document) -> bool:
        """Marks: many ids in one call (shipbob.md sections 9.4 and 9.5)."""
        return isinstance(document.request, MarkWroSynced | MarkTrackingUploaded)

    async def _mark_taken_over(self, shipment_id: int) -> Written:
        """Mark one shipment, in one call with the others that are marked just now.

        Whenever such a call goes out, or how often, it changes nothing more than once.
        """
        result = await self._uploaded.get(shipment_id)
        if result is None:
            [result] = await self._shipbob.shipments.mark_uploaded([shipment_id])
        if not result.is_success:
            said = f"{result.error.code} {result.error.message}" if result.error else ""
            raise NeedsHuman(
                f"ShipBob did not mark shipment {shipment_id} as taken over: {said[:200]}",
                cause=Cause.REFUSED_BY_SHIPBOB,
                remedy="NetSuite has its tracking. See why at ShipBob, then replay.",
            )
        return Written(remote_id=str(shipment_id), answer={"marked": True})

    async def _mark_uploaded(self, shipment_ids: Sequence[int]) -> Mapping[int, UploadResult]:
        try:
            results = await self._shipbob.shipments.mark_uploaded(shipment_ids)
        except (NeedsData, NeedsHuman):
            if len(shipment_ids) == 1:
                raise
            return {}  # one of them is refused: each is asked for alone
        return {result.shipment_id: result for result in results}

    async def _mark_booked(self, wro_id: int) -> Written:
        """Mark one WRO, in one call with the others that are marked just now."""
        result = await self._synced.get(wro_id)
        if result is None:
            [result] = await self._shipbob.set_external_sync([wro_id], synced=True)
        if not result.is_success:
            raise NeedsHuman(
                f"ShipBob did not mark WRO {wro_id} as booked: {result.reason[:200]}",
                cause=Cause.REFUSED_BY_SHIPBOB,
                remedy="The stock is booked. See why at ShipBob, then replay.",
            )
        return Written(remote_id=str(wro_id), answer={"marked": True})

    async def _mark_synced(self, wro_ids: Sequence[int]) -> Mapping[int, ExternalSyncResult]:
        """Leave out which ones an answer about several does not say to be marked."""
        try:
            results = await self._shipbob.set_external_sync(wro_ids, synced=True)
        except (NeedsData, NeedsHuman):
            if len(wro_ids) == 1:
                raise
            return {}  # one of them is refused: each is asked for alone
        return {one.id: one for one in results if one.is_success or len(wro_ids) == 1}


def _differs(meant: NewWro, found: list[Wro]) -> str:
    if len(found) > 1:
        return f"ShipBob has {len(found)} WROs with this number: {_ids(found)}"
    expected: dict[int | None, int] = defaultdict(int)
    for box in meant.boxes:
        for item in box.box_items:
            expected[item.inventory_id] += item.quantity
    announced = {
        line.inventory_id: line.expected_quantity for line in found[0].inventory_quantities
    }
    return "" if announced == dict(expected) else "it announces other quantities"


def _ids(wros: Iterable[Wro]) -> str:
    return ", ".join(str(wro.id) for wro in wros)
