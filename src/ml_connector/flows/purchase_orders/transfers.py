"""What a transfer order brings to a location, told like a purchase order.

It is open from its approval until all has arrived, whether it has left already or not.

Assumptions: NS-052.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from ml_connector.errors import NeedsHuman
from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.queries.items import Item
from ml_connector.netsuite.queries.purchase_orders import OrderLine, PurchaseOrder
from ml_connector.netsuite.queries.transfer_orders import TransferOrder
from ml_connector.netsuite.records.transfer_orders import TransferContent, TransferLine
from ml_connector.netsuite.statuses import TRANSFER_ORDER_AS_PURCHASE_ORDER
from ml_connector.reads.reads import Reads
from ml_connector.rules.units import LineUnit
from ml_connector.words import Cause


class Transfer(NamedTuple):
    """A transfer order.

    Attributes:
        order: as a purchase order, with the letter of the same state; all lines come to one
            location.
        units: by line, the units of the lines that do not count in eaches.
        source: the location that the goods leave.
        shares_number: a purchase order has the same number.
        unreadable: the role may see that it exists, but not what is on it.
    """

    order: PurchaseOrder
    units: dict[int, LineUnit]
    source: str
    shares_number: bool
    unreadable: bool = False


async def read_transfer(order_id: str, reads: Reads) -> Transfer | None:
    """Gather a transfer order; None when there is none with this id.

    It is no failure that the role has no permission to read transfer orders: the merchant then
    does not want them announced.
    """
    order = await reads.transfers.order(order_id)
    if order is None:
        return None
    try:
        content = await reads.transfers.content(order_id)
    except NeedsHuman as error:
        if error.cause is not Cause.PERMISSION_MISSING:
            raise
        nothing = _as_purchase_order(order, TransferContent(), {})
        return Transfer(nothing, {}, source="", shares_number=False, unreadable=True)
    if content is None:
        return None
    items = await reads.items_by_id({line.item.id for line in content.item.items})
    rates = await reads.units.rates({line.unit for line in content.item.items if line.unit})
    units = {
        number: _unit(line, items.get(line.item.id), rates) for number, line in _numbered(content)
    }
    return Transfer(
        order=_as_purchase_order(order, content, items),
        units={number: unit for number, unit in units.items() if unit is not None},
        source=content.location.id,
        shares_number=bool(await reads.orders(order.tranid)),
    )


def _numbered(content: TransferContent) -> list[tuple[int, TransferLine]]:
    return [
        (line.line if line.line is not None else at, line)
        for at, line in enumerate(content.item.items, 1)
    ]


def _as_purchase_order(
    order: TransferOrder, content: TransferContent, items: Mapping[str, Item]
) -> PurchaseOrder:
    return PurchaseOrder(
        id=order.id,
        tranid=order.tranid,
        status=TRANSFER_ORDER_AS_PURCHASE_ORDER.get(order.status, order.status),
        trandate=order.trandate,
        location=content.transferlocation.id or None,
        lines=tuple(
            _as_order_line(order.id, number, line, items.get(line.item.id))
            for number, line in _numbered(content)
        ),
    )


def _as_order_line(order_id: str, number: int, line: TransferLine, item: Item | None) -> OrderLine:
    return OrderLine(
        transaction=order_id,
        line=number,
        item=line.item.id,
        # An item that the role may not see has no name, so the message names its internal id.
        itemid=item.itemid if item else f"NetSuite item {line.item.id}",
        fullname=item.fullname if item else "",
        itemtype=item.itemtype if item else "InvtPart",
        quantity=line.quantity or Decimal(0),
        quantityshiprecv=line.quantityreceived or Decimal(0),
        isclosed=Flag.T if line.isclosed else Flag.F,
        expectedreceiptdate=line.expectedreceiptdate,
        units=line.unit,
    )


def _unit(line: TransferLine, item: Item | None, rates: Mapping[str, Decimal]) -> LineUnit | None:
    """Return the unit of a line that does not count in eaches; None where it does.

    Such a unit is never converted. The quantity of a purchase order is proven by a query and
    the record that agree; for a transfer order there is the record alone.
    """
    if line.unit is None or rates.get(line.unit) == 1:
        return None
    if line.unit not in rates and (item is None or item.stockunit in {None, line.unit}):
        return None
    return LineUnit(
        unit=line.unit, problem="a transfer order does not show how many eaches that is"
    )
