"""Subjects that nobody has ever told of, a page of them taken in with one statement.

``inbox.take_in`` does it for any arrival: it looks what is known of the subject, marks it,
stores the event and gives a job. Here the same is done for subjects that are new to the ledger:
the database makes all the rows from one document.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
import psycopg

from ml_connector.ledger import months
from ml_connector.storage.database import Connection, rows
from ml_connector.words import Source

# No joins: the planner can't know how many rows a page has, and each wrong guess costs more
# than the work itself. So every key is looked up by itself, all ids are drawn first, and the
# job is made before the subject, which then need not be written twice.
_TAKE_IN: Final = """
with unheard as materialized (
    select row_number() over (order by a.key collate "C") as n, a.key, a.within,
        %(prefix)s || a.key || ':' || a.version as delivery_id,
        nextval('subject_id_seq') as id, nextval('event_ids') as event_id
    from json_to_recordset(%(seen)s::text::json) as a(key text, version text, within text)
    where (select s.id from subject as s where s.connection = %(connection)s
           and s.flow = %(flow)s and s.key = a.key) is null
), job as materialized ({jobs}
), marked as (
    insert into subject (id, connection, flow, key, within, marked, job_id)
    overriding system value
    select id, %(connection)s, %(flow)s, key, within, 1, (select ids from job)[n]
    from unheard order by n
), let_in as (
    insert into delivery (connection, delivery_id, event_id)
    select %(connection)s, delivery_id, event_id from unheard order by n
), stored as (
    insert into event (id, connection, source, delivery_id, topic, flow, subject_id, mark,
                       status, headers, body)
    select event_id, %(connection)s, %(source)s, delivery_id, %(topic)s, %(flow)s, id, 1,
           'received', '{{}}', ''
    from unheard order by n
)
select key from unheard
"""


class NewSubject(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that may be new to the ledger.

    Attributes:
        key: of the subject.
        version: names the state in which it was seen.
        within: the larger thing at the source that it is part of, if that is known.
    """

    key: str
    version: str
    within: str | None = None


async def take_in(
    connection: Connection,
    seen: Sequence[NewSubject],
    *,
    connection_name: str,
    flow: str,
    source: Source,
    topic: str,
    jobs: str,
    priority: int,
) -> set[str]:
    """Store, mark and give a job to those subjects that are not in the ledger; return their keys.

    All or nothing, in the caller's transaction. The others are left alone. So are all of them
    when another process takes one of them in at this moment, or a key is there twice.

    Args:
        connection: inside a transaction.
        seen: each key once.
        connection_name: whose subjects.
        flow: of the subjects.
        source: of the events.
        topic: kept with the events.
        jobs: the statement that makes the jobs of table ``unheard`` in the order of its ``n``,
            with parameters ``lane`` and ``priority``, and returns their ids as array ``ids``.
        priority: of the jobs.
    """
    if not seen:
        return set()
    await months.ensure(connection)
    given = {
        "seen": msgspec.json.encode(seen).decode(),
        "connection": connection_name,
        "flow": flow,
        "source": source,
        "topic": topic,
        "prefix": f"{source}:{flow}:",
        "lane": connection_name,
        "priority": priority,
    }
    try:
        async with connection.transaction():
            found = await rows(connection, _TAKE_IN.format(jobs=jobs), given)
    except (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected):
        return set()
    return {row["key"] for row in found}
