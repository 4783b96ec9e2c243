"""Oracle's date and number formats, as TO_CHAR and TO_DATE use them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from ml_connector.sim.netsuite.values import instants, numbers

_PARTS: Final = re.compile(
    r'"(?P<quoted>[^"]*)"|(?P<part>YYYY|RRRR|YY|RR|MONTH|MON|MM|DDD|DD|DY|DAY|DS|DL|TS|HH24|HH12|HH|MI|'
    r"SSSSS|SS|FF\d?|AM|PM|A\.M\.|P\.M\.|WW|IW|Q|D|FM|TZH:TZM|TZR)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class FormatError(ValueError):
    """A format or a text that doesn't fit it."""


@lru_cache(maxsize=256)
def _read_pattern(pattern: str) -> tuple[tuple[bool, str], ...]:
    """A date format as parts (True) and plain text (False)."""
    found: list[tuple[bool, str]] = []
    for match in _PARTS.finditer(pattern):
        if match["quoted"] is not None:
            found.append((False, match["quoted"]))
        elif match["part"]:
            found.append((True, match["part"]))
        elif match["other"].isalpha():
            raise FormatError("date format not recognized")
        else:
            found.append((False, match["other"]))
    return tuple(found)


@lru_cache(maxsize=8192)
def write_date(moment: datetime, pattern: str) -> str:
    """``TO_CHAR`` of a date.

    Raises:
        FormatError: letters that mean nothing, as Oracle refuses them.
    """
    return "".join(
        _write_part(moment, text) if is_part else text for is_part, text in _read_pattern(pattern)
    )


def _write_part(moment: datetime, part: str) -> str:
    name = part.upper()
    write = _WRITERS.get(name)
    if write is None:
        raise FormatError("date format not recognized")
    value = write(moment)
    if name in ("MONTH", "MON", "DAY", "DY"):
        if part[0].isupper() and part[1:].islower():
            return value.capitalize()
        return value.lower() if part.islower() else value
    return value


def _half(moment: datetime) -> str:
    return "PM" if moment.hour >= 12 else "AM"  # noqa: PLR2004 - noon


def _seconds(moment: datetime) -> int:
    return (moment.hour * 60 + moment.minute) * 60 + moment.second


_WRITERS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "YYYY": lambda moment: f"{moment.year:04}",
    "RRRR": lambda moment: f"{moment.year:04}",
    "YY": lambda moment: f"{moment.year % 100:02}",
    "RR": lambda moment: f"{moment.year % 100:02}",
    "MONTH": lambda moment: _MONTHS[moment.month - 1].upper().ljust(9),
    "MON": lambda moment: _MONTHS[moment.month - 1][:3].upper(),
    "MM": lambda moment: f"{moment.month:02}",
    "DDD": lambda moment: f"{moment.timetuple().tm_yday:03}",
    "DD": lambda moment: f"{moment.day:02}",
    "D": lambda moment: str(moment.isoweekday() % 7 + 1),
    "DY": lambda moment: _DAYS[moment.weekday()][:3].upper(),
    "DAY": lambda moment: _DAYS[moment.weekday()].upper().ljust(9),
    "HH24": lambda moment: f"{moment.hour:02}",
    "HH12": lambda moment: f"{moment.hour % 12 or 12:02}",
    "HH": lambda moment: f"{moment.hour % 12 or 12:02}",
    "MI": lambda moment: f"{moment.minute:02}",
    "SS": lambda moment: f"{moment.second:02}",
    "SSSSS": lambda moment: f"{_seconds(moment):05}",
    "AM": _half,
    "PM": _half,
    "Q": lambda moment: str((moment.month + 2) // 3),
    "IW": lambda moment: f"{moment.isocalendar().week:02}",
    "WW": lambda moment: f"{(moment.timetuple().tm_yday + 6) // 7:02}",
    "FM": lambda _: "",
    "DS": lambda moment: f"{moment.month}/{moment.day}/{moment.year:04}",
    "DL": lambda moment: (
        f"{_DAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day:02}, {moment.year:04}"
    ),
    "TS": lambda moment: (
        f"{moment.hour % 12 or 12}:{moment.minute:02}:{moment.second:02} {_half(moment)}"
    ),
}
"""DS, DL and TS are Oracle's short and long date and its short time, as the territory America
writes them."""


