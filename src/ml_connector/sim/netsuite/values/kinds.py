"""What kind of value an expression of a query has: date, number or text."""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

KIND: Final = "kind"
"""Key of a column's kind in a node's ``meta``; ``table`` and ``target`` stand beside it."""

DATES: Final = ("d", "m")

_DATE_CALLS: Final = frozenset(
    ("TO_DATE", "TO_TIMESTAMP", "SYSDATE", "ADD_MONTHS", "LAST_DAY", "RELATIVE_RANGES")
)
_NUMBER_CALLS: Final = frozenset(
    ("ROUND", "MOD", "ABS", "CEIL", "FLOOR", "SIGN", "POWER", "LENGTH", "INSTR", "TO_NUMBER")
)
_SAME_CALLS: Final = frozenset(("TRUNC", "GREATEST", "LEAST", "NULLIF"))
"""Calls that answer the kind of what they are given."""


def kind_of(node: exp.Expr | None) -> str:
    """``d`` date, ``m`` date with time, ``i`` or ``n`` number, ``t`` text or unknown."""
    for types, tell in _TELL:
        if isinstance(node, types):
            return tell(node)
    return "t"


def _of_column(node: exp.Expr) -> str:
    return str(node.meta.get(KIND, "n" if node.name == "rownum" else "t"))


def _of_sum(node: exp.Expr) -> str:
    left, right = kind_of(node.this) in DATES, kind_of(node.args["expression"]) in DATES
    if isinstance(node, exp.Sub) and left and right:
        return "n"
    return "m" if left or right else "n"


def _of_call(node: exp.Expr) -> str:
    name = str(node.this).upper()
    if name in _SAME_CALLS and node.expressions:
        return kind_of(node.expressions[0])
    if name in _DATE_CALLS:
        return "m"
    return "n" if name in _NUMBER_CALLS or name == "MONTHS_BETWEEN" else "t"


_TELL: Final[tuple[tuple[tuple[type[exp.Expr], ...], Callable[[exp.Expr], str]], ...]] = (
    ((exp.Column,), _of_column),
    (
        (exp.Alias, exp.Paren, exp.Min, exp.Max, exp.Coalesce, exp.Window),
        lambda node: kind_of(node.this),
    ),
    ((exp.Dot,), lambda node: kind_of(node.args["expression"])),
    ((exp.CurrentTimestamp, exp.CurrentDate), lambda _: "m"),
    ((exp.Add, exp.Sub), _of_sum),
    ((exp.Case,), lambda node: kind_of(node.args["ifs"][0].args["true"])),
    ((exp.Literal,), lambda node: "t" if node.is_string else "n"),
    (
        (exp.Count, exp.Sum, exp.Avg, exp.Mul, exp.Div, exp.Neg, exp.Extract),
        lambda _: "n",
    ),
    ((exp.Anonymous,), _of_call),
)
