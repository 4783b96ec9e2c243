"""The inbox: every event that was ever told, kept for ever, each delivery once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ml_connector.ledger import months
from ml_connector.ledger.inbox.subjects import Marked, SubjectRef
from ml_connector.moments import known
from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Cause, Source


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Something that somebody told us: a webhook, a sweep, a wake-up, a person.

    Attributes:
        delivery_id: identifies it for ever within the connection (the ``webhook-id``).
        subject: what it is about; None for what we do not handle or can't read.
        within: the larger thing at the source that the subject is part of, if that is told.
        status: ``received``, or the final word where there is no subject.
        body: the raw bytes as they came.
        sent_at: the sender's timestamp.
    """

    connection: str
    source: Source
    delivery_id: str
    topic: str
    subject: SubjectRef | None
    within: str | None = None
    status: Literal["received", "ignored", "dead"] = "received"
    cause: Cause | None = None
    sentence: str | None = None
    remedy: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """What became of an arrival.

    Attributes:
        event_id: its row in the inbox.
        new: False when this delivery had been stored before.
    """

    event_id: int
    new: bool


_TAKE_IN: Final = """
select event_id, is_new from take_in(
    %(arrivals)s::text::json, %(bodies)b::bytea[], %(task)s, %(priority)s)
"""

_encode: Final = msgspec.json.Encoder().encode


async def take_in(
    connection: Connection, arrivals: Sequence[Arrival], *, task: str, priority: int
) -> list[TakenIn]:
    """Store arrivals, mark their subjects and see that each has a job, in one statement.

    A delivery that was stored before, or that is twice among the arrivals, gets no second row
    and marks nothing.

    Args:
        connection: nothing is on disk before its transaction commits.
        arrivals: in any order; the answers are in the same.
        task: what runs the subjects.
        priority: of their jobs.
    """
    await months.ensure(connection)
    found = await rows(
        connection,
        _TAKE_IN,
        {
            "arrivals": _encode([_document(arrival) for arrival in arrivals]).decode(),
            "bodies": [arrival.body for arrival in arrivals],
            "task": task,
            "priority": priority,
        },
    )
    return [TakenIn(event_id=row["event_id"], new=row["is_new"]) for row in found]


async def last_told(
    connection: Connection, connection_name: str, flow: str, keys: Collection[str]
) -> dict[str, datetime]:
    """Return when the last event about each of these subjects came; none where none ever did.

    Of an event that came by a clock that was ahead, nobody knows what it told of: it counts as
    the oldest.
    """
    found = await rows(
        connection,
        "select s.key, max(case when"  # noqa: S608 - a text of ours
        f" {known('e.received_at')} then e.received_at else s.created_at end) as last"
        " from subject as s"
        " join event as e on e.subject_id = s.id"
        " where s.connection = %(connection)s and s.flow = %(flow)s and s.key = any (%(keys)s)"
        " group by s.key",
        {"connection": connection_name, "flow": flow, "keys": list(keys)},
    )
    return {row["key"]: row["last"] for row in found}


class StoredEvent(NamedTuple):
    """An event as it came."""

    connection: str
    topic: str
    body: bytes


async def stored(connection: Connection, event_id: int) -> StoredEvent | None:
    """Return an event by its id; None when there is none."""
    row = await one(
        connection, "select connection, topic, body from event where id = %(id)s", {"id": event_id}
    )
    return StoredEvent(**row) if row else None


async def assign(connection: Connection, event_id: int, flow: str, marked: Marked) -> None:
    """Record that an event which was ignored is about a subject, which it has just marked."""
    await rows(
        connection,
        "update event set flow = %(flow)s, subject_id = %(subject)s, mark = %(mark)s,"
        " status = 'received', cause = null, sentence = null, remedy = null where id = %(id)s",
        {"id": event_id, "flow": flow, "subject": marked.id, "mark": marked.mark},
    )


def _document(arrival: Arrival) -> dict[str, Any]:
    subject = arrival.subject
    return {
        "connection": arrival.connection,
        "source": arrival.source,
        "delivery_id": arrival.delivery_id,
        "topic": arrival.topic,
        "flow": subject.flow if subject else None,
        "key": subject.key if subject else None,
        "within": arrival.within,
        "status": arrival.status,
        "cause": arrival.cause,
        "sentence": arrival.sentence,
        "remedy": arrival.remedy,
        "headers": arrival.headers,
        "sent_at": arrival.sent_at,
    }
