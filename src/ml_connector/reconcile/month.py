"""A month as the merchant counts it: local dates, in the merchant's time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ml_connector.errors import UserError

_WRITTEN: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_FIRST_YEAR: Final = 2000
_WESTERNMOST: Final = timedelta(hours=12)
_EASTERNMOST: Final = timedelta(hours=14)
"""So far the dates of zones are behind and ahead of UTC."""


@dataclass(frozen=True, order=True)
class Month:
    """One calendar month.

    Attributes:
        first: its first day.
    """

    first: date

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month of a day."""
        return cls(day.replace(day=1))

    @classmethod
    def read(cls, written: str, *, today: date) -> "Month":
        """Read ``2026-11``, be it to come.

        Raises:
            UserError: it is no month.
        """
        found = _WRITTEN.fullmatch(written.strip())
        try:
            month = cls(date(int(found[1]), int(found[2]), 1)) if found else None
        except ValueError:
            month = None
        if month is None or month.first.year < _FIRST_YEAR:
            raise UserError(
                f'"{written}" is no month',
                where="YYYY-MM",
                next_step=f"Write the year and the month, such as {today:%Y-%m}.",
                usage=True,
            )
        return month

    @classmethod
    def parse(cls, written: str, *, today: date) -> "Month":
        """Read ``2026-11``.

        Args:
            written: what a person wrote.
            today: the merchant's local date; a month that has not begun can't be closed.

        Raises:
            UserError: it is no month, or lies in the future.
        """
        month = cls.read(written, today=today)
        if month.first > today:
            raise _to_come(month, today)
        return month

    @classmethod
    def begun_somewhere(cls, written: str, *, now: datetime) -> "Month":
        """Read ``2026-11`` where the merchant's date is not known yet.

        The latest month that the error names has begun in every zone.

        Raises:
            UserError: it is no month, or has begun nowhere.
        """
        everywhere = (now - _WESTERNMOST).date()
        month = cls.read(written, today=everywhere)
        if month.first > (now + _EASTERNMOST).date():
            raise _to_come(month, everywhere)
        return month

    @property
    def after(self) -> date:
        """The first day that is not in it any more."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.first <= day < self.after

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    def begins(self, zone: ZoneInfo) -> datetime:
        """Return the instant of its first local midnight, in UTC.

        A month that holds a change to or from daylight saving time is an hour shorter or
        longer than its days say, so an instant is always made from a local date.
        """
        return datetime.combine(self.first, time.min, zone).astimezone(UTC)

    def ends(self, zone: ZoneInfo) -> datetime:
        """Return the instant at which it is over, in UTC: the next month's first midnight."""
        return datetime.combine(self.after, time.min, zone).astimezone(UTC)


def _to_come(month: Month, today: date) -> UserError:
    return UserError(
        f"{month} has not begun yet",
        where="YYYY-MM",
        next_step=f"The latest month that can be looked at is {today:%Y-%m}.",
        usage=True,
    )
