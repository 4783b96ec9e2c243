"""Instants as ShipBob writes and reads them (reference shipbob.md, section 9, Types)."""

import re
from datetime import UTC, date, datetime

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")
_EXTRA_DIGITS = re.compile(r"(\.\d{6})\d+")


def stamp(instant: datetime) -> str:
    """RFC 3339 in the .NET manner: seven fractional digits, or none when it is a whole second."""
    utc = instant.astimezone(UTC)
    if utc.microsecond:
        return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond:06d}0+00:00"
    return f"{utc:%Y-%m-%dT%H:%M:%S}+00:00"


def stamp_or_none(instant: datetime | None) -> str | None:
    """``stamp`` for a date that may not be set yet."""
    return None if instant is None else stamp(instant)


def read_date_time(text: str) -> datetime:
    """Read a full RFC 3339 date-time; without an offset it is taken as UTC.

    Raises:
        ValueError: a bare date, or no date at all (section 9.4: a bare date is rejected).
    """
    if not _DATE_TIME.match(text):
        raise ValueError(f"{text!r} is not a date-time")
    return _aware(datetime.fromisoformat(_EXTRA_DIGITS.sub(r"\1", text)))


def read_instant(text: str) -> datetime:
    """Read a date-time or a bare date, as query filters allow.

    Raises:
        ValueError: neither of the two.
    """
    try:
        return read_date_time(text)
    except ValueError:
        return _aware(datetime.fromisoformat(text))


def read_day(text: str) -> date:
    """Read the day of a date or date-time.

    Raises:
        ValueError: neither of the two.
    """
    return read_instant(text).date()


def _aware(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
