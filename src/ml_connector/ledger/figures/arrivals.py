"""Events as they arrive: how many an hour, the latest ones, how soon they were dealt with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ml_connector.moments import known
from ml_connector.storage.database import Connection, one, rows

MOST_COUNTED: Final = 200_000
"""So many events are counted; that there are more is said."""

_PER_HOUR: Final = f"""
select date_trunc('hour', received_at) as hour, count(*) as events from (
    select received_at from event where connection = %(name)s
    and received_at >= %(since)s and received_at < %(until)s limit {MOST_COUNTED}) as e
group by 1 order by 1
"""  # noqa: S608 - a constant of ours

# Few subjects are open, and each has few events that its last run has not seen.
_OPEN_PER_HOUR: Final = """
select date_trunc('hour', e.received_at) as hour,
    count(*) filter (where s.state = 'dead') as stopped,
    count(*) filter (where s.state <> 'dead') as open
from (select id, state, converged from subject
    where connection = %(name)s and state <> 'done' limit 20000) as s
join event as e on e.subject_id = s.id and e.mark > s.converged
    and e.received_at >= %(since)s and e.received_at < %(until)s
group by 1
"""

_COUNT: Final = """
select count(*) as n from (select 1 from event where connection = %(name)s
    and received_at >= %(since)s and received_at < %(until)s limit %(most)s) as e
"""

_SPANS: Final = """
with newest as (
    select received_at, subject_id, mark from event
    where connection = %(name)s and source = 'webhook' and subject_id is not null
    and received_at >= %(since)s order by received_at desc limit %(most)s
), ended as (
    select extract(epoch from (select min(r.finished_at) from run as r
        where r.subject_id = n.subject_id and r.mark >= n.mark and r.outcome = 'done'
        and r.started_at >= %(since)s) - n.received_at)::float8 as seconds
    from newest as n
)
select count(seconds) as events,
    count(*) filter (where seconds <= %(within)s) as soon,
    percentile_cont(0.5) within group (order by seconds) as median,
    percentile_cont(0.99) within group (order by seconds) as p99
from ended
"""

_LATEST: Final = f"""
with newest as (
    select id, connection, source, delivery_id, topic, flow, subject_id, mark, status, cause,
        sentence, received_at
    from event where connection = %(name)s and {known("received_at")}
    and (%(since)s::timestamptz is null or received_at >= %(since)s)
    order by received_at desc, id desc limit %(limit)s
)
select n.id, n.connection, n.source, n.topic, n.flow, n.received_at, n.subject_id,
    s.key as subject, s.attempt,
    case when s.id is null then n.status when s.converged >= n.mark then 'done'
        else s.state end as status,
    case when s.id is null then n.cause when s.converged >= n.mark then null
        else s.cause end as cause,
    case when s.id is null then n.sentence when s.converged >= n.mark then null
        else s.sentence end as sentence,
    d.kind as document, d.remote_id, d.title,
    (select min(r.finished_at) from run as r where r.subject_id = n.subject_id
        and r.mark >= n.mark and r.outcome = 'done' and r.started_at >= n.received_at
        - interval '2 minutes') as done_at
from newest as n
left join subject as s on s.id = n.subject_id
left join lateral (
    select p.kind, p.remote_id, p.document ->> 'title' as title from posting as p
    where p.subject_id = n.subject_id and p.state in ('done', 'adopted')
    and p.kind not in ('wroMark', 'trackingMark') order by p.id desc limit 1
) as d on true
order by n.received_at desc, n.id desc
"""  # noqa: S608 - a text of ours


async def per_hour(
    on: Connection, name: str, *, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return how many events of a connection came in each hour in which any came.

    ``stopped``: those whose subject waits for a person; ``open``: those that are on their way
    or wait for data.
    """
    when = {"name": name, "since": since, "until": until}
    open_ones = {row["hour"]: row for row in await rows(on, _OPEN_PER_HOUR, when)}
    none = {"stopped": 0, "open": 0}
    return [
        {**row, **{key: open_ones.get(row["hour"], none)[key] for key in none}}
        for row in await rows(on, _PER_HOUR, when)
    ]


async def count(
    on: Connection, name: str, *, since: datetime, until: datetime, most: int = MOST_COUNTED
) -> int:
    """Return how many events came in a time; ``most`` + 1 stands for more than ``most``."""
    row = await one(on, _COUNT, {"name": name, "since": since, "until": until, "most": most + 1})
    return int(row["n"]) if row else 0


async def spans(
    on: Connection, name: str, *, since: datetime, within: float, most: int
) -> dict[str, Any]:
    """Return how soon the newest webhooks were dealt with, from arrival to the end of a run.

    Args:
        on: for reading.
        name: of the connection.
        since: those that came then or later.
        within: seconds that count as soon.
        most: how many are looked at.

    Returns:
        ``events`` that are done, ``soon`` of them, ``median`` and ``p99`` in seconds.
    """
    row = await one(on, _SPANS, {"name": name, "since": since, "within": within, "most": most})
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    return row


async def latest(
    on: Connection, name: str, *, limit: int, since: datetime | None = None
) -> Sequence[dict[str, Any]]:
    """Return the latest events of a connection, each with its subject's last document."""
    return await rows(on, _LATEST, {"name": name, "limit": limit, "since": since})
