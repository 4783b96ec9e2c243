"""Reading back: events with their runs and postings, and what people did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.storage.database import Connection, one, rows


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Which events; an attribute that is None or empty excludes none."""

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


async def acts(
    connection: Connection,
    names: Sequence[str] | None,
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    person: str | None = None,
    what: str | None = None,
) -> list[dict[str, Any]]:
    """Return what people did, the newest first.

    Args:
        connection: for reading.
        names: of connections; None: everything, also what concerns no connection.
        limit: how many at most.
        since: then or later.
        until: before then.
        person: a part of the name.
        what: its beginning, such as ``connection``.
    """
    return await rows(
        connection,
        "select id, at, person, what, connection, details from act"
        " where (%(names)s::text[] is null or connection = any (%(names)s))"
        " and (%(since)s::timestamptz is null or at >= %(since)s)"
        " and (%(until)s::timestamptz is null or at < %(until)s)"
        " and (%(person)s::text is null or strpos(lower(person), lower(%(person)s)) > 0)"
        " and (%(what)s::text is null or starts_with(what, %(what)s))"
        " order by id desc limit %(limit)s",
        {
            "names": list(names) if names is not None else None,
            "since": since,
            "until": until,
            "person": person,
            "what": what,
            "limit": limit,
        },
    )


async def ever_was(connection: Connection, name: str) -> bool:
    """Return whether a connection is there, or was and left a journal or an act."""
    found = await one(
        connection,
        "select exists (select 1 from connection where name = %(name)s)"
        " or exists (select 1 from journal where connection = %(name)s)"
        " or exists (select 1 from act where connection = %(name)s) as it_was",
        {"name": name},
    )
    return bool(found and found["it_was"])


def changes(details: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an act changed, one sentence each: ``policies.receipts: a -> b``."""
    before, after = details.get("before"), details.get("after")
    rest = {key: value for key, value in details.items() if key not in {"before", "after"}}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        old, new = _flat(before), _flat(after)
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                yield f"{key}: {_text(old.get(key))} -> {_text(new.get(key))}"
    elif isinstance(before, Mapping) or isinstance(after, Mapping):
        yield "made new" if before is None else "taken away"
        rest = {**_flat(before or after), **rest}
    elif before is not None or after is not None:
        yield f"{_text(before)} -> {_text(after)}"
    for key, value in _flat(rest).items():
        if value not in (None, "", [], {}):
            yield f"{key}: {_text(value)}"


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        return {
            key: inner
            for name, item in value.items()
            for key, inner in _flat(item, f"{path}.{name}" if path else str(name)).items()
        }
    return {path: value}


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "nothing"
    return str(value)
