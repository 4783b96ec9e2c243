"""What is asked about purchase orders: headers, lines, receipts, what is open.

Tables and columns: netsuite.md section 5. All values from outside are bound parameters.
Square brackets enclose what an account may lack (``SuiteQL``).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag
from ml_connector.netsuite.item_types import NEVER_FULFILLED, STOCKED
from ml_connector.netsuite.queries.units import as_ordered
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# A transfer order with the number of a purchase order comes as well: whose a number is can't be
# told by the number then. ``{where}`` is a condition of ours; ``{list}`` becomes placeholders
# (``SuiteQL.rows_in``).
ORDERS: Final = """
SELECT t.id, t.type, t.tranid, t.status, t.entity, m.location[, m.subsidiary],
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate,
    TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS lastmodified
FROM transaction t LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
WHERE t.type IN ('PurchOrd', 'TrnfrOrd') AND t.tranid IN ({where}) ORDER BY t.id
"""

# Those of the same number come along, in the same call.
NUMBERS_OF: Final = """
    SELECT o.tranid FROM transaction o WHERE o.type = 'PurchOrd' AND o.id IN ({list})
"""

ORDER_CHANGES: Final = """
SELECT t.id, t.status, TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD"T"HH24:MI:SS') AS lastmodified
FROM transaction t WHERE t.type IN ('PurchOrd', 'TrnfrOrd') AND t.id IN ({list}) ORDER BY t.id
"""

# Item lines of a document (section 5.2): neither its header row nor tax, cost of goods or
# the components of an assembly. An item that is hidden from the role hides none of its lines.
ORDER_LINES: Final = """
SELECT l.transaction, l.id AS line, l.item, i.itemid, i.fullname, i.itemtype, l.quantity,
    l.quantityshiprecv, l.isclosed, l.location, l.linesequencenumber,
    TO_CHAR(l.expectedreceiptdate, 'YYYY-MM-DD') AS expectedreceiptdate[, i.isfulfillable]
    [, i.islotitem][, i.isserialitem][, l.units][, i.stockunit][, i.purchaseunit]
FROM transactionline l LEFT JOIN item i ON i.id = l.item
WHERE l.transaction IN ({list}) AND l.item IS NOT NULL
    AND l.mainline = 'F' AND (l.taxline = 'F' OR l.taxline IS NULL)
    AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
ORDER BY l.transaction, l.id
"""

# The entry against the account of goods not billed yet repeats a line with its sign turned;
# the quantities of a receipt itself are positive (section 5.2). The link table names the order's
# line (section 5.3); a receipt without a link is a receipt all the same.
RECEIPT_LINES: Final = """
SELECT t.id, t.tranid, t.externalid, t.memo, m.createdfrom,
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate
    [, TO_CHAR(t.createddate, 'YYYY-MM-DD') AS createddate],
    l.id AS line, l.item, l.quantity, l.location, k.previousline AS order_line
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
ORDER BY t.id, l.id, k.previousline
"""


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a purchase order (section 5.2).

    Attributes:
        transaction: internal id of the order.
        line: what transforms take as ``orderLine``; not always 1, 2, 3.
        itemid: empty where the role may not see the item; nothing else is known of it then.
        isfulfillable: whether the item can be fulfilled and received; None where the account does
            not say (section 16.16).
        quantity: ordered, in base units; positive in orders that were read as such.
        quantityshiprecv: received so far, in base units.
        units: id of the line's unit; the quantities are not in it (section 13.3).
    """

    transaction: str
    line: int
    item: str
    itemid: str = ""
    itemtype: str = ""
    fullname: str = ""
    isfulfillable: Flag | None = None
    quantity: Decimal = Decimal(0)
    quantityshiprecv: Decimal = Decimal(0)
    isclosed: Flag = Flag.F
    location: str | None = None
    expectedreceiptdate: date | None = None
    linesequencenumber: int | None = None
    islotitem: Flag = Flag.F
    isserialitem: Flag = Flag.F
    units: str | None = None
    stockunit: str | None = None
    purchaseunit: str | None = None

    @property
    def open_quantity(self) -> Decimal:
        """Units still expected: 0 on a closed line, never negative."""
        if self.isclosed:
            return Decimal(0)
        return max(Decimal(0), self.quantity - self.quantityshiprecv)

    @property
    def can_be_received(self) -> bool:
        """Whether a receipt has such a line at all.

        What lies on a shelf can be received; of the others the item says so. Where it does not,
        its type decides (section 16.16). A line whose item can't be seen is taken to be on it:
        not being named, it would be received in full (section 7.3).
        """
        if self.itemtype in STOCKED or not self.itemtype:
            return True
        if self.isfulfillable is not None:
            return bool(self.isfulfillable)
        return self.itemtype not in NEVER_FULFILLED


