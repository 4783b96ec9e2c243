"""What tracking reads: a shipment with its order, its sales order and what was fulfilled."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from ml_connector.flows.tracking.decisions.decided import decided_order, separate_fulfillments
from ml_connector.flows.tracking.facts import (
    ORDER,
    ShipmentFact,
    TrackingFacts,
    moment,
    ordered_products,
    reference_of,
    shipment_fact,
    tags_of,
)
from ml_connector.flows.tracking.names import (
    kits_on,
    read_names,
    read_shipments,
    read_unmatched,
)
from ml_connector.flows.tracking.recognition.known import fulfillments_of
from ml_connector.flows.tracking.recognition.moved import left_from, records_elsewhere
from ml_connector.flows.tracking.recognition.named_shipments import certainly_names, is_ours
from ml_connector.flows.tracking.recognition.the_order import has_no_order
from ml_connector.flows.tracking.sales_orders import (
    LotFact,
    SalesOrderFact,
    lot_fact,
    sales_order_fact,
)
from ml_connector.ledger.decisions.decisions import NamedUnits
from ml_connector.ledger.postings.documents import Posted
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.reads.reads import Reads
from ml_connector.reads.sales_orders.search import MatchedOrders
from ml_connector.rules.decisions.decided import of_kind, read_decided
from ml_connector.rules.facts import PeriodFact, stock_periods
from ml_connector.rules.line_numbers.proof import prove_sold_lines
from ml_connector.rules.posting_dates import closed_to_news
from ml_connector.shipbob.resources.shipments import Order, ParcelTracking, Shipment
from ml_connector.words import DecisionKind

_SALES: Final = {"CashSale": "cash sale", "CustInvc": "invoice", "TrnfrOrd": "transfer order"}
_DECIDES_UNITS: Final = (DecisionKind.HANDLED, DecisionKind.ADJUST)
_DELIVERY_EXCEPTION: Final = 204


async def read(key: str, reads: Reads) -> TrackingFacts:
    """Gather a shipment with its order, its parcels, the sales order and what was fulfilled.

    NetSuite is asked only about what has shipped, was cancelled, or was decided about.
    """
    order = await read_order(key, reads)
    if key.startswith(ORDER):
        return TrackingFacts(
            order_id=order.id,
            shipment_id=None,
            reference=order.reference_id,
            shipments=tuple(map(shipment_fact, order.shipments)),
        )
    own = next(one for one in order.shipments if one.id == int(key))
    decisions = await read_decided("tracking", key, reads)
    name = reads.shipments.order_name(order, belongs=decided_order(decisions))
    tracked = await _parcels(own, reads)
    facts = await _told(order, own, tracked, name, reads)
    if not (decisions or (name and await _is_due(facts.shipment, reads))):
        return facts
    # Asked at the same time, so that the decision waits for the slower of the two only.
    matched, periods, linked = await asyncio.gather(
        _find_orders(name, reads),
        stock_periods(moment(facts.shipment), reads),
        _links([one.id for one in facts.shipments], reads),
    )
    facts = msgspec.structs.replace(facts, periods=periods, linked=linked, decisions=decisions)
    found = tuple(map(sales_order_fact, matched.orders))
    facts = await _without_an_order(facts, name, matched, reads)
    if kits := kits_on(found):
        shipments = await read_shipments(order, {own.id: tracked}, kits, reads)
        facts = msgspec.structs.replace(facts, shipments=shipments)
    proved, names, lots, gone, rivals, takes_marks, taken = await asyncio.gather(
        _with_line_numbers(facts, matched.orders, found, reads),
        read_names(facts.shipments, facts.shipment, found, reads),
        _lots(facts.shipment, found, reads),
        _gone(linked.get(own.id), found, reads),
        _rivals(order, matched, facts, found, reads),
        _takes_marks(order, facts, reads),
        _taken(key, found, reads),
    )
    return msgspec.structs.replace(
        facts,
        sales_orders=proved,
        names=names,
        lots=lots,
        gone=gone,
        rival_channels=rivals,
        takes_marks=takes_marks,
        taken=taken,
        read_at=datetime.now(UTC) if _meets_closed_months(found, periods) else None,
    )


async def read_order(key: str, reads: Reads) -> Order:
    """Return the order of a shipment, or of a subject that names the order itself.

    Raises:
        NeedsData: ShipBob has no such shipment or order.
    """
    if key.startswith(ORDER):
        return await reads.shipments.order(int(key.removeprefix(ORDER)))
    return await reads.shipments.order_with(int(key))


async def confirm(facts: TrackingFacts, posted: Sequence[Posted], reads: Reads) -> TrackingFacts:
    """Add what only our postings lead to.

    These are further fulfilments of the shipment that were deleted, and where shipments were
    whose records are not at the location of their centers now.
    """
    if facts.shipment_id is None:
        return facts
    facts = await _with_all_gone(facts, posted, reads)
    records = records_elsewhere(facts, posted, reads.locations.of_center)
    kept = await asyncio.gather(
        *(
            reads.own_records.first_seen("tracking", str(shipment_id), record)
            for shipment_id, record in records.items()
        )
    )
    found = {
        shipment_id: left_from(
            shipment_id, record, then, posted if shipment_id == facts.shipment_id else ()
        )
        for (shipment_id, record), then in zip(records.items(), kept, strict=True)
        if then is not None
    }
    return msgspec.structs.replace(facts, left_from=found) if found else facts


async def _with_all_gone(
    facts: TrackingFacts, posted: Sequence[Posted], reads: Reads
) -> TrackingFacts:
    """Add the fulfilments that a shipment had before the last one, and that were deleted too."""
    linked = facts.linked.get(facts.shipment.id)
    listed = {one.id for order in facts.sales_orders for one in order.fulfillments}
    earlier = fulfillments_of(posted) - listed - {linked, *facts.gone} if linked else set()
    gone = [one for one in sorted(earlier) if await reads.shipments.is_gone(one)]
    return msgspec.structs.replace(facts, gone=(*facts.gone, *gone)) if gone else facts


def _meets_closed_months(orders: Sequence[SalesOrderFact], periods: Sequence[PeriodFact]) -> bool:
    return any(closed_to_news(one.day, periods) for order in orders for one in order.fulfillments)


async def _find_orders(name: str | None, reads: Reads) -> MatchedOrders:
    return await reads.shipments.find_orders(name) if name else MatchedOrders()


async def _without_an_order(
    facts: TrackingFacts, name: str | None, matched: MatchedOrders, reads: Reads
) -> TrackingFacts:
    """Add what else may account for a shipment whose sales order no rule finds.

    Its units are also read where a person decided that a document handled them, or that they are
    adjusted.
    """
    nothing = name is not None and matched.rule is None and not decided_order(facts.decisions)
    if name and nothing:
        facts = msgspec.structs.replace(facts, other_sales=await _other_sales(name, reads))
    adjusts = reads.policies.unmatched_shipment == "adjust" and not matched.orders
    decided = any(of_kind(facts.decisions, kind) for kind in _DECIDES_UNITS)
    if decided or (nothing and adjusts and has_no_order(facts)):
        unmatched = await read_unmatched(facts.shipment, reads)
        facts = msgspec.structs.replace(facts, unmatched=unmatched)
    return facts


async def _taken(
    key: str, found: Sequence[SalesOrderFact], reads: Reads
) -> dict[str, tuple[NamedUnits, ...]]:
    """Return what decisions about other shipments took of the fulfilments that others made."""
    theirs = {one.id for order in found for one in order.fulfillments if not is_ours(one)}
    return dict(await reads.decisions.taken(theirs, besides=("tracking", key))) if theirs else {}


async def _parcels(own: Shipment, reads: Reads) -> Sequence[ParcelTracking]:
    """Return the parcels of a shipment as the carrier sees them, where that may say more."""
    asks = _asks_carrier(own, shipment_fact(own))
    return await reads.shipments.parcels(own.id) if asks else ()


async def _told(
    order: Order,
    own: Shipment,
    tracked: Sequence[ParcelTracking],
    name: str | None,
    reads: Reads,
) -> TrackingFacts:
    """Return what ShipBob says of a shipment and its order, which goes by a name."""
    reference = reference_of(order, own)
    return TrackingFacts(
        order_id=order.id,
        shipment_id=own.id,
        reference=reference,
        order_number=(order.order_number or "").strip() or None,
        channel=order.channel.id if order.channel else None,
        tags=tags_of(order),
        order_name=name if name != reference else None,
        shipments=await read_shipments(order, {own.id: tracked}, (), reads),
        products=ordered_products(order),
    )


async def _other_sales(name: str, reads: Reads) -> tuple[str, ...]:
    sales = await reads.shipments.other_sales(name)
    return tuple(f"{_SALES[one.type]} {one.tranid or one.id}" for one in sales)


async def _takes_marks(order: Order, facts: TrackingFacts, reads: Reads) -> bool:
    """Return whether we may mark the shipment; asked where there is something to mark."""
    own = facts.shipment
    if own.uploaded or not own.parcels or not own.has_shipped:
        return True
    return await reads.shipments.takes_marks(order)


async def _rivals(
    order: Order,
    matched: MatchedOrders,
    facts: TrackingFacts,
    found: Sequence[SalesOrderFact],
    reads: Reads,
) -> tuple[int, ...]:
    """Return other channels that may mean the same sales order.

    They are asked for until a fulfilment is known to be the shipment's: by our books, or by a
    name on it.
    """
    own = facts.shipment
    fulfillments = [one for order in found for one in order.fulfillments]
    named = any(certainly_names(one, own, facts.shipments) for one in fulfillments)
    if named or own.id in facts.linked or not own.has_shipped:
        return ()
    return await reads.shipments.rival_channels(order, matched)


async def _is_due(fact: ShipmentFact, reads: Reads) -> bool:
    """Whether NetSuite is asked about a shipment: it has left, was cancelled, or was posted."""
    return fact.has_shipped or fact.is_cancelled or bool(await _links([fact.id], reads))


async def _links(shipment_ids: Sequence[int], reads: Reads) -> dict[int, str]:
    """Return the item fulfilment that our books know as each shipment's; none for some."""
    keys = [str(one) for one in sorted(shipment_ids)]
    known = await reads.own_records.latest("tracking", keys, "itemFulfillment")
    return {int(key): known[key] for key in keys if key in known}


