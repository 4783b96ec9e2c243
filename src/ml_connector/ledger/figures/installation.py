"""The database itself: its version, its size, its largest tables."""

from typing import Any, Final

from ml_connector.storage.database import Connection, one, rows

_TABLES: Final = """
select coalesce(p.relname, c.relname) as name, sum(pg_total_relation_size(c.oid))::bigint as bytes,
    greatest(0, sum(c.reltuples))::bigint as rows
from pg_class as c left join pg_inherits as i on i.inhrelid = c.oid
left join pg_class as p on p.oid = i.inhparent
where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
group by 1 order by 2 desc, 1 limit %(most)s
"""


async def database(on: Connection) -> dict[str, Any]:
    """Return the version of the server, the newest migration, and the size in bytes."""
    found = await one(
        on,
        "select split_part(current_setting('server_version'), ' ', 1) as server,"
        " (select version_num from alembic_version) as schema,"
        " pg_database_size(current_database()) as bytes",
    )
    assert found is not None  # noqa: S101 - such a query always gives a row
    return found


async def tables(on: Connection, *, most: int) -> list[dict[str, Any]]:
    """Return the largest tables, all months of one together; ``rows`` as the planner has them."""
    return await rows(on, _TABLES, {"most": most})
