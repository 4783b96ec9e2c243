"""Reading what NetSuite has ordered of a WRO, and what was received of it."""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence

from ml_connector.flows.receiving.allocation import lines_at
from ml_connector.flows.receiving.decided import without_what_others_took
from ml_connector.flows.receiving.facts import (
    OrderReceipt,
    ReceivingOrder,
    ReceivingOrderLine,
)
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.external_ids import is_receipt_of_other
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.line_numbers.proof import prove_purchase_lines
from ml_connector.rules.units import LineUnit, read_units


async def order_facts(
    wro_id: int, orders: Sequence[PurchaseOrder], items: Sequence[ItemFact], reads: Reads
) -> tuple[ReceivingOrder, ...]:
    """Return orders as a run keeps them.

    The receipts of an order are only read where anything of the WRO's items was received: else
    there is none.
    """
    return tuple([await _order(wro_id, order, items, reads) for order in orders])


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


async def _order(
    wro_id: int,
    order: PurchaseOrder,
    items: Sequence[ItemFact],
    reads: Reads,
) -> ReceivingOrder:
    ids = {item.id for item in items}
    any_received = any(line.quantityshiprecv and line.item in ids for line in order.lines)
    line_numbers, units, receipts = await asyncio.gather(
        prove_purchase_lines(order, reads),
        read_units(order.lines, "purchaseOrder", order.id, reads),
        _receipt_lines(wro_id, order, reads) if any_received else _nothing(),
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
        receipts=_receipts(wro_id, receipts, ids),
    )


async def _receipt_lines(wro_id: int, order: PurchaseOrder, reads: Reads) -> Sequence[ReceiptLine]:
    return await without_what_others_took(wro_id, await reads.receipts(order.id), reads)


async def _nothing() -> Sequence[ReceiptLine]:
    return ()


def _receipts(
    wro_id: int, lines: Sequence[ReceiptLine], items: Collection[str]
) -> tuple[OrderReceipt, ...]:
    """Return the receipts of these items that no other WRO explains.

    Our receipts carry the number of their WRO in the external id (netsuite.md section 11.4).
    Those of this WRO are kept: a database that was restored may not know of them.
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
        )
        for line in lines
        if line.item in items and not is_receipt_of_other(wro_id, line.externalid)
    )
