"""What was received on each line of purchase orders, summed by NetSuite.

Tables and columns: netsuite.md section 5. All values from outside are bound parameters.
Square brackets enclose what an account may lack (``SuiteQL``).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority
from ml_connector.words import OUR_EXTERNAL_IDS

# The quantities of a receipt itself are positive (section 5.2), and the link table names the
# order's line (section 5.3). A line that several links name counts once. As long as the beginning
# of an external id of ours: so many of its signs tell who made a receipt.
RECEIVED: Final = """
SELECT r.createdfrom, r.orderline, r.item, r.location, r.maker, r.month,
    SUM(r.quantity) AS quantity
FROM (
    SELECT t.id, l.id AS line, m.createdfrom, l.item, l.location, l.quantity,
        SUBSTR(t.externalid, 1, {signs}) AS maker, TO_CHAR(t.trandate, 'YYYY-MM') AS month,
        MIN(k.previousline) AS orderline
    FROM transaction t
    JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
    JOIN transactionline l ON l.transaction = t.id
    LEFT JOIN nexttransactionlinelink k ON k.nextdoc = t.id AND k.nextline = l.id
        AND k.previousdoc = m.createdfrom AND k.nexttype = 'ItemRcpt'
    WHERE t.type = 'ItemRcpt' AND m.createdfrom IN ({list})
        AND l.item IS NOT NULL AND l.quantity > 0
        AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
        AND (l.iscogs = 'F' OR l.iscogs IS NULL)
        [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
    GROUP BY t.id, l.id, m.createdfrom, l.item, l.location, l.quantity,
        SUBSTR(t.externalid, 1, {signs}), TO_CHAR(t.trandate, 'YYYY-MM')
) r
GROUP BY r.createdfrom, r.orderline, r.item, r.location, r.maker, r.month
ORDER BY r.createdfrom, r.orderline, r.item, r.location, r.maker, r.month
""".replace("{signs}", str(len(OUR_EXTERNAL_IDS)))


class ReceivedOnLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units that receipts of one month, of us or of others, hold of one order line.

    Attributes:
        createdfrom: internal id of the order.
        orderline: the order's line; None where the links name none.
        location: where they were received; None where NetSuite does not say.
        maker: how the receipts' external ids begin; None without one.
        month: such as ``2026-11``, of the receipts' dates.
        quantity: base units, positive.
    """

    createdfrom: str
    item: str
    month: str
    quantity: Decimal
    orderline: int | None = None
    location: str | None = None
    maker: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the receipts carry external ids of ours."""
        return self.maker == OUR_EXTERNAL_IDS


async def received_on_lines(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority
) -> list[ReceivedOnLine]:
    """Return what was received from these purchase orders, whenever, by order line."""
    return await suiteql.rows_in(
        RECEIVED,
        order_ids,
        type=ReceivedOnLine,
        operation="suiteql.received_on_lines",
        priority=priority,
    )
