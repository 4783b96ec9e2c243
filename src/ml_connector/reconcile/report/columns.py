"""The columns of numbers in the report's tables: on the page, in the workbook, printed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from ml_connector.reconcile.compare.report import OrderLineRow, Row


class WaysColumn(NamedTuple):
    """One column of numbers.

    Attributes:
        field: of ``Row``.
        heading: on the page and in the workbook.
        printed: the heading on the terminal; empty where it is not printed.
        alarming: whether the page shows it in red when it is not nil.
    """

    field: str
    heading: str
    printed: str
    alarming: bool = False

    def of(self, row: Row) -> Decimal:
        """Return the number of a row."""
        value: Decimal = getattr(row, self.field)
        return value


THREE_WAYS: Final[Sequence[WaysColumn]] = (
    WaysColumn("shipbob", "ShipBob", "ShipBob"),
    WaysColumn("open", "Open", "open", alarming=True),
    WaysColumn("refused", "Refused", "refused"),
    WaysColumn("later", "Posted later", "posted later"),
    WaysColumn("earlier", "From earlier", "from earlier"),
    WaysColumn("decided", "Decided", "decided"),
    WaysColumn("undone", "Undone", "undone"),
    WaysColumn("journal", "Journal", "journal"),
    WaysColumn("netsuite", "NetSuite, ours", "NetSuite"),
    WaysColumn("difference", "Difference", "", alarming=True),
    WaysColumn("others", "By others", "by others"),
)


class OrderColumn(NamedTuple):
    """One column of numbers of purchase order lines.

    Attributes:
        field: of ``OrderLineRow``.
        heading: on the page and in the workbook.
    """

    field: str
    heading: str

    def of(self, row: OrderLineRow) -> Decimal:
        """Return the number of a row."""
        value: Decimal = getattr(row, self.field)
        return value


ORDER_LINE: Final[Sequence[OrderColumn]] = (
    OrderColumn("ordered", "Ordered"),
    OrderColumn("surplus", "Surplus"),
    OrderColumn("ours", "Received by us"),
    OrderColumn("others", "By others"),
    OrderColumn("on_its_way", "On its way"),
    OrderColumn("to_come", "To come"),
    OrderColumn("closed_short", "Closed short"),
    OrderColumn("month_ours", "By us, this month"),
    OrderColumn("month_others", "By others, this month"),
)
"""Ordered and surplus are what was received, is on its way or to come, or was closed short."""


SHIPMENT_LINE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "shipped": "Shipped",
        "ours": "Fulfilled by us",
        "others": "By others",
        "waiting": "Waiting",
        "refused": "Refused",
    }
)
"""Fields of ``ShipmentLineRow`` and their headings: shipped is all the others."""
