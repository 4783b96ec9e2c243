"""ShipBob as a target: what is written there, and what is there already."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import structlog

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
from ml_connector.reads.free_numbers import FreeNumbers
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.gathering import MARKS_APART_SECONDS
from ml_connector.shipbob.new_payloads import NewProduct, NewVariant, NewWro
from ml_connector.shipbob.payloads import ExternalSyncResult, Wro, decode
from ml_connector.shipbob.resources.shipments import UploadResult
from ml_connector.transport.batch import Batch
from ml_connector.transport.limits.turns import Turns
from ml_connector.words import Cause

_MOST_MARKED: Final = 100
_REFUSES_A_MARK: Final = frozenset(
    {Cause.REFUSED_BY_SHIPBOB, Cause.PERMISSION_MISSING, Cause.RECORD_NOT_FOUND}
)

_log = structlog.get_logger("settle")


TakeTurn = Callable[[Turns], Awaitable[None]]
"""Waits for one turn under the limit of the account's calls, and adds it."""

WrittenElsewhere = Callable[[str, str], Awaitable[bool]]
"""Whether any process wrote a WRO under a number lately, but for the one with an external id."""

MadeForOthers = Callable[[Sequence[str], str], Awaitable[Collection[str]]]
"""Returns the WROs of these that our books know to be another document than the one with an
external id."""


async def _none_for_others(_: Sequence[str], __: str) -> Collection[str]:
    return ()


class ShipBobTarget:
    """Writes documents into one ShipBob account.

    Args:
        shipbob: the client.
        free_numbers: what those who plan WROs have looked up.
        take_turn: takes a call's turn ahead; None: every call waits for its own.
        written_elsewhere: looks whether a WRO was made under a number lately.
        made_for_others: looks which WROs are of other orders, whatever their number says.
    """

    def __init__(
        self,
        shipbob: ShipBob,
        *,
        free_numbers: FreeNumbers | None = None,
        take_turn: TakeTurn | None = None,
        written_elsewhere: WrittenElsewhere | None = None,
        made_for_others: MadeForOthers = _none_for_others,
    ) -> None:
        self._shipbob = shipbob
        self._free_numbers = free_numbers or FreeNumbers()
        self._take_turn = take_turn
        self._written_elsewhere = written_elsewhere
        self._made_for_others = made_for_others
        self._uploaded: Batch[int, UploadResult] = Batch(
            self._mark_uploaded, most=_MOST_MARKED, apart_seconds=MARKS_APART_SECONDS
        )
        self._synced: Batch[int, ExternalSyncResult] = Batch(
            self._mark_synced, most=_MOST_MARKED, apart_seconds=MARKS_APART_SECONDS
        )

    async def take_turns(self, document: Document) -> Turns:
        """Take the turns of the look-up, if one is needed, and of the write; know the channel."""
        turns = Turns()
        if self._take_turn is None or self.shared(document):
            return turns
        await self._shipbob.channel_id()
        await self._take_turn(turns)
        if self._looks_first(document):
            try:
                await self._take_turn(turns)
            except BaseException:
                turns.give_back()
                raise
        return turns

    def _looks_first(self, document: Document) -> bool:
        match document.request:
            case CreateWro(number=number):
                return not self._free_numbers.is_free(number)
            case CreateProduct():
                return True
            case _:
                return False

    async def write(self, document: Document, *, send_by: float, first: bool = False) -> Written:
        """Write what the document says. Raises as ``DocumentTarget.write`` does.

        ShipBob makes nothing unique about a WRO, so it is looked for before it is made
        (shipbob.md section 8): alone, unless it is the first create and a look-up shared with
        others has found its number free.
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
                if not await self._is_free(document, number, first=first) and (
                    await self.find(document) is not None
                ):
                    raise AlreadyExists(
                        f"ShipBob has a WRO {number} already", cause=Cause.POSTED_DOCUMENT_DIFFERS
                    )
                self._free_numbers.is_written(number)
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

    async def _is_free(self, document: Document, number: str, *, first: bool) -> bool:
        """Whether the number of a first WRO need not be looked up once more."""
        if not first or not self._free_numbers.is_free(number):
            return False
        elsewhere = self._written_elsewhere
        return elsewhere is None or not await elsewhere(number, document.external_id)

    async def find(self, document: Document) -> Written | None:
        """Look a WRO up by its number, a product by its SKU; both compared exactly.

        A WRO that was cancelled does not count, nor one that we made for another order: two
        orders may lead to one number.
        """
        match document.request:
            case CreateWro(number=number, body=body):
                return await self._find_wro(number, decode(body, NewWro), document.external_id)
            case CreateProduct(sku=sku):
                return await self._find_product(sku)
            case _:
                return None

    async def _find_wro(self, number: str, meant: NewWro, external_id: str) -> Written | None:
        numbered = [
            wro
            async for wro in self._shipbob.wros(purchase_order_numbers=[number])
            if wro.status != "Cancelled"
        ]
        others = await self._made_for_others([str(wro.id) for wro in numbered], external_id)
        found = [wro for wro in numbered if str(wro.id) not in others]
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
        try:
            result = await self._uploaded.get(shipment_id)
            if result is None:
                [result] = await self._shipbob.shipments.mark_uploaded([shipment_id])
        except (NeedsData, NeedsHuman) as refused:
            if refused.cause not in _REFUSES_A_MARK:
                raise
            return _not_marked(shipment_id, str(refused))
        if not result.is_success:
            said = f"{result.error.code} {result.error.message}" if result.error else ""
            return _not_marked(shipment_id, said)
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
                remedy="The stock is booked. See why at ShipBob. It then goes on by itself.",
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
    return "" if found[0].expected == dict(expected) else "it announces other quantities"


def _not_marked(shipment_id: int, said: str) -> Written:
    """Return what came of a mark that ShipBob refuses: the shipment is booked all the same."""
    _log.warning("mark_refused", shipment=shipment_id, said=said[:200])
    return Written(
        remote_id=str(shipment_id), answer={"marked": False, "refused": said.strip()[:200]}
    )


def _ids(wros: Iterable[Wro]) -> str:
    return ", ".join(str(wro.id) for wro in wros)
