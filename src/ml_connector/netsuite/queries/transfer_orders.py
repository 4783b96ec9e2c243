"""What is asked about transfer orders: by number, by internal id.

A query shows each line of a transfer order twice, where it leaves and where it arrives, and it is
not documented how to tell the two apart (NS-052). So the lines are read from the record service;
see ``records.transfer_orders``.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

BY_NUMBER: Final = """
SELECT t.id, t.tranid, t.status, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t
WHERE t.type = 'TrnfrOrd' AND t.tranid IN ({list}) ORDER BY t.id
"""

BY_ID: Final = """
SELECT t.id, t.tranid, t.status, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
FROM transaction t
WHERE t.type = 'TrnfrOrd' AND t.id IN ({list}) ORDER BY t.id
"""


class TransferOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a transfer order.

    Attributes:
        status: the letter, from memory (schemas/status-codes.json): A pending approval, B
            pending fulfilment, C rejected, D partially fulfilled, E pending receipt and
            partially fulfilled, F pending receipt, G received, H closed.
    """

    id: str
    tranid: str
    status: str
    trandate: date | None = None


async def transfers_by_number(
    suiteql: SuiteQL, tranids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[TransferOrder, ...]]:
    """Find transfer orders by their number, compared exactly."""
    found: dict[str, tuple[TransferOrder, ...]] = {}
    for order in await suiteql.rows_in(
        BY_NUMBER,
        tranids,
        type=TransferOrder,
        operation="suiteql.transfer_orders_by_number",
        priority=priority,
    ):
        found[order.tranid] = (*found.get(order.tranid, ()), order)
    return found


async def transfers_by_id(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, TransferOrder]:
    """Find transfer orders by internal id; other and deleted records are left out."""
    rows = await suiteql.rows_in(
        BY_ID,
        order_ids,
        type=TransferOrder,
        operation="suiteql.transfer_orders_by_id",
        priority=priority,
    )
    return {order.id: order for order in rows}