class Namesake(msgspec.Struct, frozen=True, kw_only=True):
    """Another purchase or transfer order with the number of a purchase order.

    Attributes:
        status: the letter, of its own type.
        subsidiary: None outside OneWorld.
    """

    id: str
    is_transfer: bool
    status: str
    subsidiary: str | None = None


class _OrderHeader(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    tranid: str
    type: str = "PurchOrd"
    status: str
    entity: str | None = None
    location: str | None = None
    subsidiary: str | None = None
    trandate: date | None = None
    lastmodified: str | None = None


class PurchaseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase order with its item lines.

    Attributes:
        status: the letter (section 5.7): B pending receipt, D partially received, E pending
            billing/partially received, F pending bill, G fully billed, H closed.
        location: of the header, which is on the mainline row; lines may have their own.
        lastmodified: in the account's time zone.
        lines: all item lines, also received and closed ones, by line number.
        unseen: those of items that the role may not see.
        namesakes: the other orders with just this number.
    """

    id: str
    tranid: str
    status: str
    lines: tuple[OrderLine, ...]
    unseen: tuple[OrderLine, ...] = ()
    entity: str | None = None
    location: str | None = None
    subsidiary: str | None = None
    trandate: date | None = None
    lastmodified: str | None = None
    namesakes: tuple[Namesake, ...] = ()

    @property
    def open_lines(self) -> tuple[OrderLine, ...]:
        """The lines that a receipt takes unless told otherwise (section 7.3)."""
        return tuple(line for line in self.lines if line.open_quantity > 0)


class ChangedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase or transfer order that exists, and when it was changed last.

    Attributes:
        lastmodified: in the account's time zone.
        is_open: units of it are still to come.
    """

    id: str
    status: str
    lastmodified: str = ""
    is_open: bool = True


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an item receipt that was made from a purchase order.

    Attributes:
        id: internal id of the receipt.
        createdfrom: internal id of the order.
        order_line: the order's line, from the link table; None where it isn't known.
        quantity: units received with this line, positive.
        createddate: the day on which it was entered, in the account's time zone; people may give
            it another date.
    """

    id: str
    line: int
    item: str
    quantity: Decimal
    createdfrom: str = ""
    tranid: str | None = None
    externalid: str | None = None
    memo: str | None = None
    trandate: date | None = None
    createddate: date | None = None
    location: str | None = None
    order_line: int | None = None


async def purchase_orders_by_number(
    suiteql: SuiteQL, tranids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[PurchaseOrder, ...]]:
    """Find purchase orders by their number (``tranid``), with their item lines.

    Sections 5.1 and 5.2. Exact, case-sensitive; more than one order means that the number
    is ambiguous. Lines without an item (expenses) are left out (section 8.8).

    Returns:
        Only the numbers that were found.
    """
    headers = await suiteql.rows_in(
        ORDERS.replace("{where}", "{list}"),
        tranids,
        type=_OrderHeader,
        operation="suiteql.purchase_orders_by_number",
        priority=priority,
    )
    orders: dict[str, tuple[PurchaseOrder, ...]] = {}
    for order in await _with_lines(suiteql, headers, {*tranids}, priority):
        orders[order.tranid] = (*orders.get(order.tranid, ()), order)
    return orders


async def purchase_orders_by_id(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, PurchaseOrder]:
    """Find purchase orders by internal id, with their item lines (sections 5.1 and 5.2).

    Returns:
        Only those that exist; a deleted order is left out.
    """
    headers = await suiteql.rows_in(
        ORDERS.replace("{where}", NUMBERS_OF),
        order_ids,
        type=_OrderHeader,
        operation="suiteql.purchase_orders_by_id",
        priority=priority,
    )
    wanted = {header.tranid for header in headers if header.id in order_ids}
    found = await _with_lines(suiteql, headers, wanted, priority, only=order_ids)
    return {order.id: order for order in found}


async def order_changes(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.BULK
) -> list[ChangedOrder]:
    """Return when these orders were last changed; a deleted one is left out."""
    return await suiteql.rows_in(
        ORDER_CHANGES,
        order_ids,
        type=ChangedOrder,
        operation="suiteql.order_changes",
        priority=priority,
    )


async def _with_lines(
    suiteql: SuiteQL,
    headers: Sequence[_OrderHeader],
    numbers: Collection[str],
    priority: Priority,
    *,
    only: Collection[str] | None = None,
) -> list[PurchaseOrder]:
    """Return the purchase orders of these numbers, each with its lines and its namesakes.

    Args:
        suiteql: the account.
        headers: of purchase and transfer orders.
        numbers: compared exactly.
        priority: of the call.
        only: the internal ids that are wanted; None: all.
    """
    named: dict[str, dict[str, _OrderHeader]] = {number: {} for number in numbers}
    for header in headers:
        if header.tranid in named:
            named[header.tranid].setdefault(header.id, header)
    wanted = [
        header
        for some in named.values()
        for header in some.values()
        if header.type == "PurchOrd" and (only is None or header.id in only)
    ]
    lines = await all_order_lines(suiteql, [header.id for header in wanted], priority)
    return [
        _order(header, as_ordered(lines.get(header.id, ())), named[header.tranid].values())
        for header in sorted(wanted, key=lambda header: int(header.id))
    ]


def _order(
    header: _OrderHeader, lines: Sequence[OrderLine], named: Iterable[_OrderHeader]
) -> PurchaseOrder:
    return PurchaseOrder(
        id=header.id,
        tranid=header.tranid,
        status=header.status,
        lines=tuple(line for line in lines if line.itemid),
        unseen=tuple(line for line in lines if not line.itemid),
        entity=header.entity,
        location=header.location,
        subsidiary=header.subsidiary,
        trandate=header.trandate,
        lastmodified=header.lastmodified,
        namesakes=tuple(
            Namesake(
                id=one.id,
                is_transfer=one.type == "TrnfrOrd",
                status=one.status,
                subsidiary=one.subsidiary,
            )
            for one in named
            if one.id != header.id
        ),
    )


async def order_lines(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, list[OrderLine]]:
    """Return the item lines of purchase orders by internal id of the order (section 5.2).

    Lines of items that the role may not see are left out.
    """
    lines = await all_order_lines(suiteql, order_ids, priority)
    return {
        order_id: seen
        for order_id, some in lines.items()
        if (seen := [line for line in some if line.itemid])
    }


async def all_order_lines(
    suiteql: SuiteQL, order_ids: Sequence[str], priority: Priority = Priority.LIVE
) -> Mapping[str, list[OrderLine]]:
    """Return the item lines of orders of whatever type, by internal id of the order.

    A line of an item that the role may not see has no ``itemid``.
    """
    rows = await suiteql.rows_in(
        ORDER_LINES,
        order_ids,
        type=OrderLine,
        operation="suiteql.order_lines",
        priority=priority,
    )
    lines: dict[str, list[OrderLine]] = {}
    for row in rows:
        lines.setdefault(row.transaction, []).append(row)
    for listed in lines.values():
        listed.sort(key=lambda line: line.line)
    return lines


async def received_by_receipts(
    suiteql: SuiteQL, order_ids: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[ReceiptLine, ...]]:
    """Return the lines of all item receipts made from purchase orders, by order.

    This guards against a second receipt without relying on external ids (section 11.4): it finds
    everything received, whoever made the receipt. Receipts are found by ``createdfrom`` on their
    mainline row, the order's line by the link table (section 5.3).

    Args:
        suiteql: the account.
        order_ids: internal ids of the orders.
        priority: its place in the queue.

    Returns:
        Only the orders that have receipts.
    """
    rows = await suiteql.rows_in(
        RECEIPT_LINES,
        order_ids,
        type=ReceiptLine,
        operation="suiteql.received_by_receipts",
        priority=priority,
    )
    # A line that several links name comes once for each of them.
    once = {(row.id, row.line): row for row in reversed(rows)}
    found: dict[str, tuple[ReceiptLine, ...]] = {}
    for row in reversed(once.values()):
        found[row.createdfrom] = (*found.get(row.createdfrom, ()), row)
    return found
