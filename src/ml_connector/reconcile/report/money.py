"""Money in the report: its columns and its lines, on the page, in the workbook and as CSV."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from ml_connector.reconcile.amounts import plain, shown
from ml_connector.reconcile.compare.report import Report
from ml_connector.reconcile.money.rows import FeeItem, FeeKind, FeeLine, FeePlace, MoneyTie
from ml_connector.reconcile.report.stock_sheet import Book
from ml_connector.shown import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet


class MoneyColumn(NamedTuple):
    """One column of amounts.

    Attributes:
        field: its name for a program.
        heading: on the page and in the workbook.
        of: returns the amount of a line.
        alarming: whether the page shows it in red when it is not nil.
    """

    field: str
    heading: str
    of: Callable[[FeeLine], Decimal]
    alarming: bool = False


def _of(*kinds: FeeKind) -> Callable[[FeeLine], Decimal]:
    return lambda line: line.of(*kinds)


MONEY: Final[Sequence[MoneyColumn]] = (
    MoneyColumn("charged", "ShipBob charged", lambda line: line.charged),
    MoneyColumn("earlier", "+ of other months", lambda line: -line.of(FeeKind.FROM_EARLIER)),
    MoneyColumn("billed", "= NetSuite, bills and credits", lambda line: line.billed),
    MoneyColumn("accrued", "+ accrued", _of(FeeKind.NOT_INVOICED, FeeKind.BILLED_LATER)),
    MoneyColumn("waiting", "+ waiting", _of(FeeKind.WAITING)),
    MoneyColumn("refused", "+ refused", _of(FeeKind.REFUSED)),
    MoneyColumn(
        "other",
        "+ named otherwise",
        _of(
            FeeKind.DECIDED,
            FeeKind.DIFFERS,
            FeeKind.OTHER_ACCOUNTS,
            FeeKind.OTHER_MATTER,
            FeeKind.ROUNDING,
            FeeKind.BILLED_EARLIER,
        ),
    ),
    MoneyColumn("unexplained", "Unexplained", lambda line: line.unexplained, alarming=True),
)
"""Charged and of other months are what is billed, accrued, waits, was refused, or is named."""


def verdict(line: FeeLine) -> str:
    """Return what is to be said of an account in a word."""
    if line.red:
        return "unexplained"
    return "explained" if line.items else "agrees"


def item_said(item: FeeItem) -> str:
    """Return an item in a sentence."""
    amount = shown(item.amount, item.place.currency)
    sign = "+" if item.amount > 0 else ""
    return f"{sign}{amount} {item.kind.rule.words}" + (f": {item.says}" if item.says else "")


def said(line: FeeLine) -> str:
    """Return what the difference of an account is made of."""
    return "; ".join(map(item_said, line.items))


def totals(lines: Iterable[FeeLine]) -> list[FeeLine]:
    """Return the sums of all accounts, by currency."""
    sums: dict[str, list[FeeLine]] = defaultdict(list)
    for one in lines:
        sums[one.place.currency].append(one)
    return [
        FeeLine(
            place=FeePlace("", currency),
            charged=sum((one.charged for one in some), Decimal(0)),
            billed=sum((one.billed for one in some), Decimal(0)),
            items=tuple(item for one in some for item in one.items),
        )
        for currency, some in sorted(sums.items())
    ]


def figures(line: FeeLine) -> Mapping[str, str]:
    """Return the amounts of a line, for a program."""
    return {column.field: plain(column.of(line), line.place.currency) for column in MONEY}


def sentences(report: Report) -> list[str]:
    """Return money as sentences: a currency each, and what was left out by name."""
    if report.money is None:
        return [report.money_not_tied]
    return [*map(_sentence, totals(report.money.lines)), *notes(report.money)]


def _sentence(line: FeeLine) -> str:
    currency = line.place.currency
    named = {column.field: shown(column.of(line), currency) for column in MONEY}
    return (
        f"Fees in {currency or 'money'}: {named['charged']} charged + {named['earlier']} of other"
        f" months = {named['billed']} billed + {named['accrued']} accrued"
        f" + {named['waiting']} waiting + {named['refused']} refused"
        f" + {named['other']} named otherwise + {named['unexplained']} unexplained"
    )


def write(out: Book, tied: MoneyTie, most: int) -> None:
    """Add two sheets: fees by type, and accounts, those that are red first.

    Args:
        out: the workbook.
        tied: money, tied out.
        most: the most rows of a sheet.
    """
    headings = [column.heading for column in MONEY]
    columns = ("Account", "Currency", *headings, "Verdict", "Made up of")
    sheet = out.sheet(
        "Fees, tied out", columns, (30, 10, *([15] * len(headings)), 13, 90), names=2
    )
    for at, line in enumerate(tied.lines[:most], 1):
        _text(sheet, at, 0, tied.account(line.place.account))
        _text(sheet, at, 1, line.place.currency)
        for place, column in enumerate(MONEY, 2):
            out.number(sheet, at, place, column.of(line), line.place.currency)
        _text(sheet, at, len(columns) - 2, verdict(line))
        _text(sheet, at, len(columns) - 1, said(line))
    for at, note in enumerate(notes(tied), min(len(tied.lines), most) + 1):
        _text(sheet, at, 0, note)
    names = ("Fee", "Type", "Account", "Currency", "Invoiced", "Not invoiced", "Charges")
    sheet = out.sheet("Fees by type", names, (30, 12, 30, 10, 15, 15, 10), names=2)
    for at, one in enumerate(tied.fees[:most], 1):
        for place, text in enumerate((one.fee, one.type, tied.account(one.account), one.currency)):
            _text(sheet, at, place, text)
        out.number(sheet, at, 4, one.invoiced, one.currency)
        out.number(sheet, at, 5, one.not_invoiced, one.currency)
        out.number(sheet, at, 6, Decimal(one.charges), "")


def notes(tied: MoneyTie) -> list[str]:
    """Return what a person should know: what was left out by name, and what could not be had."""
    return [
        *(
            f"Left out of the fees: {one.type}, {one.invoices}"
            f" invoice{'' if one.invoices == 1 else 's'} over"
            f" {shown(one.amount, one.currency)} {one.currency}"
            for one in tied.no_cost
        ),
        *tied.notes,
    ]


def _text(sheet: "Worksheet", row: int, column: int, text: str) -> None:
    sheet.write_string(row, column, visible(text, keep="\n"))
