"""The source's lines that a decision is about: what changed of them, which are new. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

from ml_connector.ledger.decisions.decisions import DecidedLine
from ml_connector.ledger.postings.documents import SourceLine

_N = TypeVar("_N", int, Decimal)


def decided_lines(lines: Iterable[SourceLine]) -> tuple[DecidedLine, ...]:
    """Return the lines that move units or money, as a decision keeps them, each name once."""
    kept: dict[str, DecidedLine] = {}
    for line in lines:
        if line.quantity is not None or line.amount is not None:
            kept[line.source_line] = _with(kept.get(line.source_line), line)
    return tuple(kept.values())


def line_changes(then: Iterable[DecidedLine], lines: Iterable[SourceLine]) -> str:
    """Return how the lines of a decision have changed since; empty where they are the same."""
    now: Mapping[str, DecidedLine] = {one.name: one for one in decided_lines(lines)}
    changes = [
        f"{one.name} is {_amount(now.get(one.name))}, and was {_amount(one)}"
        for one in then
        if now.get(one.name) != one
    ]
    return "; ".join(changes)


def new_lines(then: Iterable[DecidedLine], lines: Iterable[SourceLine]) -> tuple[str, ...]:
    """Return the names of the lines that have come since a decision, which it is not about."""
    known = {one.name for one in then}
    names = [one.name for one in decided_lines(lines)] if known else []
    return tuple(name for name in names if name not in known)


def _with(before: DecidedLine | None, line: SourceLine) -> DecidedLine:
    if before is None:
        return DecidedLine(name=line.source_line, quantity=line.quantity, amount=line.amount)
    return DecidedLine(
        name=before.name,
        quantity=_sum(before.quantity, line.quantity),
        amount=_sum(before.amount, line.amount),
    )


def _sum(one: _N | None, other: _N | None) -> _N | None:
    return other if one is None else one if other is None else one + other


def _amount(line: DecidedLine | None) -> str:
    if line is None:
        return "gone"
    return f"{line.quantity if line.quantity is not None else line.amount}"
