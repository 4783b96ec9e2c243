"""NetSuite's side of purchase order lines: what is ordered on them, and what was received."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from ml_connector.netsuite.item_types import STOCKED
from ml_connector.netsuite.queries.purchase_orders import (
    PurchaseOrder,
    ReceiptLine,
    purchase_orders_by_id,
    received_by_receipts,
)
from ml_connector.netsuite.queries.received_lines import ReceivedOnLine, received_on_lines
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.reconcile.compare.order_lines import (
    ExpectedLine,
    LineReceipts,
    LineThen,
    OrderSide,
    ReceivedLine,
)
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.month import Month
from ml_connector.rules.external_ids import wro_of
from ml_connector.transport.call import Priority


def orders_of(movements: Collection[Movement]) -> set[str]:
    """Return the internal ids of the purchase orders that these lines were received from."""
    return {
        line.created_from
        for line in movements
        if line.created_from and line.type == "ItemRcpt" and line.order_type == "PurchOrd"
    }


async def order_side(
    suiteql: SuiteQL, order_ids: Collection[str], month: Month, *, mapped: Collection[str]
) -> OrderSide:
    """Return the lines of these orders, and what was received on them, summed by NetSuite.

    Each call asks for 1,000 orders.

    Args:
        suiteql: the account.
        order_ids: internal ids.
        month: of the report.
        mapped: internal ids of the locations whose stock ShipBob holds.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    ids = sorted(order_ids, key=int)
    orders = await purchase_orders_by_id(suiteql, ids, priority=Priority.REPORT)
    received = await received_on_lines(suiteql, ids, priority=Priority.REPORT)
    return OrderSide(
        lines=tuple(line for order in orders.values() for line in _lines(order)),
        received=tuple(_received(one, month) for one in received),
        mapped=frozenset(mapped),
    )


async def receipt_lines(suiteql: SuiteQL, order_ids: Sequence[str]) -> list[ReceiptLine]:
    """Return each line of the receipts of these orders.

    Raises:
        ConnectorError: NetSuite can't be read.
    """
    found = await received_by_receipts(suiteql, order_ids, priority=Priority.REPORT)
    return [line for lines in found.values() for line in lines]


def doubtful(
    lines: Sequence[ReceiptLine],
    goods_at: Mapping[int, str] = MappingProxyType({}),
    *,
    may_exceed: Mapping[str, bool],
    then: Mapping[tuple[str, str, int], LineThen] = MappingProxyType({}),
) -> tuple[ReceivedLine, ...]:
    """Return lines of receipts as they are judged. Pure.

    Args:
        lines: of receipts.
        goods_at: the location of the center that a WRO's goods go to, by WRO.
        may_exceed: of the receipts that our books have, by external id: whether they were posted
            under ``over_receipt = "receive"``. All others are somebody else's, also those of
            another connection to the account.
        then: the lines of orders when our receipts were posted, by the receipt's external id, the
            order's internal id and the line.
    """
    return tuple(
        ReceivedLine(
            id=line.id,
            number=line.tranid or "",
            external_id=external_id,
            source=f"wro {wro}" if (wro := wro_of(external_id)) is not None else "",
            date=line.trandate,
            order_id=line.createdfrom,
            line=line.order_line,
            item=line.item,
            location=line.location,
            quantity=line.quantity,
            goods_at=goods_at.get(wro) if wro is not None else None,
            may_exceed=may_exceed.get(external_id, False),
            then=then.get((external_id, line.createdfrom, line.order_line or 0)),
        )
        for line in lines
        if line.trandate is not None
        for external_id in [_known(line.externalid, may_exceed)]
    )


def _known(external_id: str | None, known: Collection[str]) -> str:
    return external_id if external_id is not None and external_id in known else ""


def _lines(order: PurchaseOrder) -> list[ExpectedLine]:
    return [
        ExpectedLine(
            order_id=order.id,
            order=order.tranid,
            line=line.line,
            item=line.item,
            item_name=line.itemid,
            location=line.location or order.location,
            ordered=line.quantity,
            closed=bool(line.isclosed),
            stocked=not line.itemtype or line.itemtype in STOCKED,
        )
        for line in (*order.lines, *order.unseen)
    ]


def _received(one: ReceivedOnLine, month: Month) -> LineReceipts:
    return LineReceipts(
        order_id=one.createdfrom,
        line=one.orderline,
        item=one.item,
        location=one.location,
        ours=one.is_ours,
        in_month=one.month == str(month),
        quantity=one.quantity,
    )
