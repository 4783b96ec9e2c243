"""Two runs of one subject side by side: which facts differ, and what each decided. Pure.

Facts are laid out as paths with values: members of a list are told apart by the number that names
them, so that a line which was added shifts no others.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

MOST_DIFFERENCES: Final = 300
LONGEST_VALUE: Final = 500

_NAMED_BY: Final = (
    *("sku", "inventory_id", "number", "external_id", "source_line", "line", "key", "name"),
    *("id", "item_id", "item", "sku_id", "start"),
)
"""What tells the members of a list apart; the first that all of them have, each another."""


class FactDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs.

    Attributes:
        what: the path, such as ``lines TEE-BLK-M stowed``.
        before: its value in the first; None: it was not there.
        after: its value in the second, likewise.
    """

    what: str
    before: str | None
    after: str | None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two.

    Attributes:
        same: how many values are the same.
        more: more differ than are listed.
    """

    differences: tuple[FactDifference, ...]
    same: int
    more: bool = False


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Compared:
    """Return what differs between two documents of data."""
    old, new = dict(_laid_out(before, "")), dict(_laid_out(after, ""))
    differences = [
        FactDifference(what=path, before=old.get(path), after=new.get(path))
        for path in dict.fromkeys((*new, *old))
        if old.get(path) != new.get(path)
    ]
    return Compared(
        differences=tuple(differences[:MOST_DIFFERENCES]),
        same=sum(old.get(path) == value for path, value in new.items()),
        more=len(differences) > MOST_DIFFERENCES,
    )


def _laid_out(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _laid_out(inner, f"{path} {name}".strip())
    elif isinstance(value, (list, tuple)):
        if all(not isinstance(inner, (Mapping, list, tuple)) for inner in value):
            if value:
                yield path, _text(", ".join(_said(inner) for inner in value))
            return
        for name, inner in _members(value):
            yield from _laid_out(inner, f"{path} {name}".strip())
    elif value is not None and value != "":
        yield path, _text(_said(value))


def _members(value: list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for field in _NAMED_BY:
        names = [
            str(inner[field])
            for inner in value
            if isinstance(inner, Mapping) and inner.get(field) is not None
        ]
        if len(names) == len(value) == len(set(names)):
            for name, inner in zip(names, value, strict=True):
                yield name, {key: item for key, item in inner.items() if key != field}
            return
    for number, inner in enumerate(value, start=1):
        yield f"{number}", inner


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _text(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
