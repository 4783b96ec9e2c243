"""Subjects that nobody has ever told of, a page of them taken in with one statement.

The first poll of an account finds every open order at once. What ``take_in`` does for any
arrival, whatever is known of it (look, mark, store, give a job), is done here for those that
are new to the books and can't be known: the database makes all the rows from one document.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ml_connector.engine.flow import Flow, Seen
from ml_connector.engine.lanes import BULK, JOBS
from ml_connector.ledger import months
from ml_connector.storage.database import Connection, rows
from ml_connector.words import Source

# The job is made before the subject, which then need not be written twice. Where somebody
# else makes the same subject in this moment, ours is not made, and its job finds no subject
# and ends.
_TAKE_IN: Final = f"""
with unheard as (
    select row_number() over (order by a.key collate "C") as n, a.key, a.version, a.within,
        nextval(pg_get_serial_sequence('subject', 'id')) as id
    from json_to_recordset(%(seen)s::text::json) as a(key text, version text, within text)
    where not exists (select 1 from subject as s where s.connection = %(connection)s
                      and s.flow = %(flow)s and s.key = a.key)
), job as ({JOBS.format(subjects="unheard")}
), marked as (
    insert into subject (id, connection, flow, key, within, marked, job_id)
    overriding system value
    select u.id, %(connection)s, %(flow)s, u.key, u.within, 1, j.id
    from unheard as u join job as j using (n) order by u.n
    on conflict (connection, flow, key) do nothing
    returning id
), arrived as (
    select u.id, u.key, %(prefix)s || u.key || ':' || u.version as delivery_id
    from unheard as u join marked using (id)
), let_in as (
    insert into delivery (connection, delivery_id, event_id)
    select %(connection)s, delivery_id, nextval('event_ids') from arrived
    on conflict (connection, delivery_id) do nothing
    returning delivery_id, event_id
), stored as (
    insert into event (id, connection, source, delivery_id, topic, flow, subject_id, mark,
                       status, headers, body)
    select l.event_id, %(connection)s, %(source)s, l.delivery_id, %(topic)s, %(flow)s, a.id, 1,
           'received', '{{}}', ''
    from arrived as a join let_in as l using (delivery_id)
)
select key from arrived
"""  # noqa: S608 - put together from texts of ours


async def take_in_unheard(
    connection: Connection,
    connection_name: str,
    flow: Flow,
    seen: Sequence[Seen],
    *,
    source: Source,
) -> set[str]:
    """Store, mark and give a job to those subjects that are not in the books; return their keys.

    All or nothing, in the caller's transaction. The others are left alone.

    Args:
        connection: inside a transaction.
        connection_name: whose subjects.
        flow: whose source.
        seen: each with a version, each key once.
        source: who tells.
    """
    if not seen:
        return set()
    await months.ensure(connection)
    found = await rows(
        connection,
        _TAKE_IN,
        {
            "seen": msgspec.json.encode(seen).decode(),
            "connection": connection_name,
            "flow": flow.name,
            "source": source,
            "topic": f"{flow.source} {source}",
            "prefix": f"{source}:{flow.name}:",
            "lane": connection_name,
            "priority": BULK,
        },
    )
    return {row["key"] for row in found}
