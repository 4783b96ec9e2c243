"""How webhooks arrive: those that were refused, the clocks, bodies wanted as samples."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ml_connector.moments import known
from ml_connector.storage.database import Connection, Database, one, rows

OFFSET_OVER: Final = 50
"""The clock offset is the median of this many deliveries, the newest."""

_NOTE_REFUSAL: Final = """
    insert into webhook_refusal as r
        (connection, reason, times, topic, clock_offset_seconds, sample)
    select name, %(reason)s, %(times)s, %(topic)s, %(offset)s, %(sample)s::bytea from connection
    where name = %(name)s and removed_at is null
    on conflict (connection, reason) do update
    set times = r.times + excluded.times, last_at = now(), topic = excluded.topic,
        clock_offset_seconds = excluded.clock_offset_seconds,
        sample = coalesce(excluded.sample, r.sample)
"""

# Our clock minus ShipBob's, the way through the network included: the timestamp is that of
# the attempt (shipbob.md section 7.4). The median does not mind a delivery that had to wait.
_ARRIVALS: Final = f"""
    select count(*) as deliveries, max(received_at) as last_at,
        percentile_cont(0.5) within group (
            order by extract(epoch from received_at - sent_at)) as clock_offset_seconds
    from (select received_at, sent_at from event
          where connection = %(name)s and source = 'webhook' and sent_at is not null
              and {known("received_at")}
          order by received_at desc limit {OFFSET_OVER}) as newest
"""  # noqa: S608 - the only part put in is the constant above


async def note_refusal(
    database: Database,
    connection: str,
    reason: str,
    *,
    times: int,
    topic: str,
    clock_offset_seconds: float | None,
    sample: bytes | None = None,
) -> None:
    """Count deliveries that were refused, by reason. Without a connection nothing is kept."""
    await database.fetch(
        _NOTE_REFUSAL,
        {
            "name": connection,
            "reason": reason,
            "times": times,
            "topic": topic,
            "offset": clock_offset_seconds,
            "sample": sample,
        },
    )


async def refusals(on: Connection, connection: str) -> list[dict[str, Any]]:
    """Return the reasons for which deliveries were refused, the latest first."""
    return await rows(
        on,
        "select reason, times, first_at, last_at, topic, clock_offset_seconds, sample"
        " from webhook_refusal where connection = %(name)s order by last_at desc",
        {"name": connection},
    )


async def arrivals(on: Connection, connection: str) -> Mapping[str, Any]:
    """Return when a webhook last came, and the clock offset of the newest ones."""
    found = await one(on, _ARRIVALS, {"name": connection})
    assert found is not None  # noqa: S101 - an aggregate always gives a row
    return found


async def found_by_sweeps(
    on: Connection, connection: str, flows: Sequence[str], *, after: datetime
) -> int:
    """Return how many events of these flows a sweep made after a moment."""
    row = await one(
        on,
        "select count(*) as found from event where connection = %(name)s and source = 'sweep'"
        " and flow = any (%(flows)s) and received_at > %(after)s",
        {"name": connection, "flows": list(flows), "after": after},
    )
    return int(row["found"]) if row else 0


async def begin_capture(on: Connection, connection: str, *, now: datetime) -> None:
    """Want the next body of each topic as a sample."""
    await rows(
        on,
        "insert into webhook_capture (connection, since) values (%(name)s, %(now)s)"
        " on conflict (connection) do update set since = excluded.since",
        {"name": connection, "now": now},
    )


async def captured(on: Connection, connection: str) -> tuple[datetime | None, Sequence[Any]]:
    """Return since when bodies are wanted, and the first one of each topic since then.

    Where that lies ahead, the clock was put right since: they are wanted from now on.
    """
    await rows(
        on,
        "update webhook_capture set since = now()"  # noqa: S608 - a text of ours
        f" where connection = %(name)s and not {known('since')}",
        {"name": connection},
    )
    row = await one(
        on, "select since from webhook_capture where connection = %(name)s", {"name": connection}
    )
    if row is None:
        return None, []
    found = await rows(
        on,
        "select distinct on (topic) id, topic, headers, body, received_at from event"
        " where connection = %(name)s and source = 'webhook' and received_at >= %(since)s"
        " order by topic, received_at, id",
        {"name": connection, "since": row["since"]},
    )
    return row["since"], found