async def _gone(
    linked: str | None, found: Sequence[SalesOrderFact], reads: Reads
) -> tuple[str, ...]:
    """Return the fulfilment that our books know, if it was deleted; asked where none lists it."""
    listed = {one.id for order in found for one in order.fulfillments}
    if linked is None or linked in listed or not await reads.shipments.is_gone(linked):
        return ()
    return (linked,)


async def _with_line_numbers(
    facts: TrackingFacts,
    matches: Sequence[SalesOrder],
    found: Sequence[SalesOrderFact],
    reads: Reads,
) -> tuple[SalesOrderFact, ...]:
    """Prove the line numbers of the orders that a fulfilment may be made from."""

    async def proved(order: SalesOrder, fact: SalesOrderFact) -> SalesOrderFact:
        if not _may_be_fulfilled(facts, fact, reads):
            return fact
        numbers = await prove_sold_lines(order, reads)
        return msgspec.structs.replace(fact, line_numbers=numbers)

    return tuple(await asyncio.gather(*map(proved, matches, found)))


def _may_be_fulfilled(facts: TrackingFacts, order: SalesOrderFact, reads: Reads) -> bool:
    """Whether a fulfilment may be made from an order: an update of one names no lines."""
    shipment = facts.shipment
    return (
        reads.policies.fulfillment != "update"
        and shipment.has_shipped
        and order.is_open
        and not any(
            certainly_names(one, shipment, facts.shipments)
            for one in order.fulfillments
            if one.id not in separate_fulfillments(facts)
        )
    )


def _asks_carrier(shipment: Shipment, fact: ShipmentFact) -> bool:
    """Whether the carrier may know more: of several parcels, or of a delivery exception."""
    return fact.has_shipped and (
        shipment.carton_count > 1 or not fact.parcels or _DELIVERY_EXCEPTION in fact.details
    )


async def _lots(
    shipment: ShipmentFact, found: Sequence[SalesOrderFact], reads: Reads
) -> dict[str, tuple[LotFact, ...]]:
    if not any(line.lot_tracked or line.serialized for order in found for line in order.lines):
        return {}
    texts = {text for unit in shipment.units for text in (unit.lot, *unit.serials) if text}
    lots = await reads.shipments.lots(texts)
    return {text: tuple(map(lot_fact, matches)) for text, matches in lots.items()}
