"""Reading what NetSuite has ordered of a WRO, and what was received of it."""

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import msgspec

from ml_connector.flows.receiving.allocation import lines_at
from ml_connector.flows.receiving.decided import without_what_others_took
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingFacts,
    ReceivingOrder,
    ReceivingOrderLine,
)
from ml_connector.ledger.postings.documents import Posted
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.booked import standing
from ml_connector.rules.external_ids import is_receipt_of, is_receipt_of_other, known_by_memo
from ml_connector.rules.line_numbers.proof import prove_purchase_lines
from ml_connector.rules.units import LineUnit, read_units
from ml_connector.words import DocumentKind


async def order_facts(orders: Sequence[PurchaseOrder], reads: Reads) -> tuple[ReceivingOrder, ...]:
    """Return orders as a run keeps them, without their receipts (``with_receipts``)."""
    return tuple([await _order(order, reads) for order in orders])


async def with_receipts(
    facts: ReceivingFacts, posted: Sequence[Posted], reads: Reads
) -> ReceivingFacts:
    """Return facts with the receipts of the orders, where somebody else may have made any.

    They are not read where all that an order has received of the WRO's items is what receipts of
    ours hold that stand, made from this order for this WRO: nobody else's units can be in stock
    beside ours then. What people have put in place of ours holds as many, and what is booked
    beyond it comes out right. What was taken back is booked anew beside theirs, and so does not
    count; nor does what was received from another order.
    """
    items = {*facts.bound, *(one.id for some in facts.items.values() for one in some)}
    orders = [
        msgspec.structs.replace(
            order,
            receipts=_receipts(facts.wro_id, await _receipt_lines(facts, order, reads), items),
        )
        if facts.decisions or _is_unexplained(order, items, _ours(order, posted))
        else order
        for order in facts.orders
    ]
    return msgspec.structs.replace(facts, orders=tuple(orders))


def _ours(order: ReceivingOrder, posted: Sequence[Posted]) -> Counter[str]:
    """Return the units that receipts of ours hold of an order, by item."""
    units: Counter[str] = Counter()
    for document in standing(posted):
        if document.kind == DocumentKind.ITEM_RECEIPT and document.made_from == order.id:
            for line in document.lines:
                units[line.item or ""] += line.quantity or 0
    return units


def _is_unexplained(
    order: ReceivingOrder, items: Collection[str], ours: Mapping[str, int]
) -> bool:
    """Return whether an order has received other units of these items than ours."""
    received: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in order.lines:
        received[line.item_id] += line.received
    return any(received[item] and received[item] != ours.get(item, 0) for item in items)


def may_go_beyond(
    orders: Sequence[ReceivingOrder], units: Mapping[str, int], location: str
) -> bool:
    """Return whether orders may expect fewer units than these at a location. Pure.

    Args:
        orders: with the number of a WRO; without any, nothing is expected.
        units: stowed, by NetSuite's item id.
        location: where they are.
    """
    return not orders or any(
        quantity > sum(line.open_quantity for line in lines_at(order, item, location))
        for order in orders
        for item, quantity in units.items()
    )


async def _order(order: PurchaseOrder, reads: Reads) -> ReceivingOrder:
    line_numbers, units = await asyncio.gather(
        prove_purchase_lines(order, reads),
        read_units(order.lines, "purchaseOrder", order.id, reads),
    )
    plain = LineUnit(unit="")
    return ReceivingOrder(
        id=order.id,
        number=order.tranid,
        status=order.status,
        subsidiary=order.subsidiary,
        lines=tuple(
            ReceivingOrderLine(
                line=line.line,
                item_id=line.item,
                open_quantity=int(line.open_quantity),
                received=line.quantityshiprecv,
                is_part_open=line.open_quantity != int(line.open_quantity),
                can_be_received=line.can_be_received,
                location=line.location or order.location,
                unit=units.get(line.line, plain).unit or None,
                per_unit=units.get(line.line, plain).eaches,
                unit_problem=units.get(line.line, plain).problem,
            )
            for line in sorted((*order.lines, *order.unseen), key=lambda line: line.line)
        ),
        line_numbers=line_numbers,
    )


async def _receipt_lines(
    facts: ReceivingFacts, order: ReceivingOrder, reads: Reads
) -> Sequence[ReceiptLine]:
    lines = known_by_memo(await reads.receipts(order.id))
    return await without_what_others_took(facts.wro_id, lines, reads)


def _receipts(
    wro_id: int, lines: Sequence[ReceiptLine], items: Collection[str]
) -> tuple[OrderReceipt, ...]:
    """Return the receipts of these items that no other WRO explains.

    Our receipts carry the number of their WRO in the external id (netsuite.md section 11.4), or
    else in the memo. Those of this WRO are kept: a restored database may not know of them.
    """
    return tuple(
        OrderReceipt(
            item_id=line.item,
            quantity=math.ceil(line.quantity),
            document=line.id,
            number=line.tranid,
            external_id=line.externalid,
            line=line.order_line,
            location=line.location,
            day=max(filter(None, [line.trandate, line.createddate]), default=None),
            dated=line.trandate,
            memo=(line.memo or "") if is_receipt_of(wro_id, line.externalid) else "",
        )
        for line in lines
        if line.item in items and not is_receipt_of_other(wro_id, line.externalid)
    )
