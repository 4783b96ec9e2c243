"""The stock of both systems as comparisons have seen it."""

from datetime import datetime
from typing import Any, Final

from ml_connector.storage.database import Connection, rows

_MOST_BYTES: Final = 1_000_000
"""So much of what runs keep is read for one history, as it is stored."""

_LATEST: Final = """
select s.id, s.key as location, s.state, s.cause, s.sentence, s.remedy, s.changed_at,
    r.id as run_id, r.started_at
from subject as s left join lateral (
    select id, started_at from run where subject_id = s.id and facts is not null
    and finished_at is not null order by id desc limit 1
) as r on true
where s.connection = %(name)s and s.flow = 'inventory'
order by s.key
"""

_BEFORE: Final = """
select s.key as location, r.id as run_id, r.started_at
from subject as s join lateral (
    select id, started_at from run where subject_id = s.id and facts is not null
    and finished_at is not null and started_at >= %(since)s and started_at < %(moment)s
    order by started_at desc limit 1
) as r on true
where s.connection = %(name)s and s.flow = 'inventory'
order by s.key
"""

_HISTORY: Final = f"""
with runs as (
    select r.id, r.started_at, r.facts,
        sum(pg_column_size(r.facts)) over (order by r.id desc) as bytes
    from (select r.id, r.started_at, r.facts from run as r join subject as s on s.id = r.subject_id
        where s.connection = %(name)s and s.flow = 'inventory' and s.key = %(location)s
        and r.facts is not null and r.started_at >= %(since)s
        order by r.id desc limit %(most)s) as r
)
select r.started_at as at, l.shipbob, l.netsuite from runs as r, lateral (
    select (one ->> 'shipbob')::bigint as shipbob, (one ->> 'netsuite')::numeric as netsuite
    from json_array_elements(r.facts -> 'levels') as one where one ->> 'sku' = %(sku)s limit 1
) as l where r.bytes <= {_MOST_BYTES} order by r.id
"""  # noqa: S608 - a constant of ours


async def latest(on: Connection, name: str) -> list[dict[str, Any]]:
    """Return the last comparison of each location of a connection that has ended."""
    return await rows(on, _LATEST, {"name": name})


async def before(
    on: Connection, name: str, moment: datetime, *, since: datetime
) -> list[dict[str, Any]]:
    """Return the last comparison of each location that began before a moment, not before since."""
    return await rows(on, _BEFORE, {"name": name, "moment": moment, "since": since})


async def facts(on: Connection, run_id: int, started_at: datetime) -> bytes | None:
    """Return what a run saw, as JSON; None where it is not there any more."""
    found = await rows(
        on,
        "select convert_to(facts::text, 'UTF8') as facts from run where id = %(id)s"
        " and started_at = %(at)s",
        {"id": run_id, "at": started_at},
    )
    return bytes(found[0]["facts"]) if found and found[0]["facts"] is not None else None


async def history(
    on: Connection, name: str, location: str, sku: str, *, since: datetime, most: int
) -> list[dict[str, Any]]:
    """Return what comparisons saw of a SKU at a location, the oldest first.

    Args:
        on: for reading.
        name: of the connection.
        location: NetSuite's internal id.
        sku: ShipBob's, or the item's name.
        since: comparisons begun then or later.
        most: how many comparisons, the newest; fewer where much would have to be read.
    """
    return await rows(
        on,
        _HISTORY,
        {"name": name, "location": location, "sku": sku, "since": since, "most": most},
    )
