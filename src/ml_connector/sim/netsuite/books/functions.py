"""Oracle's functions for SQLite, as far as SuiteQL queries use them (reference 4.4)."""

import calendar
import math
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from ml_connector.sim.netsuite.books.aggregates import (
    Average,
    Cell,
    ListAgg,
    Sum,
    as_text,
    sort_key,
)
from ml_connector.sim.netsuite.books.failures import Failures, FunctionError
from ml_connector.sim.netsuite.values import formats, instants, numbers, statuses

NAMES: Final[frozenset[str]] = frozenset(
    [
        "TO_CHAR",
        "TO_DATE",
        "TO_TIMESTAMP",
        "TO_NUMBER",
        "TRUNC",
        "ROUND",
        "ADD_MONTHS",
        "LAST_DAY",
        "MONTHS_BETWEEN",
        "NVL2",
        "MOD",
        "SUBSTR",
        "INSTR",
        "UPPER",
        "LOWER",
        "TRIM",
        "LTRIM",
        "RTRIM",
        "LENGTH",
        "ABS",
        "CEIL",
        "FLOOR",
        "SIGN",
        "POWER",
        "GREATEST",
        "LEAST",
        "NULLIF",
        "REPLACE",
        "LPAD",
        "RPAD",
        "INITCAP",
        "CONCAT",
        "REGEXP_LIKE",
        "REGEXP_REPLACE",
        "REGEXP_SUBSTR",
        "NVL",
        "COALESCE",
        "CHR",
        "ASCII",
        "SYSDATE",
        "EXTRACT",
        "RELATIVE_RANGES",
        "DECODE",
    ]
)
"""What a query may call, aggregates apart."""


def register(
    connection: sqlite3.Connection,
    *,
    now: Callable[[], str],
    date_format: str,
    to_user: Callable[[Cell], Cell],
    failures: Failures,
) -> None:
    """Give a connection the functions, each under ``ns_<name>``.

    Args:
        connection: of the books.
        now: the account's present moment.
        date_format: how a date looks where no format is named.
        to_user: a time of the account's zone as the user's clock shows it.
        failures: remembers why one of them failed.
    """

    def to_char(value: Cell, pattern: str | None = None) -> Cell:
        if value is None:
            return None
        if isinstance(value, str):
            if not instants.is_instant(value):
                return value
            return formats.write_date(instants.to_datetime(value), pattern or date_format)
        return formats.write_number(numbers.exact(value), pattern)

    def to_date(value: Cell, pattern: str | None = None) -> Cell:
        if value is None or (isinstance(value, str) and instants.is_instant(value)):
            return value
        moment = formats.read_date(str(value), pattern or date_format)
        return instants.from_datetime(moment)

    def display(value: Cell) -> Cell:
        return to_char(value) if instants.is_instant(value) else value

    def relative(code: str, end: str = "START") -> str:
        return _relative(now(), code, end)

    simple: dict[str, Callable[..., Cell]] = {
        "user_time": to_user,
        "to_char": to_char,
        "to_date": to_date,
        "to_timestamp": to_date,
        "display": display,
        "sysdate": now,
        "relative_ranges": relative,
        **_PURE,
    }
    for name, function in simple.items():
        deterministic = name not in ("sysdate", "relative_ranges")
        guarded = failures.guarded(function)
        connection.create_function(f"ns_{name}", -1, guarded, deterministic=deterministic)
    connection.create_aggregate("ns_sum", 1, Sum)  # type: ignore[arg-type] # stub wants SupportsInt
    connection.create_aggregate("ns_avg", 1, Average)  # type: ignore[arg-type] # same
    connection.create_aggregate("ns_listagg", -1, ListAgg)  # type: ignore[arg-type] # same


