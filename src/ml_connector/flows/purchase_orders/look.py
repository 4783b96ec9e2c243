"""Looking at an order once more, for a sweep, as cheaply as it can be told whether to run.

NetSuite is asked for the order and its receipts, together with many others. ShipBob is asked for
its WROs in a full look only, or where people have decided otherwise whose they are, and only where
any matter. Products are taken as the last run saw them: what misses one is not planned, and so the
order runs and reads them.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from ml_connector.engine.flow import LastDecision, LookAgain, Looked
from ml_connector.flows.purchase_orders.facts import PurchaseOrderFacts, WroFact
from ml_connector.flows.purchase_orders.products import only_products
from ml_connector.flows.purchase_orders.read import (
    OrderSource,
    announce_again,
    as_source_says,
    gone,
    read_source,
    read_wros,
    with_outcome,
    with_receipts,
)
from ml_connector.flows.purchase_orders.wros import cancelled_by_us
from ml_connector.ledger.postings.documents import CreateWro
from ml_connector.netsuite.queries.purchase_orders import ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.external_ids import received_wros
from ml_connector.shipbob.new_payloads import NewWro
from ml_connector.shipbob.payloads import Wro, decode
from ml_connector.shipbob.resources.receiving import AWAITED
from ml_connector.words import DocumentKind


async def look(asked: LookAgain, reads: Reads) -> Looked | None:
    """Return an order as it is now; None where nothing of it can have changed.

    An order that is over is looked at until a run has seen that all its WROs have ended.
    """
    before: PurchaseOrderFacts = asked.last.facts
    known = _known_wros(before, asked)
    if asked.seen.over and not _under_way(known, asked.last):
        return None
    full = asked.full or await _is_decided_otherwise(asked.seen.key, known, reads)
    # All at once, so that those who look together share the calls, however fast each of them is.
    source, receipts, numbered = await asyncio.gather(
        read_source(asked.seen.key, reads, known=before.lines),
        _receipts(asked.seen.key, known, reads),
        _numbered(before.number if full and known else "", reads),
    )
    if source is None:
        wros = await read_wros(asked.seen.key, "", reads) if full else known
        facts = await gone(asked.seen.key, wros, before.read_at, reads)
    elif full and _concerns_shipbob(asked, source):
        same = source.order.tranid == before.number
        facts = await _at_both(before, source, numbered if same else None, receipts, reads)
    else:
        facts = await _at_netsuite(before, source, known, receipts, reads)
    ended = full and asked.seen.over and not _under_way(facts.wros, asked.last)
    return Looked(facts, must_run=ended)


async def _is_decided_otherwise(key: str, known: Sequence[WroFact], reads: Reads) -> bool:
    """Return whether people have decided since the last run whose WROs of an order are."""
    belonging = await reads.announcements.belonging(key)
    if {*belonging} != {wro.id for wro in known if wro.belongs}:
        return True
    links = await asyncio.gather(*(reads.announcements.order_of(wro.id) for wro in known))
    return any(
        link is not None and link.how == "decided" and (wro.of_other or key) != link.order_id
        for wro, link in zip(known, links, strict=True)
    )


async def _receipts(
    key: str, known: tuple[WroFact, ...], reads: Reads
) -> Sequence[ReceiptLine] | None:
    """Return the receipts of an order that has WROs; None where they were not asked for."""
    return await reads.receipts(key) if known else None


async def _numbered(number: str, reads: Reads) -> Sequence[Wro] | None:
    """Return the WROs with an order's numbers; None where they were not asked for."""
    return await reads.wros_of_order(number) if number else None


async def _at_both(
    before: PurchaseOrderFacts,
    source: OrderSource,
    numbered: Sequence[Wro] | None,
    receipts: Sequence[ReceiptLine] | None,
    reads: Reads,
) -> PurchaseOrderFacts:
    order = source.order
    wros = await read_wros(
        order.id,
        order.tranid,
        reads,
        source.lines,
        before.bindings,
        numbered=numbered,
        also=received_wros(receipts or ()),
    )
    if receipts is None and wros:
        receipts = await reads.receipts(order.id)
    facts = msgspec.structs.replace(
        as_source_says(before, source),
        wros=wros,
        centers=tuple(center.id for center in await reads.centers()),
        announce_again=await announce_again(order.id, wros, reads),
    )
    return with_receipts(facts, source, receipts or ())


async def _at_netsuite(
    before: PurchaseOrderFacts,
    source: OrderSource,
    known: tuple[WroFact, ...],
    receipts: Sequence[ReceiptLine] | None,
    reads: Reads,
) -> PurchaseOrderFacts:
    outcomes = await asyncio.gather(*(reads.announcements.outcome(wro.id) for wro in known))
    wros = tuple(
        with_outcome(wro, outcome, source.order.id)
        for wro, outcome in zip(known, outcomes, strict=True)
    )
    facts = msgspec.structs.replace(
        as_source_says(before, source),
        wros=wros,
        announce_again=await announce_again(source.order.id, wros, reads),
    )
    facts = with_receipts(facts, source, receipts or ())
    return msgspec.structs.replace(facts, wros=tuple(map(_begun, facts.wros)))


def _begun(wro: WroFact) -> WroFact:
    """Return a WRO of which units were booked since: then ShipBob does not await it any more."""
    units = (*wro.booked.values(), *wro.adjusted.values(), *wro.handled.values())
    if wro.status not in AWAITED or not any(units):
        return wro
    return msgspec.structs.replace(wro, status="Processing")


def _concerns_shipbob(asked: LookAgain, source: OrderSource) -> bool:
    """Return whether an order has, or should have, WROs."""
    here = set(asked.settings.locations.values())
    return bool(asked.last.facts.wros or asked.last.posted) or any(
        line.open_quantity and line.location in here for line in source.lines
    )


def _under_way(wros: Sequence[WroFact], last: LastDecision) -> bool:
    cancelled = cancelled_by_us(last.posted)
    return any(
        wro.is_under_way and not wro.of_other and str(wro.id) not in cancelled for wro in wros
    )


def _known_wros(before: PurchaseOrderFacts, asked: LookAgain) -> tuple[WroFact, ...]:
    """Return the WROs that the last run saw, and those that it has made."""
    listed = {str(wro.id) for wro in before.wros}
    made = {
        document.external_id: document.remote_id
        for document in asked.last.posted
        if document.kind == DocumentKind.WRO and document.remote_id not in listed
    }
    items = only_products(
        {line.ordered_item for line in before.lines}, before.products, asked.settings.skus
    )
    return (
        *before.wros,
        *(
            _just_made(int(made[document.external_id] or 0), document.request, items)
            for document in asked.last.documents
            if document.external_id in made and isinstance(document.request, CreateWro)
        ),
    )


def _just_made(wro_id: int, request: CreateWro, items: dict[str, int]) -> WroFact:
    body = decode(request.body, NewWro)
    expected: Counter[int] = Counter()
    for box in body.boxes:
        for one in box.box_items:
            expected[one.inventory_id or 0] += one.quantity
    return WroFact(
        id=wro_id,
        number=request.number,
        status="Awaiting",
        fulfillment_center_id=body.fulfillment_center.id,
        expected=dict(expected),
        stowed=dict.fromkeys(expected, 0),
        booked={},
        items={item: number for item, number in items.items() if number in expected},
    )
