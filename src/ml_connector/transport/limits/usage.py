"""How much of each limit is in use, and how much the other system last said is left."""

from typing import Any, Final

from ml_connector.moments import come
from ml_connector.storage.database import Connection, rows
from ml_connector.transport.limits.grants import LONGEST_LEASE_SECONDS

_IS_FREE: Final = come("leased_until", f"make_interval(secs => {LONGEST_LEASE_SECONDS})")


async def in_flight(connection: Connection) -> dict[str, int]:
    """Return how many requests are in flight, by limit."""
    found = await rows(
        connection,
        f"select limit_key, count(*) filter (where not {_IS_FREE}) as used"  # noqa: S608 - ours
        " from slot group by 1",
    )
    return {row["limit_key"]: row["used"] for row in found}


async def remaining(connection: Connection) -> dict[str, int]:
    """Return how many calls the other system last said are left, by limit; if it said so."""
    found = await rows(
        connection, "select limit_key, remaining from limit_state where remaining is not null"
    )
    return {row["limit_key"]: row["remaining"] for row in found}


async def this_minute(connection: Connection) -> dict[str, int]:
    """Return how many calls count as made within the last minute, by limit."""
    found = await rows(
        connection,
        "select limit_key, sum(turns)::int as calls from minute_turn"
        " where counts_until > clock_timestamp() and turns > 0 group by 1",
    )
    return {row["limit_key"]: row["calls"] for row in found}


async def lowered(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return what the other system's refusals have made of each limit.

    By limit: ``in_flight``, to which it was lowered and which grows by one each minute, None
    where it was not; ``blocked_seconds`` until calls go out again.
    """
    found = await rows(
        connection,
        "select limit_key,"
        " case when lowered_at <= clock_timestamp() then ceiling"
        "  + floor(extract(epoch from clock_timestamp() - lowered_at) / 60)::int end as in_flight,"
        " extract(epoch from greatest(blocked_until, now()) - now())::float8 as blocked_seconds"
        " from limit_state",
    )
    return {row.pop("limit_key"): row for row in map(dict, found)}
