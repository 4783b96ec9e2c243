"""Both systems' stock in the report: its columns, on the page, in the workbook and as CSV."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from ml_connector.reconcile.amounts import plain
from ml_connector.reconcile.tie_out.differences import signed
from ml_connector.reconcile.tie_out.judge import figures
from ml_connector.reconcile.tie_out.rows import Basis, TieLine, TieOut


class StockColumn(NamedTuple):
    """One column of numbers.

    Attributes:
        field: of ``judge.figures``.
        heading: on the page and in the workbook.
        alarming: whether the page shows it in red when it is not nil.
        whole: the heading where it stands alone; empty where that is the same.
    """

    field: str
    heading: str
    alarming: bool = False
    whole: str = ""

    def of(self, line: TieLine) -> Decimal:
        """Return the number of a place."""
        return figures(line)[self.field]


STOCK: Final[Sequence[StockColumn]] = (
    StockColumn("shipbob_opening", "ShipBob, opening"),
    StockColumn("shipbob_moved", "moved", whole="ShipBob, moved"),
    StockColumn("shipbob_closing", "closing", whole="ShipBob, closing"),
    StockColumn("netsuite_opening", "NetSuite, opening"),
    StockColumn("netsuite_moved", "moved", whole="NetSuite, moved"),
    StockColumn("netsuite_closing", "closing", whole="NetSuite, closing"),
    StockColumn("gap", "ShipBob has more"),
    StockColumn("carried", "carried"),
    StockColumn("explained", "explained"),
    StockColumn("unexplained", "Unexplained", alarming=True),
)

BASES: Final[dict[Basis, str]] = {
    "sealed": "The opening balances are those with which the month before was sealed.",
    "movements": (
        "The opening balances are counted back from the closing ones: only the movements of the"
        " month are tied out."
    ),
    "snapshots": (
        "All balances are those of comparisons of stock that are kept: ShipBob's history does not"
        " go back so far."
    ),
}
"""Where the opening balances are from, for a person."""


def shown_lines(tied: TieOut, most: int) -> tuple[Sequence[TieLine], int]:
    """Return the places that are shown, those with a difference first, and how many are not."""
    first = sorted(tied.lines, key=lambda one: (not one.red, not one.gap and not one.items))
    return first[:most], len(first[most:])


def verdict(line: TieLine) -> str:
    """Return what is to be said of a place in a word."""
    if line.red:
        return "unexplained" if line.unexplained else "to resolve"
    return "explained" if line.items or line.carried else "agrees"


def said(line: TieLine) -> str:
    """Return what the difference of a place is made of, for a person."""
    return "; ".join(
        f"{signed(one.quantity)} {one.kind.rule.words}" + (f": {one.says}" if one.says else "")
        for one in line.items
    )


def equation(line: TieLine) -> str:
    """Return both sides' balances as a sentence."""
    sides = (
        f"{system}: {plain(side.opened)} + {plain(side.moved)} moved = {plain(side.closed)}"
        for system, side in (("ShipBob", line.shipbob), ("NetSuite", line.netsuite))
    )
    made = said(line)
    return "; ".join((*sides, made) if made else sides)
