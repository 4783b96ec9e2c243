"""Reading what NetSuite has ordered under a WRO's number, and what was received of it."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

from ml_connector.flows.receiving.facts import (
    Receipt,
    ReceivingOrder,
    ReceivingOrderLine,
    StowedLine,
)
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder, ReceiptLine
from ml_connector.reads.reads import Reads
from ml_connector.rules.external_ids import is_receipt_of_other
from ml_connector.rules.facts import ItemFact
from ml_connector.rules.line_numbers.proof import prove_purchase_lines
from ml_connector.rules.units import LineUnit, read_units

_LATER_WRO: Final = re.compile(r"^(.+)-\d{1,3}$")
"""The number of an order's second or later WRO, such as ``PO123-2`` (shipbob.md section 8)."""


async def read_orders(
    wro_id: int,
    number: str | None,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> tuple[ReceivingOrder, ...]:
    """Return the purchase orders with a WRO's number; none without a number.

    A number such as ``PO123-2`` is looked for as it is, and if no order has it, as the second
    WRO of ``PO123`` (shipbob.md section 8). The receipts of an order are only read where it
    has fewer units open than were stowed.
    """
    if number is None:
        return ()
    found = await reads.orders(number)
    later = _LATER_WRO.match(number)
    if not found and later:
        found = await reads.orders(later[1])
    return tuple([await _order(wro_id, order, stowed, items, reads) for order in found])


async def is_transfer(number: str | None, reads: Reads) -> bool:
    """Return whether a WRO's number is that of a transfer order, or of its second WRO."""
    if number is None:
        return False
    later = _LATER_WRO.match(number)
    return bool(
        await reads.transfers.named(number) or (later and await reads.transfers.named(later[1]))
    )


async def _order(
    wro_id: int,
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
    reads: Reads,
) -> ReceivingOrder:
    receipts: Mapping[int, tuple[Receipt, ...]] = {}
    if _fewer_open(order, stowed, items):
        receipts = _unexplained(wro_id, await reads.receipts(order.id))
    line_numbers, units = await asyncio.gather(
        prove_purchase_lines(order, reads),
        read_units(order.lines, "purchaseOrder", order.id, reads),
    )
    plain = LineUnit(unit="")
    return ReceivingOrder(
        id=order.id,
        number=order.tranid,
        status=order.status,
        lines=tuple(
            ReceivingOrderLine(
                line=line.line,
                item_id=line.item,
                open_quantity=int(line.open_quantity),
                receipts=receipts.get(line.line, ()),
                location=line.location or order.location,
                unit=units.get(line.line, plain).unit or None,
                per_unit=units.get(line.line, plain).eaches,
                unit_problem=units.get(line.line, plain).problem,
            )
            for line in order.lines
        ),
        line_numbers=line_numbers,
    )


def _unexplained(wro_id: int, lines: Sequence[ReceiptLine]) -> dict[int, tuple[Receipt, ...]]:
    """Return the receipts of an order that no other WRO explains, by order line.

    Our receipts carry the number of their WRO in the external id (netsuite.md section 11.4).
    Those of this WRO are kept: a database that was restored may not know of them.
    """
    found: dict[int, tuple[Receipt, ...]] = {}
    for line in lines:
        if is_receipt_of_other(wro_id, line.externalid):
            continue
        if line.order_line is not None and line.quantity:
            receipt = Receipt(quantity=int(line.quantity), external_id=line.externalid)
            found[line.order_line] = (*found.get(line.order_line, ()), receipt)
    return found


def _fewer_open(
    order: PurchaseOrder,
    stowed: Sequence[StowedLine],
    items: Sequence[ItemFact],
) -> bool:
    stowed_units = sum(line.stowed for line in stowed)
    ids = {item.id for item in items}
    return sum(line.open_quantity for line in order.lines if line.item in ids) < stowed_units
