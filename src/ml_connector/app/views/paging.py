"""Lists that are shown a part at a time, and counts that end somewhere."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

PAGE_ROWS: Final = 50
"""So many rows a page has."""

MOST_ROWS: Final = 500
"""So many a list may be asked for at once."""


class Listed(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list.

    Attributes:
        rows: of this part.
        after: where the next part begins, to be given as ``after``; None: this is the last.
    """

    rows: tuple[T, ...]
    after: str | None = None


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are; ``more``: it was not counted any further."""

    count: int
    more: bool = False


def counted(found: int, most: int) -> Counted:
    """Return a count that ended at ``most``. Pure."""
    return Counted(count=min(found, most), more=found > most)


def listed(found: Sequence[T], limit: int, key: Callable[[T], object]) -> Listed[T]:
    """Return the part of a list of which one row more than ``limit`` was asked for. Pure.

    Args:
        found: the rows, in order; at most ``limit`` + 1.
        limit: how many the part has.
        key: by which the list is continued after a row.
    """
    shown = tuple(found[:limit])
    more = len(found) > limit and shown
    return Listed(rows=shown, after=str(key(shown[-1])) if more else None)
