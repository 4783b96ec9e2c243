"""The start date of a connection: nothing from before it is posted. Pure."""

from datetime import date

from ml_connector.config.connection import ConnectionSettings


def is_before_start(day: date | None, settings: ConnectionSettings) -> bool:
    """Return whether a fact is older than the connection's start date.

    Args:
        day: the merchant's local date of the fact; one without a date is never too old.
        settings: of the connection; without a start date nothing is too old.
    """
    return day is not None and settings.start_date is not None and day < settings.start_date


def before_start(
    day: date | None, settings: ConnectionSettings, *, not_done: str = "not booked"
) -> str:
    """Return why a fact from before the start date is not posted; empty where it may be.

    Args:
        day: the merchant's local date of the fact.
        settings: of the connection.
        not_done: what is not done with it, for the message.
    """
    if is_before_start(day, settings):
        return f"Before the start date {settings.start_date}: {not_done}"
    return ""
