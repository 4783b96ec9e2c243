"""How templates say what is stored as codes and numbers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ml_connector.app.views import words
from ml_connector.app.views.paging import Counted

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_SHORT_SECONDS: Final = 10
_STEP: Final = 1024
_LINE: Final = 240
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def chip(state: str, attempt: int = 0) -> Markup:
    """Return a state as a chip."""
    shown = words.state_shown(state, attempt)
    return Markup('<span class="chip {}">{}</span>').format(shown.chip, shown.word)


def counted(number: Counted) -> str:
    """Return a count with commas, and a plus where it ended before the last."""
    return f"{number.count:,}{'+' if number.more else ''}"


def of(number: int, noun: str) -> str:
    """Return how many of a thing there are, such as ``1 row`` and ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def span(seconds: float | None) -> str:
    """Return a length of time in its largest unit, such as ``42 min``."""
    if seconds is None:
        return "\u2013"
    seconds = abs(seconds)
    if seconds < _SHORT_SECONDS:
        return f"{seconds:.1f} s"
    for unit, size in (("days", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= (size * 2 if unit == "days" else size):
            return f"{int(seconds // size)} {unit}"
    return f"{seconds:.0f} s"


def until(moment: datetime | None, now: datetime) -> str:
    """Return how long it is until a moment, such as ``in 23 days``; or that it is over."""
    if moment is None:
        return "not known"
    left = (moment - now).total_seconds()
    return f"in {span(left)}" if left > 0 else "over"


def since(moment: datetime | None) -> str:
    """Return how long ago a moment was, such as ``4 s ago``."""
    if moment is None:
        return "never"
    return f"{span((datetime.now(UTC) - moment).total_seconds())} ago"


def size(number: float) -> str:
    """Return a number of bytes, such as ``1.4 GB``."""
    for unit in _UNITS[:-1]:
        if number < _STEP:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _STEP
    return f"{number:.1f} {_UNITS[-1]}"


def share(part: float, whole: float) -> float:
    """Return a share in percent between 0 and 100, with two digits."""
    return round(min(100.0, max(0.0, part / whole * 100)), 2) if whole > 0 else 0.0


def signed(number: Any) -> str:
    """Return a number with its sign, a real minus, and no digits that say nothing."""
    if not number:
        return "0"
    text = f"{abs(number):,f}" if not isinstance(number, int) else f"{abs(number):,}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'+' if number > 0 else chr(0x2212)}{text}"


def whole(number: Any) -> str:
    """Return a quantity without digits that say nothing."""
    if number is None:
        return "\u2013"
    text = signed(number)
    return text.removeprefix("+")


def wall(moment: datetime, zone: str) -> str:
    """Return a moment as a clock on the wall says it: ``Tuesday 17 November 2026, 14:52``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%A} {there.day} {there:%B %Y, %H:%M}"


def target(text: str) -> str:
    """Return the document of a journal row, such as ``Item receipt 5002``."""
    kind, _, number = text.partition(" ")
    return words.document_title(kind, number or None)


def query(fields: Mapping[str, str]) -> str:
    """Return fields as the query of an address."""
    return f"?{urlencode(fields)}"


def clipped(text: str) -> str:
    """Return a text as far as a line of a list has room for it."""
    return text if len(text) <= _LINE else f"{text[:_LINE]}\u2026"


FILTERS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        "chip": chip,
        "counted": counted,
        "of": of,
        "span": span,
        "until": until,
        "since": since,
        "size": size,
        "share": share,
        "signed": signed,
        "whole": whole,
        "document": words.document_title,
        "subject": words.subject_title,
        "topic": words.topic_title,
        "wall": wall,
        "target": target,
        "document_count": words.document_count,
        "query": query,
        "clipped": clipped,
    }
)
"""By their names in templates."""

GLOBALS: Final[Mapping[str, object]] = MappingProxyType({"flow_titles": words.FLOW_TITLES})
"""What every template may list."""
