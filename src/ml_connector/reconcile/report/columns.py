"""The columns of numbers in the table of the three ways: on the page, in the workbook, printed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from ml_connector.reconcile.compare.report import Row


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
    WaysColumn("journal", "Journal", "journal"),
    WaysColumn("netsuite", "NetSuite, ours", "NetSuite"),
    WaysColumn("difference", "Difference", "", alarming=True),
    WaysColumn("others", "By others", "by others"),
)
