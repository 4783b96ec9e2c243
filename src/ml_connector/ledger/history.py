"""Reading back: events with what came of them, postings, journal rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.storage.database import Connection, one, rows


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Which events; what is None or empty does not matter."""

    ids: Sequence[int] = ()
    status: str | None = None
    flow: str | None = None
    subject: str | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_WHERE = """
connection = any (%(names)s)
and (%(ids)s::bigint[] is null or id = any (%(ids)s))
and (%(status)s::text is null or status = %(status)s)
and (%(flow)s::text is null or flow = %(flow)s)
and (%(subject)s::text is null or subject = %(subject)s)
and (%(cause)s::text is null or cause = %(cause)s)
and (%(since)s::timestamptz is null or received_at >= %(since)s)
and (%(until)s::timestamptz is null or received_at < %(until)s)
"""


_EVENTS = f"""
select id, connection, source, delivery_id, topic, flow, subject_id, subject, status,
    cause, sentence, remedy, sent_at, received_at from event_status
where {_WHERE} order by id desc limit %(limit)s
"""  # noqa: S608 - our own constant


def _parameters(names: Sequence[str], wanted: EventFilter) -> dict[str, Any]:
    return {
        "names": list(names),
        "ids": list(wanted.ids) or None,
        "status": wanted.status,
        "flow": wanted.flow,
        "subject": wanted.subject,
        "cause": wanted.cause,
        "since": wanted.since,
        "until": wanted.until,
    }


async def events(
    connection: Connection, names: Sequence[str], wanted: EventFilter, *, limit: int | None
) -> list[dict[str, Any]]:
    """Return the events of these connections that match, the newest first."""
    return await rows(
        connection,
        _EVENTS,
        {**_parameters(names, wanted), "limit": limit},
    )


async def event(connection: Connection, event_id: int) -> dict[str, Any] | None:
    """Return one event whole: body, runs and postings of its subject; None if unknown."""
    found = await one(
        connection,
        "select v.*, e.headers, convert_from(e.body, 'UTF8') as body, s.due_at, s.waiting_for,"
        " s.attempt from event_status as v join event as e using (id)"
        " left join subject as s on s.id = v.subject_id where v.id = %(id)s",
        {"id": event_id},
    )
    if found is None:
        return None
    of_subject = {"subject": found["subject_id"]}
    found["runs"] = await rows(
        connection,
        "select id, started_at, finished_at, mode, rules, outcome, cause, sentence, remedy, facts,"
        " decision from run where subject_id = %(subject)s order by id desc limit 20",
        of_subject,
    )
    found["postings"] = await rows(
        connection,
        "select id, run_id, system, kind, external_id, state, remote_id, attempts, created_at,"
        " settled_at, document ->> 'title' as title, document -> 'request' as request, answer"
        " from posting where subject_id = %(subject)s order by id",
        of_subject,
    )
    return found


async def journal(
    connection: Connection, names: Sequence[str], *, limit: int
) -> list[dict[str, Any]]:
    """Return journal rows of these connections, the newest first."""
    return await rows(
        connection,
        "select * from journal where connection = any (%(names)s) order by id desc"
        " limit %(limit)s",
        {"names": list(names), "limit": limit},
    )
