"""Which open items come to exactly a number of units: those, or none. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Final

from ml_connector.reconcile.tie_out.kinds import OpenKind
from ml_connector.reconcile.tie_out.rows import TieItem

_MOST_TOGETHER: Final = 3
_MOST_TRIED: Final = 24
"""Among more items than this, only one alone, or all of a kind, are tried."""


def exact(wanted: Decimal, items: Sequence[TieItem]) -> tuple[TieItem, ...] | None:
    """Return the items that come to exactly a number; None where none do, or it is not clear.

    One alone goes before all of one kind, these before two or three, and those before all there
    are. Where sets of different kinds fit equally well, none is named: a false reason is worse
    than none.

    Args:
        wanted: units.
        items: that may have made it; their kinds are tried in the order of the table.
    """
    if not wanted:
        return ()
    ordered = sorted((one for one in items if one.quantity), key=_rank)
    for fitting in _attempts(wanted, ordered):
        if fitting:
            kinds = {tuple(sorted({one.kind for one in some})) for some in fitting}
            return fitting[0] if len(kinds) == 1 else None
    return None


def _attempts(wanted: Decimal, items: Sequence[TieItem]) -> Iterator[list[tuple[TieItem, ...]]]:
    """Yield the sets that fit, those that are equally plausible together."""
    yield [(one,) for one in items if one.quantity == wanted]
    yield [some for some in _of_one_kind(items) if _sum(some) == wanted]
    if len(items) <= _MOST_TRIED:
        for count in range(2, _MOST_TOGETHER + 1):
            yield [some for some in combinations(items, count) if _sum(some) == wanted]
    yield [tuple(items)] if _sum(items) == wanted else []


def _of_one_kind(items: Sequence[TieItem]) -> list[tuple[TieItem, ...]]:
    by_kind: dict[OpenKind, list[TieItem]] = defaultdict(list)
    for one in items:
        by_kind[one.kind].append(one)
    return [tuple(some) for some in by_kind.values()]


def _sum(items: Sequence[TieItem]) -> Decimal:
    return sum((one.quantity for one in items), Decimal(0))


_ORDER: Final = {kind: at for at, kind in enumerate(OpenKind)}


def _rank(one: TieItem) -> tuple[object, ...]:
    return _ORDER[one.kind], str(one.day or ""), one.source, one.says
