"""Stopped subjects whose last run has seen documents of others."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.storage.database import Connection, rows

_SEEING: Final = """
select s.connection, s.flow, s.key, seen.facts from subject as s
cross join lateral (select r.facts from run as r where r.subject_id = s.id
    and r.facts is not null order by r.id desc limit 1) as seen
where s.connection = %(connection)s and s.state in ('parked', 'dead')
    and s.flow = any (%(flows)s) and s.cause = any (%(causes)s)
    and seen.facts::text like any (%(patterns)s)
order by s.id
"""


class StopSeeing(NamedTuple):
    """A stopped subject, and what its last run saw, as it was stored."""

    ref: SubjectRef
    facts: Mapping[str, Any]


async def seeing(
    connection: Connection,
    connection_name: str,
    documents: Collection[str],
    *,
    flows: Collection[str],
    causes: Collection[str],
) -> list[StopSeeing]:
    """Return stopped subjects in whose facts one of these numbers stands.

    Args:
        connection: for reading.
        connection_name: whose subjects.
        documents: internal ids. Another thing may have the same number: who asks has to look.
        flows: of the subjects.
        causes: of the stops.
    """
    found = await rows(
        connection,
        _SEEING,
        {
            "connection": connection_name,
            "flows": sorted(flows),
            "causes": sorted(causes),
            "patterns": [f'%"{one}"%' for one in sorted(documents)],
        },
    )
    return [
        StopSeeing(SubjectRef(row["connection"], row["flow"], row["key"]), row["facts"])
        for row in found
    ]
