"""Proving an order's line numbers: once, before its first transform."""

from collections.abc import Sequence
from typing import Final

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections.line_proofs import OrderKey, ProvedLines
from ml_connector.netsuite.queries.purchase_orders import PurchaseOrder
from ml_connector.netsuite.queries.sales_orders.orders import SalesOrder
from ml_connector.netsuite.records.order_lines import OrderType
from ml_connector.netsuite.statuses import PURCHASE_ORDER_RECEIVABLE
from ml_connector.reads.reads import Reads
from ml_connector.rules.line_numbers.compare import PROVED, LineNumbers, QueriedLine, compare
from ml_connector.words import Cause

_NOT_TO_BE_SEEN: Final = frozenset({Cause.PERMISSION_MISSING, Cause.EVENT_UNREADABLE, Cause.BUG})


async def prove_lines(
    record_type: OrderType,
    order_id: str,
    lines: Sequence[QueriedLine],
    reads: Reads,
    *,
    others: Sequence[int] = (),
) -> LineNumbers:
    """Prove that the numbers of an order's lines are those that transforms take.

    It costs one read of the order's own record, once: what was proved is kept. A line that is
    new on the order, or has another item than was proved, is proved anew.

    Args:
        record_type: of the order.
        order_id: its internal id.
        lines: those that a transform may name, as queries show them.
        reads: of the connection.
        others: numbers of further lines that queries show; no transform names them.

    Raises:
        Retryable: NetSuite gave no usable answer.
        NeedsHuman: the credentials can't be used.
    """
    order = OrderKey(record_type, order_id)
    if not lines or reads.order_lines.trusts_queries:
        return PROVED
    if _covers(await reads.order_lines.proofs.of(order), lines):
        return PROVED
    async with reads.order_lines.turn(order):
        # Somebody else may have proved it since it was asked for.
        if _covers(await reads.order_lines.proofs.of(order), lines):
            return PROVED
        found = await _compare(order, lines, others, reads)
        if found == PROVED:
            await reads.order_lines.proofs.keep(order, {line.line: line.item for line in lines})
    return found


async def prove_purchase_lines(order: PurchaseOrder, reads: Reads) -> LineNumbers:
    """Prove the line numbers of a purchase order, if it can be received at all.

    Raises:
        Retryable, NeedsHuman: as ``prove_lines`` says.
    """
    if order.status not in PURCHASE_ORDER_RECEIVABLE:
        return PROVED
    return await prove_lines("purchaseOrder", order.id, (*order.lines, *order.unseen), reads)


async def prove_sold_lines(order: SalesOrder, reads: Reads) -> LineNumbers:
    """Prove the line numbers of a sales order, but for those that no document names.

    Raises:
        Retryable, NeedsHuman: as ``prove_lines`` says.
    """
    return await prove_lines(
        "salesOrder",
        order.id,
        [line for line in order.lines if line.can_ship],
        reads,
        others=[line.line for line in order.lines if not line.can_ship],
    )


def _covers(proved: ProvedLines, lines: Sequence[QueriedLine]) -> bool:
    return all(proved.get(line.line) == line.item for line in lines)


async def _compare(
    order: OrderKey, lines: Sequence[QueriedLine], others: Sequence[int], reads: Reads
) -> LineNumbers:
    try:
        record = await reads.order_lines.record(order)
    except NeedsHuman as error:
        if error.cause not in _NOT_TO_BE_SEEN:
            raise
        return LineNumbers(problem=f"its record can't be read: {error}")
    if record is None:
        return LineNumbers(problem="NetSuite shows no record of it")
    units = {one.unit for one in record.lines} | {line.units for line in lines}
    rates = await reads.units.rates({unit for unit in units if unit is not None})
    return compare(lines, others, record, rates)
