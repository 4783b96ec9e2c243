"""What is asked about sales orders: headers, lines, lots, and what else has their numbers.

Tables and columns: netsuite.md section 5. All values from outside are bound parameters.
Square brackets enclose what an account may lack (``SuiteQL``).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from ml_connector.netsuite.dialect import Flag, column_name
from ml_connector.netsuite.item_types import is_fulfilled
from ml_connector.netsuite.queries.sales_orders.fulfillments import Fulfillment, fulfillments_of
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority

# ``{column}`` is a column of ours or a custom field's id; ``{list}`` becomes placeholders.
# Item lines of a document (section 5.2): neither its header row nor tax, cost of goods or
# the components of an assembly. One query returns headers and lines, because an order that is
# being shipped is read often.
ORDERS: Final = """
SELECT t.id, t.tranid, t.status, t.{column} AS matched, m.location[, m.subsidiary],
    TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate,
    l.id AS line, l.item, i.itemid, i.fullname, i.itemtype, l.quantity, l.quantityshiprecv,
    l.isclosed, l.location AS linelocation
    [, i.islotitem][, i.isserialitem][, l.units][, i.stockunit][, i.isfulfillable]
FROM transaction t
LEFT JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
LEFT JOIN transactionline l ON l.transaction = t.id
    AND l.mainline = 'F' AND l.item IS NOT NULL
    AND (l.taxline = 'F' OR l.taxline IS NULL) AND (l.iscogs = 'F' OR l.iscogs IS NULL)
    [AND (l.assemblycomponent = 'F' OR l.assemblycomponent IS NULL)]
LEFT JOIN item i ON i.id = l.item
WHERE t.type = 'SalesOrd' AND t.{column} IN ({list}) ORDER BY t.id, l.id
"""

HEADERS: Final = """
SELECT t.id, t.tranid, t.entity, t.status, t.{column} AS matched FROM transaction t
WHERE t.type = 'SalesOrd' AND t.{column} IN ({list}) ORDER BY t.id
"""

OTHER_SALES: Final = """
SELECT t.id, t.tranid, t.type, t.{column} AS matched FROM transaction t
WHERE t.type IN ('CashSale', 'CustInvc', 'TrnfrOrd') AND t.{column} IN ({list}) ORDER BY t.id
"""

LOTS: Final = """
SELECT n.id, n.item, n.inventorynumber FROM inventorynumber n
WHERE n.inventorynumber IN ({list}) ORDER BY n.id
"""


_OWN_FIELDS: Final = frozenset({"tranid", "id", "otherrefnum", "externalid"})
_CUSTOM_FIELD: Final = re.compile(r"cust[a-z0-9_]{1,60}")


class SalesOrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item line of a sales order (section 5.2).

    Attributes:
        line: what transforms take as ``orderLine``; not always 1, 2, 3.
        quantity: ordered, in base units; negative in NetSuite's own books.
        quantityshiprecv: fulfilled so far, in base units; which sign it has on a sales order
            is not documented (NS-032).
        itemtype: such as InvtPart, Assembly, Kit, NonInvtPart, Service.
        units: id of the line's unit; the quantities are not in it (section 13.3).
        isfulfillable: whether the item can be fulfilled; None where the account does not say
            (section 16.16).
    """

    line: int
    item: str
    itemid: str
    itemtype: str
    fullname: str = ""
    quantity: Decimal = Decimal(0)
    quantityshiprecv: Decimal = Decimal(0)
    isclosed: Flag = Flag.F
    location: str | None = None
    islotitem: Flag = Flag.F
    isserialitem: Flag = Flag.F
    units: str | None = None
    stockunit: str | None = None
    isfulfillable: Flag | None = None

    @property
    def ordered_quantity(self) -> Decimal:
        """Units ordered, as a positive number."""
        return abs(self.quantity)

    @property
    def fulfilled_quantity(self) -> Decimal:
        """Units fulfilled so far, as a positive number."""
        return abs(self.quantityshiprecv)

    @property
    def open_quantity(self) -> Decimal:
        """Units still to be fulfilled: 0 on a closed line, never negative."""
        if self.isclosed:
            return Decimal(0)
        return max(Decimal(0), self.ordered_quantity - self.fulfilled_quantity)

    @property
    def can_ship(self) -> bool:
        """Whether it can be on an item fulfilment at all."""
        return is_fulfilled(self.itemtype, self.marked)

    @property
    def marked(self) -> bool | None:
        """Whether the item is marked to be fulfilled; None where the account does not say."""
        return None if self.isfulfillable is None else bool(self.isfulfillable)


class SalesOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A sales order with its item lines and everything fulfilled from it.

    Attributes:
        status: the letter (section 5.7): A pending approval, B pending fulfilment, C
            cancelled, D partially fulfilled, E pending billing/partially fulfilled, F
            pending billing, G billed, H closed.
        matched: the value it was found by.
    """

    id: str
    tranid: str
    status: str
    matched: str
    lines: tuple[SalesOrderLine, ...] = ()
    fulfillments: tuple[Fulfillment, ...] = ()
    location: str | None = None
    subsidiary: str | None = None
    trandate: date | None = None


class OtherSale(msgspec.Struct, frozen=True, kw_only=True):
    """A cash sale, an invoice or a transfer order that has what a sales order was looked for by.

    Attributes:
        type: CashSale, CustInvc or TrnfrOrd.
        matched: the value it was found by.
    """

    id: str
    type: str
    matched: str
    tranid: str = ""


class SalesOrderHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Which sales order it is, and whose.

    Attributes:
        entity: internal id of the customer.
        matched: the value it was found by.
        status: the letter, as of ``SalesOrder``.
    """

    id: str
    matched: str
    tranid: str = ""
    entity: str | None = None
    status: str = ""


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot or serial number of an item (section 5.4)."""

    id: str
    item: str
    inventorynumber: str


class _OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order with its header; or an order without a line."""

    id: str
    tranid: str
    status: str
    matched: str
    location: str | None = None
    subsidiary: str | None = None
    trandate: date | None = None
    line: int | None = None
    item: str | None = None
    itemid: str | None = None
    itemtype: str = ""
    fullname: str = ""
    quantity: Decimal = Decimal(0)
    quantityshiprecv: Decimal = Decimal(0)
    isclosed: Flag = Flag.F
    linelocation: str | None = None
    islotitem: Flag = Flag.F
    isserialitem: Flag = Flag.F
    units: str | None = None
    stockunit: str | None = None
    isfulfillable: Flag | None = None


async def sales_orders_by(
    suiteql: SuiteQL, field: str, values: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[SalesOrder, ...]]:
    """Find sales orders by a field of theirs, with lines and fulfilments (section 8.9).

    Exact, case-sensitive; more than one order means that the value is ambiguous.

    Args:
        suiteql: the account.
        field: tranid, id, otherrefnum, externalid, or the id of a custom body field.
        values: what to look for.
        priority: its place in the queue.

    Returns:
        Only the values that were found.

    Raises:
        UnknownIdentifier: the account has no such custom field.
        ValueError: orders can't be found by this field.
    """
    rows = await suiteql.rows_in(
        ORDERS.replace("{column}", column_name(_matching_field(field))),
        values,
        type=_OrderRow,
        operation="suiteql.sales_orders",
        priority=priority,
    )
    lines: dict[str, list[SalesOrderLine]] = {}
    for row in rows:
        if row.line is not None and row.item is not None and row.itemid is not None:
            lines.setdefault(row.id, []).append(_line(row, row.line, row.item, row.itemid))
    headers = {row.id: row for row in rows}
    fulfillments = await fulfillments_of(suiteql, list(headers), priority=priority)
    orders: dict[str, tuple[SalesOrder, ...]] = {}
    for header in headers.values():
        order = SalesOrder(
            id=header.id,
            tranid=header.tranid,
            status=header.status,
            matched=header.matched,
            location=header.location,
            subsidiary=header.subsidiary,
            trandate=header.trandate,
            lines=tuple(sorted(lines.get(header.id, ()), key=lambda line: line.line)),
            fulfillments=tuple(fulfillments.get(header.id, ())),
        )
        orders[order.matched] = (*orders.get(order.matched, ()), order)
    return orders


async def headers_by(
    suiteql: SuiteQL, field: str, values: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[SalesOrderHeader, ...]]:
    """Find sales orders as ``sales_orders_by`` does, but only whose they are: one small query.

    Raises:
        UnknownIdentifier: the account has no such custom field.
        ValueError: orders can't be found by this field.
    """
    rows = await suiteql.rows_in(
        HEADERS.replace("{column}", column_name(_matching_field(field))),
        values,
        type=SalesOrderHeader,
        operation="suiteql.sales_orders",
        priority=priority,
    )
    found: dict[str, tuple[SalesOrderHeader, ...]] = {}
    for row in rows:
        found[row.matched] = (*found.get(row.matched, ()), row)
    return found


async def other_sales_by(
    suiteql: SuiteQL, field: str, values: Sequence[str], *, priority: Priority = Priority.LIVE
) -> Mapping[str, tuple[OtherSale, ...]]:
    """Find cash sales, invoices and transfer orders by a field, as ``sales_orders_by`` does."""
    rows = await suiteql.rows_in(
        OTHER_SALES.replace("{column}", column_name(_matching_field(field))),
        values,
        type=OtherSale,
        operation="suiteql.other_sales",
        priority=priority,
    )
    found: dict[str, tuple[OtherSale, ...]] = {}
    for row in rows:
        found[row.matched] = (*found.get(row.matched, ()), row)
    return found


def _matching_field(field: str) -> str:
    """Return a field that sales orders may be found by.

    Raises:
        ValueError: orders can't be found by this field.
    """
    if field not in _OWN_FIELDS and not _CUSTOM_FIELD.fullmatch(field):
        raise ValueError(f"sales orders are not found by {field!r}")
    return field


def _line(row: _OrderRow, line: int, item: str, itemid: str) -> SalesOrderLine:
    return SalesOrderLine(
        line=line,
        item=item,
        itemid=itemid,
        itemtype=row.itemtype,
        fullname=row.fullname,
        quantity=row.quantity,
        quantityshiprecv=row.quantityshiprecv,
        isclosed=row.isclosed,
        location=row.linelocation,
        islotitem=row.islotitem,
        isserialitem=row.isserialitem,
        units=row.units,
        stockunit=row.stockunit,
        isfulfillable=row.isfulfillable,
    )


async def lots_by_number(
    suiteql: SuiteQL, numbers: Sequence[str], *, priority: Priority = Priority.LIVE
) -> list[Lot]:
    """Return the lots and serial numbers with these texts, of whatever item (section 5.4)."""
    return await suiteql.rows_in(
        LOTS, numbers, type=Lot, operation="suiteql.lots", priority=priority
    )
