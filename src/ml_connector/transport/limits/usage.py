"""How much of each limit is in use, and how much the other system last said is left."""

from ml_connector.storage.database import Connection, rows


async def in_flight(connection: Connection) -> dict[str, int]:
    """Return how many requests are in flight, by limit."""
    found = await rows(
        connection,
        "select limit_key, count(*) filter (where leased_until > now()) as used"
        " from slot group by 1",
    )
    return {row["limit_key"]: row["used"] for row in found}


async def remaining(connection: Connection) -> dict[str, int]:
    """Return how many calls the other system last said are left, by limit; if it said so."""
    found = await rows(
        connection, "select limit_key, remaining from limit_state where remaining is not null"
    )
    return {row["limit_key"]: row["remaining"] for row in found}
