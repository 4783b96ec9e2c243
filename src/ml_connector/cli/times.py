"""Times as people type them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from ml_connector.errors import UserError

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, option: str, *, now: datetime | None = None) -> datetime:
    """Return the moment that a text means: ``2026-11-20``, ``2026-11-20T10:00``, ``2h``, ``3d``.

    A time without a zone is UTC; an age counts back from now.

    Raises:
        UserError: it is none of these.
    """
    age = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    if age:
        return (now or datetime.now(UTC)) - timedelta(**{_UNITS[age[2]]: int(age[1])})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f'"{text}" is no time',
            where=option,
            next_step="Write 2026-11-20, 2026-11-20T10:00, or an age like 30m, 2h, 3d.",
            usage=True,
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
