"""What became of subjects: which are open, which are stopped, what was posted of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.moments import known
from ml_connector.storage.database import Connection, Database, one, rows


class SubjectStanding(NamedTuple):
    """How the subject of an event stands now.

    Attributes:
        cause: why it is not done; None where it is, or runs for the first time.
        sentence: the same for a person.
    """

    ref: SubjectRef
    id: int
    state: str
    cause: str | None
    sentence: str | None = None


async def of_event(connection: Connection, event_id: int) -> SubjectStanding | None:
    """Return how the subject of an event stands; None where the event is of no subject."""
    return _standing(
        await one(
            connection,
            "select s.connection, s.flow, s.key, s.id, s.state, s.cause, s.sentence"
            " from event as e join subject as s on s.id = e.subject_id where e.id = %(id)s",
            {"id": event_id},
        )
    )


async def of_ref(connection: Connection, ref: SubjectRef) -> SubjectStanding | None:
    """Return how a subject stands now; None where nothing ever marked it."""
    return _standing(
        await one(
            connection,
            "select connection, flow, key, id, state, cause, sentence from subject"
            " where connection = %(connection)s and flow = %(flow)s and key = %(key)s",
            ref._asdict(),
        )
    )


def _standing(row: Mapping[str, Any] | None) -> SubjectStanding | None:
    if row is None:
        return None
    ref = SubjectRef(row["connection"], row["flow"], row["key"])
    return SubjectStanding(ref, row["id"], row["state"], row["cause"], row["sentence"])


async def of_subject(connection: Connection, subject_id: int) -> SubjectStanding | None:
    """Return how a subject stands, by its id; None where there is none."""
    return _standing(
        await one(
            connection,
            "select connection, flow, key, id, state, cause, sentence from subject"
            " where id = %(id)s",
            {"id": subject_id},
        )
    )


async def latest_event(connection: Connection, ref: SubjectRef) -> int | None:
    """Return the id of the latest event about a subject; None where there is none."""
    row = await one(
        connection,
        "select max(e.id) as id from event as e join subject as s on s.id = e.subject_id"
        " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = %(key)s",
        ref._asdict(),
    )
    return row["id"] if row else None


async def count_unsettled(
    database: Database, connection_name: str, flow: str, keys: Sequence[str]
) -> int:
    """Return how many of these subjects are in a run, or wait for one that is due."""
    [row] = await database.fetch(
        "select count(*) as n from subject where connection = %(name)s and flow = %(flow)s"
        " and key = any (%(keys)s) and (state in ('received', 'working')"
        " or state = 'retrying' and due_at <= now())",
        {"name": connection_name, "flow": flow, "keys": list(keys)},
    )
    return int(row["n"])


async def outcomes(
    database: Database,
    connection_name: str,
    flow: str,
    keys: Sequence[str],
    *,
    since: datetime,
    noted: bool,
) -> list[dict[str, Any]]:
    """Return how these subjects stand: state, failure, note of the last run, documents.

    Args:
        database: for reading.
        connection_name: whose subjects.
        flow: of the subjects.
        keys: of the subjects.
        since: documents that were settled then or later.
        noted: documents too that a dry run noted.
    """
    return await database.fetch(
        "select s.id, s.key, s.state, s.cause, s.sentence, s.remedy, s.due_at,"
        " (select r.decision ->> 'note' from run as r where r.subject_id = s.id"
        "  order by r.id desc limit 1) as note,"
        " coalesce((select json_agg(json_build_object('document', p.kind,"
        "   'external_id', p.external_id, 'remote_id', p.remote_id, 'state', p.state,"
        "   'title', p.document ->> 'title') order by p.id)"
        "  from posting as p where p.subject_id = s.id and (p.settled_at >= %(since)s"
        "   or p.state = 'noted' and %(noted)s)), '[]'::json) as documents"
        " from subject as s where s.connection = %(name)s and s.flow = %(flow)s"
        " and s.key = any (%(keys)s) order by s.id",
        {
            "name": connection_name,
            "flow": flow,
            "keys": list(keys),
            "since": since,
            "noted": noted,
        },
    )


async def stopped(connection: Connection, connection_name: str) -> list[dict[str, Any]]:
    """Return the stopped subjects of a connection, those of one flow and cause together.

    Each row has flow, cause, count and the time of the oldest; the keys and sentences of the
    three oldest, and the remedy of the oldest; ``dead`` where one of them waits for a person.
    """
    return await rows(
        connection,
        "select flow, cause, count(*)::int as count, min(case when"  # noqa: S608 - a text of ours
        f" {known('changed_at')} then changed_at else created_at end) as oldest,"
        " (array_agg(key order by changed_at, id))[1:3] as keys,"
        " (array_agg(sentence order by changed_at, id))[1:3] as sentences,"
        " (array_agg(remedy order by changed_at, id))[1] as remedy,"
        " bool_or(state = 'dead') as dead"
        " from subject where connection = %(name)s and state in ('parked', 'dead')"
        " group by flow, cause",
        {"name": connection_name},
    )


async def retrying(
    connection: Connection, connection_name: str, *, before: datetime
) -> list[dict[str, Any]]:
    """Return the subjects that have been tried again and again since before a moment.

    Those of one flow and cause together: flow, cause, count and since when the oldest has; the
    keys and sentences of the three oldest, and the attempts of the one that was tried most.
    """
    return await rows(
        connection,
        "select flow, cause, count(*)::int as count, min(since) as oldest,"  # noqa: S608 - a text of ours
        " (array_agg(key order by since, id))[1:3] as keys,"
        " (array_agg(sentence order by since, id))[1:3] as sentences,"
        " max(attempt)::int as attempts"
        " from (select s.*, (select min(e.received_at) from event as e"
        "   where e.subject_id = s.id and e.mark > s.converged) as since"
        "  from subject as s where s.connection = %(name)s"
        "  and s.state in ('received', 'working', 'retrying')"
        "  and s.attempt > 0 and s.cause is not null) as tried"
        f" where since < %(before)s and {known('since')}"
        " group by flow, cause",
        {"name": connection_name, "before": before},
    )


async def keys_not_done(database: Database, connection_name: str, flow: str) -> list[str]:
    """Return the keys of the subjects of a flow that are not done."""
    found = await database.fetch(
        "select key from subject where connection = %(name)s and flow = %(flow)s"
        " and state <> 'done'",
        {"name": connection_name, "flow": flow},
    )
    return [row["key"] for row in found]


async def not_done(database: Database) -> list[dict[str, Any]]:
    """Return all subjects that are not done, each with its failure; the cause may be empty."""
    return await database.fetch(
        "select flow, key, state, coalesce(cause, '') as cause, sentence from subject"
        " where state <> 'done' order by id"
    )


async def open_subjects(connection: Connection) -> list[dict[str, Any]]:
    """Return how many subjects are not done, and the age in seconds of the oldest of them.

    By connection, flow, state and cause; the cause is empty where there is none.
    """
    return await rows(
        connection,
        "select connection, flow, state, coalesce(cause, '') as cause, count(*) as n,"
        " extract(epoch from now() - min(changed_at))::float8 as age"
        " from subject where state <> 'done' group by 1, 2, 3, 4",
    )


async def events_of_a_day(connection: Connection) -> list[dict[str, Any]]:
    """Return how many events of the last 24 hours there are, by connection and status."""
    return await rows(
        connection,
        "select connection, status, count(*) as n from event_status"
        " where received_at > now() - interval '24 hours' group by 1, 2",
    )


async def unexplained(connection: Connection) -> list[dict[str, Any]]:
    """Return how many source lines nothing accounts for, by connection and flow, if any."""
    return await rows(
        connection,
        "select connection, flow, sum(unexplained)::bigint as n from subject"
        " where unexplained > 0 group by 1, 2",
    )
