"""Times as people type them."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from ml_connector.errors import UserError

_AGE: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(
    text: str,
    option: str,
    *,
    now: datetime | None = None,
    end_of_day: bool = False,
    zone: tzinfo = UTC,
) -> datetime:
    """Return the moment that a text means: ``2026-11-20``, ``2026-11-20T10:00``, ``2h``, ``3d``.

    An age counts back from now.

    Args:
        text: what was typed.
        option: the option where it was typed, for the error.
        now: what an age counts back from.
        end_of_day: a date without a time means the beginning of the next day.
        zone: of a date, and of a time that names none.

    Raises:
        UserError: the text is none of these.
    """
    try:
        return _moment(text.strip(), now or datetime.now(UTC), zone, end_of_day=end_of_day)
    except (ValueError, OverflowError):
        raise _no_time(text, option) from None


def _moment(text: str, now: datetime, zone: tzinfo, *, end_of_day: bool) -> datetime:
    """Return the moment that a text means.

    Raises:
        ValueError: it means none.
        OverflowError: it means one before or after all that can be told.
    """
    if age := _AGE.fullmatch(text):
        return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
    found = datetime.fromisoformat(text)
    if end_of_day and re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text):
        found += timedelta(days=1)
    found = found if found.tzinfo else found.replace(tzinfo=zone)
    found.astimezone(UTC)  # the database keeps it so
    return found


def _no_time(text: str, option: str) -> UserError:
    return UserError(
        f'"{text}" is no time',
        where=option,
        next_step="Write 2026-11-20, 2026-11-20T10:00, or an age like 30m, 2h, 3d.",
        usage=True,
    )


def later(text: str, option: str, *, now: datetime | None = None) -> datetime:
    """Return the moment to come that a text means: a date, a date and time, or ``90d`` from now.

    Args:
        text: what was typed.
        option: the option where it was typed, for the error.
        now: what a span counts from.

    Raises:
        UserError: the text is none of these.
    """
    at = now or datetime.now(UTC)
    found = moment(text, option, now=at)
    if not _AGE.fullmatch(text.strip()):
        return found
    try:
        return at + (at - found)
    except OverflowError:
        raise _no_time(text, option) from None


def day(text: str, option: str, *, last: bool = False, now: datetime | None = None) -> date:
    """Return the day that a text means: ``2026-11-20``, a month ``2026-11``, an age like ``3d``.

    Args:
        text: what was typed.
        option: the option where it was typed, for the error.
        last: of a month, take the last day instead of the first.
        now: what an age counts back from.

    Raises:
        UserError: the text is none of these.
    """
    month = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text.strip())
    if month and 1 <= int(month[2]) <= 12 and int(month[1]):  # noqa: PLR2004 - months of a year
        year, number = int(month[1]), int(month[2])
        return date(year, number, calendar.monthrange(year, number)[1] if last else 1)
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return moment(text, option, now=now).date()


def moments(
    begin: str | None, end: str | None, *, zone: tzinfo = UTC
) -> tuple[datetime | None, datetime | None]:
    """Return the beginning and the end (exclusive) of a period, from ``--from`` and ``--to``.

    Raises:
        UserError: one can't be read, or the end lies before the beginning.
    """
    since = moment(begin, "--from", zone=zone) if begin else None
    until = moment(end, "--to", end_of_day=True, zone=zone) if end else None
    if since is not None and until is not None and until < since:
        raise _wrong_way_round()
    return since, until


def days(begin: str | None, end: str | None) -> tuple[date | None, date | None]:
    """Return the first and the last day of a period, from ``--from`` and ``--to``.

    Raises:
        UserError: one can't be read, or the end lies before the beginning.
    """
    first = day(begin, "--from") if begin else None
    last = day(end, "--to", last=True) if end else None
    if first is not None and last is not None and last < first:
        raise _wrong_way_round()
    return first, last


def _wrong_way_round() -> UserError:
    return UserError(
        "The end lies before the beginning",
        where="--from, --to",
        next_step="Exchange the two.",
        usage=True,
    )
