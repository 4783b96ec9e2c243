"""Whole numbers that are written otherwise than documented: 60.0, "60", "60.0". Pure.

ShipBob's serialisers were seen to write ids as numbers and as texts (ShipBob reference, section
13); the same is possible of quantities. Such a number is read as what it is. 60.5, and a text that
is no number, are not whole: their row can't be read. Assumptions: SB-052.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

_FAULT: Final = re.compile(r"Expected `int[^`]*`, got `(?:str|decimal|float)` - at `\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")
_WHOLE: Final = re.compile(r"(0|-?[1-9][0-9]{0,18})(\.0+)?", re.ASCII)
_MOST: Final = 2**63


def with_whole_numbers(value: object, fault: str) -> object | None:
    """Return plain values with whole numbers where a fault found them in another spelling.

    All rows of a list are mended at once, so that a long one is gone through once for each field.

    Args:
        value: plain values, as they were read.
        fault: what was wrong with them, with its path.

    Returns:
        A copy; None where the fault is another one.
    """
    found = _FAULT.fullmatch(fault)
    if found is None:
        return None
    steps = [name or int(index) for name, index in _STEP.findall(found[1])]
    if not steps or whole(_at(value, steps)) is None:
        return None
    copied = copy.deepcopy(value)
    for holder, last in _holders(copied, steps):
        number = whole(holder[last])
        if number is not None:
            holder[last] = number
    return copied


def whole(value: object) -> int | None:
    """Return the whole number that a number or text says; None where it says none."""
    if isinstance(value, Decimal):
        is_whole = value.is_finite() and abs(value) < _MOST and value == int(value)
        return int(value) if is_whole else None
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        return int(found[1]) if found else None
    return None


def _at(value: Any, steps: Sequence[str | int]) -> object:
    for step in steps:
        value = value[step]
    return value


def _holders(
    value: Any,
    steps: Sequence[str | int],
) -> Iterator[tuple[Any, str | int]]:
    """Yield what holds such a field, and its key or place: in every row of each list."""
    step, *rest = steps
    if isinstance(step, int):
        keys: Sequence[str | int] = range(len(value)) if isinstance(value, list) else ()
    else:
        keys = [step] if isinstance(value, dict) and step in value else ()
    for key in keys:
        if rest:
            yield from _holders(value[key], rest)
        else:
            yield value, key
