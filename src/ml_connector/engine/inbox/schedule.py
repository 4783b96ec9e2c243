"""When something is due: at intervals, or daily at a wall-clock time of the merchant's."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_due(
    schedule: timedelta | time, *, last: datetime | None, now: datetime, zone: ZoneInfo
) -> bool:
    """Return whether it is time to run again. Pure.

    A daily time is due exactly once on every local day: one that is skipped when the clocks
    go forward is due at the moment they do, one that comes twice is due the first time. A
    run that was missed while the service was off is due at once.

    Args:
        schedule: an interval, or a time of day.
        last: when it last ran, aware; None: never.
        now: aware.
        zone: the merchant's.
    """
    if last is None:
        return True
    if isinstance(schedule, timedelta):
        return now - last >= schedule
    return last < _latest(schedule, now, zone)


def stands_from(schedule: timedelta | time, *, last: datetime | None, now: datetime) -> datetime:
    """Return the moment since when a run that begins now stands for the time that has passed.

    That is the run before it, but at most two intervals ago, and a day: after a pause a run
    does not make up for all that was missed, which comes with the next day's runs. Pure.

    Args:
        schedule: an interval, or a time of day, which stands for a day.
        last: when it last ran, aware; None: never, or that is not known.
        now: aware.
    """
    day = timedelta(days=1)
    if isinstance(schedule, time):
        return now - day
    if last is None:
        return now - min(schedule, day)
    return max(last, now - min(2 * schedule, day))


def _latest(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the latest moment of that time of day that is not in the future."""
    day = now.astimezone(zone).date()
    today = datetime.combine(day, at, zone).astimezone(UTC)
    if today <= now:
        return today
    return datetime.combine(day - timedelta(days=1), at, zone).astimezone(UTC)
