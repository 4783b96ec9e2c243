"""The months of events, runs and journal: each is a partition of its own, made ahead.

A chore makes them long before they are needed. Each process looks once more before it writes
its first row of a month, so that it finds the partitions even when the service was off for
months or the chore failed.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from ml_connector.storage.database import Connection, one

AHEAD: Final = timedelta(days=92)
"""How far ahead partitions are made."""

CHORE_EVERY_SECONDS: Final = 3600.0

# Databases and months that this process knows to be complete. A partition is never removed.
_complete: Final[set[tuple[str, int, str, int, int]]] = set()


async def ensure(connection: Connection, *, now: datetime | None = None) -> None:
    """See that rows of this month find their partitions; costs nothing once it was done.

    Args:
        connection: inside the transaction that is about to insert.
        now: for tests; the clock of this process, which need not be that of the database:
            the months around it are made as well.
    """
    today = (now or datetime.now(UTC)).date()
    info = connection.info
    key = (info.host, info.port, info.dbname, today.year, today.month)
    if key not in _complete:
        await make(connection, today)
        _complete.add(key)


async def make(connection: Connection, today: date) -> int:
    """Make the missing partitions from last month to three months ahead; return how many."""
    first, last = around(today)
    row = await one(
        connection,
        "select make_months(%(first)s, %(last)s) as made",
        {"first": first, "last": last},
    )
    return int(row["made"]) if row else 0


def around(today: date) -> tuple[date, date]:
    """Return days of the first and the last month that must be there."""
    return today.replace(day=1) - timedelta(days=1), today + AHEAD
