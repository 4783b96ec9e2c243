"""Decisions of late, with the subject that each is about."""

from collections.abc import Sequence
from typing import Any

from ml_connector.storage.database import Connection, rows


async def newest(
    connection: Connection, names: Sequence[str], *, limit: int
) -> list[dict[str, Any]]:
    """Return the newest decisions of these connections, the newest first.

    ``subject_id`` is None where a decision is about no subject.
    """
    return await rows(
        connection,
        "select d.id, d.connection, d.flow, d.key, d.kind, d.document,"
        " case when d.kind = 'again' then '' else d.value end as value, d.note, d.person,"
        " d.made_at, d.taken_back_by, s.id as subject_id"
        " from (select * from decision where connection = any (%(names)s)"
        "  order by id desc limit %(limit)s) as d"
        " left join subject as s on s.connection = d.connection and s.flow = d.flow"
        "  and s.key = d.key order by d.id desc",
        {"names": list(names), "limit": limit},
    )
