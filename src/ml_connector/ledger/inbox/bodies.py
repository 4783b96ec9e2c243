"""Raw bodies of older events: read once more, then taken away for good."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from ml_connector.storage.database import Connection, Database, one, rows


async def older(
    database: Database, names: Sequence[str], before: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of these connections that came before a moment and have their body."""
    async with (
        database.transaction() as connection,
        connection.cursor(name="bodies") as cursor,
    ):
        await cursor.execute(
            "select id, connection, source, topic, delivery_id, sent_at, received_at, headers,"
            " body from event where connection = any (%(names)s)"
            " and received_at < %(before)s and body_deleted_at is null order by id",
            {"names": list(names), "before": before},
        )
        async for row in cursor:
            yield row


async def delete_older(
    connection: Connection, names: Sequence[str], before: datetime
) -> tuple[int, int]:
    """Take headers and bodies of events away; events that are still open keep them.

    Returns:
        how many bodies are gone, and how many stay since their events are open.
    """
    wanted = {"names": list(names), "before": before}
    await rows(connection, "set local statement_timeout = '600s'")
    gone = await one(
        connection,
        "with gone as (update event as e set body = '', headers = '{}',"
        "  body_deleted_at = now()"
        "  where e.connection = any (%(names)s) and e.received_at < %(before)s"
        "  and e.body_deleted_at is null and (e.subject_id is null and e.status = 'ignored'"
        "   or exists (select 1 from subject as s where s.id = e.subject_id"
        "    and s.converged >= e.mark)) returning 1)"
        " select count(*) as n from gone",
        wanted,
    )
    left = await one(
        connection,
        "select count(*) as n from event where connection = any (%(names)s)"
        " and received_at < %(before)s and body_deleted_at is null",
        wanted,
    )
    deleted, kept = (int(row["n"]) if row else 0 for row in (gone, left))
    return deleted, kept
