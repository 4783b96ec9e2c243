"""How a table fits a terminal: which columns stay, and how wide each of them is. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rich.cells import cell_len

GAP: Final = 2
"""Spaces between two columns."""

_NARROWEST: Final = 8
"""A column whose words are longer than the terminal allows is not made narrower than this."""

# Dates, moments, numbers and sums of money, which nobody reads in two halves.
_MINUS: Final = "\N{MINUS SIGN}"
_WHOLE: Final = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?( UTC)?"
    rf"|[+{_MINUS}-]?\d[\d.,]*( [A-Z]{{3}}| %)?"
)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: what stands above it.
        whole: its texts are never broken over two lines. Those of dates and numbers never are.
        left_out: when the terminal is too narrow, the column with the smallest number is left
            out first; 0: it always stays.
    """

    title: str
    whole: bool = False
    left_out: int = 0


@dataclass(frozen=True)
class Layout:
    """What of a table is shown.

    Attributes:
        shown: numbers of the columns that are shown, from 0.
        widths: of these columns, in cells of the terminal.
        left_out: titles of the columns that do not fit.
    """

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    left_out: tuple[str, ...]


def in_cell(value: object) -> str:
    """Return a value as it stands in a table: with a true minus sign, sums with commas. Pure."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:,f}".replace("-", _MINUS)
        case int():
            return str(value).replace("-", _MINUS)
        case _:
            return str(value)


def layout(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Layout:
    """Return which columns are shown in a terminal of this width, and how wide they are. Pure.

    No word is broken as long as a column can be left out instead.
    """
    widest = [_most(column, rows, at, _longest_line) for at, column in enumerate(columns)]
    whole = [_is_whole(column, rows, at) for at, column in enumerate(columns)]
    narrowest = [
        widest[at] if whole[at] else _most(column, rows, at, _longest_word)
        for at, column in enumerate(columns)
    ]
    shown = _shown(columns, narrowest, width)
    given_way = [narrowest[at] if whole[at] else min(narrowest[at], _NARROWEST) for at in shown]
    return Layout(
        shown=tuple(shown),
        widths=_fitted(
            [widest[at] for at in shown],
            ([narrowest[at] for at in shown], given_way, [_NARROWEST for _ in shown]),
            width,
        ),
        left_out=tuple(one.title for at, one in enumerate(columns) if at not in shown),
    )


def _shown(columns: Sequence[Column], narrowest: Sequence[int], width: int) -> tuple[int, ...]:
    """Return the columns that are shown: the least important ones are left out while it is tight.

    One that was left out comes back where a more important one has left room enough for it.
    """
    shown = set(range(len(columns)))
    spare = sorted(
        (at for at in shown if columns[at].left_out), key=lambda at: columns[at].left_out
    )
    for at in spare:
        if _total([narrowest[one] for one in shown]) > width:
            shown.remove(at)
    for at in reversed(spare):
        if _total([narrowest[one] for one in {*shown, at}]) <= width:
            shown.add(at)
    return tuple(sorted(shown))


def _fitted(widest: Sequence[int], bounds: Sequence[Sequence[int]], width: int) -> tuple[int, ...]:
    """Return widths that fit: the widest columns give way first, to one bound after the other."""
    widths = list(widest)
    for least in bounds:
        while _total(widths) > width:
            at = max(range(len(widths)), key=lambda one: (widths[one] > least[one], widths[one]))
            if widths[at] <= least[at]:
                break
            widths[at] -= 1
    return tuple(widths)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _is_whole(column: Column, rows: Sequence[Sequence[str]], at: int) -> bool:
    return column.whole or all(_WHOLE.fullmatch(row[at]) for row in rows if row[at])


def _most(
    column: Column, rows: Sequence[Sequence[str]], at: int, size: Callable[[str], int]
) -> int:
    return max([size(column.title), *(size(row[at]) for row in rows)])


def _longest_line(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
