"""Dates inside the books: texts that sort, in the account's own time zone.

SuiteQL reads dates in the account's zone while the record service speaks UTC (reference
4.2). The books therefore hold ``YYYY-MM-DD<US>HH:MM:SS`` in the account's zone, where
<US> is the unit separator: no user text has it, so a value of the database can always be
told to be a date, whatever expression it came from.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

MARK: Final = "\x1f"
_LENGTH: Final = 19
_MARK_AT: Final = 10


def is_instant(value: object) -> bool:
    """Whether a database value is a date."""
    return isinstance(value, str) and len(value) == _LENGTH and value[_MARK_AT] == MARK


def from_datetime(local: datetime) -> str:
    """A wall-clock time of the account, to the second."""
    return local.strftime(f"%Y-%m-%d{MARK}%H:%M:%S")


def from_date(day: date) -> str:
    """A date, as midnight."""
    return f"{day.isoformat()}{MARK}00:00:00"


def to_datetime(instant: str) -> datetime:
    """The wall-clock time (naive)."""
    return datetime.fromisoformat(instant.replace(MARK, "T"))


def to_date(instant: str) -> date:
    """The day."""
    return date.fromisoformat(instant[:_MARK_AT])


def to_local(moment: datetime, zone: tzinfo) -> datetime:
    """An aware moment as naive wall-clock time of the account."""
    return moment.astimezone(zone).replace(tzinfo=None)


def utc_text(moment: datetime) -> str:
    """A moment as the record service writes it: ``2026-11-20T15:09:00Z`` (reference 6.3)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_utc(text: str) -> datetime:
    """The reverse of ``utc_text``; an offset is taken too.

    Raises:
        ValueError: not an ISO datetime.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def plus_days(instant: str, days: float) -> str:
    """Oracle's date arithmetic: a number added to a date is a number of days."""
    return from_datetime(to_datetime(instant) + timedelta(days=days))


def days_between(later: str, earlier: str) -> float:
    """Oracle's date subtraction, in days."""
    return (to_datetime(later) - to_datetime(earlier)) / timedelta(days=1)