def _number(value: Cell) -> Cell:
    """A text that holds a number as that number; anything else as it is."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+(\.\d*)?\s*", value):
        return numbers.stored(Decimal(value.strip()))
    return value


def _plus(left: Cell, right: Cell) -> Cell:
    if left is None or right is None:
        return None
    if instants.is_instant(left):
        return instants.plus_days(str(left), float(right))
    if instants.is_instant(right):
        return instants.plus_days(str(right), float(left))
    return numbers.stored(_decimal(left) + _decimal(right))


def _minus(left: Cell, right: Cell) -> Cell:
    if left is None or right is None:
        return None
    if instants.is_instant(left) and instants.is_instant(right):
        return instants.days_between(str(left), str(right))
    if instants.is_instant(left):
        return instants.plus_days(str(left), -float(right))
    return numbers.stored(_decimal(left) - _decimal(right))


def _decimal(value: Cell) -> Decimal:
    try:
        return numbers.exact(value)
    except (TypeError, ValueError) as error:
        raise FunctionError(f"Invalid number {value}") from error


def _concat(*values: Cell) -> Cell:
    return "".join(as_text(value) for value in values) or None


def _trunc(value: Cell, to: Cell = None) -> Cell:
    if value is None:
        return None
    if isinstance(value, str) and instants.is_instant(value):
        return formats.truncate(value, str(to or "DD"))
    step = Decimal(1).scaleb(-int(to or 0))
    number = _decimal(value)
    return numbers.stored((number / step).to_integral_value("ROUND_DOWN") * step)


def _round(value: Cell, digits: Cell = 0) -> Cell:
    if value is None:
        return None
    step = Decimal(1).scaleb(-int(digits or 0))
    return numbers.stored((_decimal(value) / step).to_integral_value(ROUND_HALF_UP) * step)


def _to_number(value: Cell, _pattern: Cell = None) -> Cell:
    return None if value is None else numbers.stored(_decimal(value))


def _moment(value: Cell) -> datetime:
    if not isinstance(value, str) or not instants.is_instant(value):
        raise FunctionError("Invalid date")
    return instants.to_datetime(value)


def _add_months(value: Cell, months: Cell) -> Cell:
    if value is None or months is None:
        return None
    moment = _moment(value)
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    last = calendar.monthrange(year, month + 1)[1]
    was_last = moment.day == calendar.monthrange(moment.year, moment.month)[1]
    day = last if was_last else min(moment.day, last)
    return instants.from_datetime(moment.replace(year=year, month=month + 1, day=day))


def _last_day(value: Cell) -> Cell:
    if value is None:
        return None
    moment = _moment(value)
    last = calendar.monthrange(moment.year, moment.month)[1]
    return instants.from_datetime(moment.replace(day=last))


def _months_between(later: Cell, earlier: Cell) -> Cell:
    if later is None or earlier is None:
        return None
    one, two = _moment(later), _moment(earlier)
    months = (one.year - two.year) * 12 + one.month - two.month
    return months + (one.day - two.day) / 31


def _mod(value: Cell, by: Cell) -> Cell:
    if value is None or by is None:
        return None
    divisor = _decimal(by)
    return numbers.stored(_decimal(value) % divisor) if divisor else value


def _substr(value: Cell, start: Cell, size: Cell = None) -> Cell:
    if value is None or start is None:
        return None
    whole, begin = as_text(value), int(start)
    at = begin - 1 if begin > 0 else (len(whole) + begin if begin < 0 else 0)
    if at < 0:
        return None
    return (whole[at:] if size is None else whole[at : at + max(0, int(size))]) or None


def _instr(value: Cell, part: Cell, start: Cell = 1) -> Cell:
    if value is None or part is None:
        return None
    return as_text(value).find(as_text(part), max(0, int(start or 1) - 1)) + 1


def _greatest(*values: Cell) -> Cell:
    return None if None in values else max(values, key=sort_key)


def _least(*values: Cell) -> Cell:
    return None if None in values else min(values, key=sort_key)


def _pad(value: Cell, size: Cell, fill: Cell, *, left: bool) -> Cell:
    if value is None or size is None:
        return None
    whole, width = as_text(value), int(size)
    missing = max(0, width - len(whole))
    padding = (as_text(fill) * width)[:missing]
    return (padding + whole if left else whole + padding)[:width] or None


def _flags(flags: Cell) -> re.RegexFlag:
    return re.IGNORECASE if "i" in as_text(flags) else re.NOFLAG


def _regexp_like(value: Cell, pattern: Cell, flags: Cell = None) -> Cell:
    if value is None or pattern is None:
        return None
    return int(re.search(as_text(pattern), as_text(value), _flags(flags)) is not None)


def _regexp_replace(value: Cell, pattern: Cell, replacement: Cell = None) -> Cell:
    if value is None or pattern is None:
        return value
    return re.sub(as_text(pattern), as_text(replacement), as_text(value)) or None


def _regexp_substr(value: Cell, pattern: Cell) -> Cell:
    if value is None or pattern is None:
        return None
    found = re.search(as_text(pattern), as_text(value))
    return (found.group(0) or None) if found else None


def _extract(part: Cell, value: Cell) -> Cell:
    if value is None:
        return None
    moment = _moment(value)
    parts = {
        "YEAR": moment.year,
        "MONTH": moment.month,
        "DAY": moment.day,
        "HOUR": moment.hour,
        "MINUTE": moment.minute,
        "SECOND": moment.second,
    }
    if str(part).upper() not in parts:
        raise FunctionError(f"EXTRACT knows no {part}")
    return parts[str(part).upper()]


def _relative(now: str, code: str, end: str) -> str:
    """BUILTIN.RELATIVE_RANGES for days ago and the present and last month (4.4)."""
    day = instants.to_datetime(now).replace(hour=0, minute=0, second=0)
    first = day.replace(day=1)
    spans: dict[str, tuple[datetime, datetime]] = {
        "TODAY": (day, day),
        "YESTERDAY": (day - timedelta(days=1), day - timedelta(days=1)),
        "TM": (first, instants.to_datetime(str(_last_day(instants.from_datetime(first))))),
        "LM": ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
        "TY": (day.replace(month=1, day=1), day.replace(month=12, day=31)),
    }
    ago = re.fullmatch(r"DAGO(\d+)", code.upper())
    if ago:
        past = day - timedelta(days=int(ago[1]))
        spans[code.upper()] = (past, past)
    if code.upper() not in spans:
        raise FunctionError(f"Invalid relative range {code}")
    start, last = spans[code.upper()]
    chosen = start if end.upper() == "START" else last.replace(hour=23, minute=59, second=59)
    return instants.from_datetime(chosen)


_PURE: Final[dict[str, Callable[..., Cell]]] = {
    "trunc": _trunc,
    "round": _round,
    "to_number": _to_number,
    "add_months": _add_months,
    "last_day": _last_day,
    "months_between": _months_between,
    "plus": _plus,
    "minus": _minus,
    "concat": _concat,
    "mod": _mod,
    "substr": _substr,
    "instr": _instr,
    "greatest": _greatest,
    "least": _least,
    "lpad": lambda value, size, fill=" ": _pad(value, size, fill, left=True),
    "rpad": lambda value, size, fill=" ": _pad(value, size, fill, left=False),
    "initcap": lambda value: None if value is None else as_text(value).title(),
    "regexp_like": _regexp_like,
    "regexp_replace": _regexp_replace,
    "regexp_substr": _regexp_substr,
    "power": lambda value, by: None if None in (value, by) else float(value) ** float(by),
    "chr": lambda value: None if value is None else chr(int(value)),
    "ascii": lambda value: None if not value else ord(str(value)[0]),
    "extract": _extract,
    "number": _number,
    "upper": lambda value: None if value is None else as_text(value).upper(),
    "lower": lambda value: None if value is None else as_text(value).lower(),
    "trim": lambda value: None if value is None else as_text(value).strip(" ") or None,
    "ceil": lambda value: None if value is None else math.ceil(value),
    "floor": lambda value: None if value is None else math.floor(value),
    "sign": lambda value: None if value is None else (value > 0) - (value < 0),
    "type_label": statuses.type_label,
    "status_label": statuses.status_label,
    "document_label": statuses.document_label,
    "yes_no": lambda value: None if value is None else ("Yes" if value == "T" else "No"),
}
"""The functions that need neither clock nor format."""
