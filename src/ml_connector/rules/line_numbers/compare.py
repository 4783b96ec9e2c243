"""Whether the lines that queries show of an order are those of its own record. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol

import msgspec

from ml_connector.netsuite.records.order_lines import OrderRecord, RecordLine

_NAMED: Final = 3
"""The number of differences that a sentence names."""


class QueriedLine(Protocol):
    """An item line of an order as a query shows it (netsuite.md section 5.2)."""

    @property
    def line(self) -> int:
        """The query's line id."""

    @property
    def item(self) -> str:
        """Internal id of the item."""

    @property
    def quantity(self) -> Decimal:
        """Units ordered, in base units, with whatever sign."""

    @property
    def location(self) -> str | None:
        """Internal id of the line's location."""

    @property
    def units(self) -> str | None:
        """Id of the line's unit."""

    @property
    def stockunit(self) -> str | None:
        """Id of the unit in which the item is kept."""


class UnseenLine(msgspec.Struct, frozen=True, kw_only=True):
    """An open line that the order's own record shows and queries don't.

    Its item may be hidden from the role (netsuite.md section 4.5). A transform that does not
    name it takes it in full (section 7.3).

    Attributes:
        open_quantity: in the line's own unit.
    """

    line: int
    item_id: str
    open_quantity: Decimal


class LineNumbers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an order's line numbers. The default means: nothing is wrong with them.

    Attributes:
        problem: why they are not proved, in words; empty where they are.
        unseen: open lines of the order that queries don't show; empty where there are none, or
            where the numbers are not proved.
    """

    problem: str = ""
    unseen: tuple[UnseenLine, ...] = ()


PROVED: Final = LineNumbers()


def compare(
    lines: Sequence[QueriedLine],
    others: Sequence[int],
    record: OrderRecord,
    rates: Mapping[str, Decimal],
) -> LineNumbers:
    """Look for each line of a query under the same number on the order's own record.

    Args:
        lines: those that a transform may name, as queries show them.
        others: numbers of further lines that queries show; no transform names them.
        record: the order's own record.
        rates: base units in one of each unit, where they can be read.
    """
    by_number = {one.line: one for one in record.lines if one.line is not None}
    differences = [*_twice(record)]
    for line in lines:
        shown = by_number.get(line.line)
        differences += (
            [_missing(line.line, by_number)]
            if shown is None
            else _differences(line, shown, record, rates)
        )
    if differences:
        more = len(differences) - _NAMED
        said = "; ".join(differences[:_NAMED])
        return LineNumbers(problem=said + (f"; and {more} more" if more > 0 else ""))
    queried = {*others, *(line.line for line in lines)}
    return LineNumbers(
        unseen=tuple(
            UnseenLine(line=number, item_id=one.item.id, open_quantity=one.open_quantity)
            for number, one in sorted(by_number.items())
            if number not in queried and _is_article(one) and one.open_quantity
        )
    )


def _twice(record: OrderRecord) -> Iterator[str]:
    for number, count in Counter(one.line for one in record.lines).items():
        if number is not None and count > 1:
            yield f"its record has {count} lines of number {number}"


def _missing(number: int, shown: Mapping[int, RecordLine]) -> str:
    known = ", ".join(map(str, sorted(shown)[:10])) or "none"
    return f"its record has no line {number} (it has: {known})"


def _differences(
    line: QueriedLine, shown: RecordLine, record: OrderRecord, rates: Mapping[str, Decimal]
) -> list[str]:
    if shown.item.id != line.item:
        said = f"line {line.line} is of item {line.item} in queries"
        return [f"{said}, of item {shown.item.id} on its record"]
    found: list[str] = []
    if not _same_quantity(line, shown, rates):
        found.append(
            f"line {line.line} orders {abs(line.quantity):f} in queries, {shown.ordered:f} on its"
            " record"
        )
    if _is_in_unknown_unit(line, shown, rates):
        found.append(
            f"line {line.line} is ordered in unit {shown.unit or line.units}, and queries show"
            f" {'no unit of it' if line.units is None else 'not what that holds'}"
        )
    own = shown.location.id if shown.location is not None else None
    if line.location not in {own, record.location_of(shown)}:
        found.append(
            f"line {line.line} is at location {line.location or 'none'} in queries, at"
            f" {record.location_of(shown) or 'none'} on its record"
        )
    return found


def _same_quantity(line: QueriedLine, shown: RecordLine, rates: Mapping[str, Decimal]) -> bool:
    """Whether both say the same number of units, as far as the line's unit is known.

    Queries are taken to count in base units, which is not certain (netsuite.md section 13.3,
    NS-065): a quantity that is the same in both, whatever the unit, is the same line's as well.
    """
    queried = abs(line.quantity)
    unit = shown.unit or line.units
    if shown.ordered == queried or (unit is not None and unit not in rates):
        return True
    return unit is not None and shown.ordered * rates[unit] == queried


def _is_in_unknown_unit(
    line: QueriedLine, shown: RecordLine, rates: Mapping[str, Decimal]
) -> bool:
    """Whether a transform counts the line in a unit of which queries show too little.

    Such a line is planned in eaches: a number of eaches would be taken for as many cases.
    """
    unit = shown.unit or line.units
    rate = rates.get(unit or "")
    if unit is None:
        return False
    if rate is None:
        is_told = line.units is not None and line.stockunit is not None
        return shown.ordered != abs(line.quantity) and not is_told
    return line.units is None and rate != 1


def _is_article(line: RecordLine) -> bool:
    """Whether it is of an item with a record: a subtotal or the end of a group has none."""
    return line.item.id.isdecimal() and line.item.id != "0"