def read_date(text: str, pattern: str) -> datetime:
    """``TO_DATE``: a text by its format.

    Raises:
        FormatError: it doesn't fit.
    """
    found: dict[str, int] = {}
    at = 0
    for match in _PARTS.finditer(pattern):
        if match["part"]:
            at = _read_part(text, at, match["part"].upper(), found)
            continue
        literal = match["quoted"] if match["quoted"] is not None else match["other"]
        if at >= len(text):
            break
        # Oracle lets any punctuation stand for any other.
        fits = text.startswith(literal, at) or (not literal.isalnum() and not text[at].isalnum())
        if not fits:
            raise FormatError("literal does not match format string")
        at += len(literal)
    if text[at:].strip():
        raise FormatError("date format picture ends before converting entire input string")
    if "PM" in found:
        found["hour"] = found.get("hour", 12) % 12 + 12 * found["PM"]
    try:
        return datetime(  # noqa: DTZ001 - wall-clock time of the account
            found.get("year", 1900),
            found.get("month", 1),
            found.get("day", 1),
            found.get("hour", 0),
            found.get("minute", 0),
            found.get("second", 0),
        )
    except ValueError as error:
        raise FormatError("not a valid date") from error


_FIELDS: Final = {
    "YYYY": ("year", 4),
    "RRRR": ("year", 4),
    "YY": ("year", 2),
    "RR": ("year", 2),
    "MM": ("month", 2),
    "DD": ("day", 2),
    "HH24": ("hour", 2),
    "HH12": ("hour", 2),
    "HH": ("hour", 2),
    "MI": ("minute", 2),
    "SS": ("second", 2),
}


def _read_part(text: str, at: int, part: str, found: dict[str, int]) -> int:
    if part == "FM" or at >= len(text):
        return at
    if part in ("AM", "PM", "A.M.", "P.M."):
        found["PM"] = int(text[at : at + 1].upper() == "P")
        return at + len(part)
    if part in ("MON", "MONTH"):
        for number, name in enumerate(_MONTHS, 1):
            wanted = name if part == "MONTH" else name[:3]
            if text[at:].upper().startswith(wanted.upper()):
                found["month"] = number
                return at + len(wanted)
        raise FormatError("not a valid month")
    if part not in _FIELDS:
        raise FormatError("date format not recognized")
    field, width = _FIELDS[part]
    digits = re.match(rf"\d{{1,{width}}}", text[at:])
    if digits is None:
        raise FormatError("a non-numeric character was found where a numeric was expected")
    value = int(digits[0])
    found[field] = value + 2000 if width == 2 and field == "year" else value  # noqa: PLR2004
    return at + len(digits[0])


def truncate(instant: str, unit: str) -> str:
    """``TRUNC`` of a date to a unit.

    Raises:
        FormatError: an unknown unit.
    """
    moment = instants.to_datetime(instant)
    day = moment.replace(hour=0, minute=0, second=0)
    units = {
        "DD": day,
        "DDD": day,
        "J": day,
        "MM": day.replace(day=1),
        "MON": day.replace(day=1),
        "MONTH": day.replace(day=1),
        "YYYY": day.replace(month=1, day=1),
        "YEAR": day.replace(month=1, day=1),
        "YY": day.replace(month=1, day=1),
        "Q": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "IW": day - timedelta(days=day.weekday()),
        "D": day - timedelta(days=day.isoweekday() % 7),
        "DAY": day - timedelta(days=day.isoweekday() % 7),
        "HH24": moment.replace(minute=0, second=0),
        "HH": moment.replace(minute=0, second=0),
        "MI": moment.replace(second=0),
    }
    if unit.upper() not in units:
        raise FormatError("bad format for TRUNC")
    return instants.from_datetime(units[unit.upper()])


def write_number(value: Decimal, pattern: str | None) -> str:
    """``TO_CHAR`` of a number with 9, 0, ``.``, ``,``, FM, $."""
    if not pattern:
        return numbers.text(value)
    trimmed = pattern.upper().startswith("FM")
    mask = pattern[2:] if trimmed else pattern
    body = mask.lstrip("$")
    before, _, after = body.upper().partition(".")
    rounded = value.quantize(Decimal(1).scaleb(-len(after)), rounding=ROUND_HALF_UP)
    digits = f"{abs(rounded):f}"
    integer, _, fraction = digits.partition(".")
    zeros = before.find("0")
    least = len(before[zeros:].replace(",", "")) if zeros >= 0 else 0
    integer = integer.lstrip("0").rjust(least, "0") if least else (integer.lstrip("0") or "0")
    if "," in before:
        integer = f"{int(integer):,}".rjust(least, "0")
    if trimmed and "0" not in after:
        fraction = fraction.rstrip("0")
    written = integer + (f".{fraction}" if after else "")
    signed = ("-" if rounded < 0 else "") + ("$" if mask.startswith("$") else "") + written
    return signed if trimmed else signed.rjust(len(mask) + 1)
