"""The inbox: what anybody ever told us, kept for ever, each delivery once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from psycopg.types.json import Json

from ml_connector.ledger import months
from ml_connector.ledger.subjects import Marked, SubjectRef
from ml_connector.storage.database import Connection, rows
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


# A delivery's own row, in a table without months, is what lets it in once for ever.
_INSERT: Final = """
with arrived as (
    select * from unnest(
        %(connection)b::text[], %(source)b::text[], %(delivery_id)b::text[], %(topic)b::text[],
        %(flow)b::text[], %(subject_id)b::bigint[], %(mark)b::bigint[], %(status)b::text[],
        %(cause)b::text[], %(sentence)b::text[], %(remedy)b::text[], %(headers)b::json[],
        %(body)b::bytea[], %(sent_at)b::timestamptz[])
        as a(connection, source, delivery_id, topic, flow, subject_id, mark, status, cause,
             sentence, remedy, headers, body, sent_at)
), let_in as (
    insert into delivery (connection, delivery_id, event_id)
    select connection, delivery_id, nextval('event_ids') from arrived
    on conflict (connection, delivery_id) do nothing
    returning connection, delivery_id, event_id
)
insert into event (id, connection, source, delivery_id, topic, flow, subject_id, mark, status,
                   cause, sentence, remedy, headers, body, sent_at)
select l.event_id, a.* from arrived as a
join let_in as l on l.connection = a.connection and l.delivery_id = a.delivery_id
returning id, connection, delivery_id
"""

DeliveryKey = tuple[str, str]
"""Connection and delivery id."""


async def known(connection: Connection, arrivals: Sequence[Arrival]) -> dict[DeliveryKey, int]:
    """Return the event ids of those deliveries that are in the inbox already."""
    found = await rows(
        connection,
        "select e.event_id as id, e.connection, e.delivery_id from delivery as e"
        " join unnest(%(connection)b::text[], %(delivery_id)b::text[]) as a(c, d)"
        " on e.connection = a.c and e.delivery_id = a.d",
        {
            "connection": [arrival.connection for arrival in arrivals],
            "delivery_id": [arrival.delivery_id for arrival in arrivals],
        },
    )
    return {(row["connection"], row["delivery_id"]): row["id"] for row in found}


async def store(
    connection: Connection, arrivals: Sequence[Arrival], marked: Mapping[SubjectRef, Marked]
) -> dict[DeliveryKey, int]:
    """Store arrivals and return the ids of those rows that are new.

    A delivery that somebody else stored meanwhile gets no second row.
    """
    await months.ensure(connection)
    subjects = [marked[arrival.subject] if arrival.subject else None for arrival in arrivals]
    found = await rows(
        connection,
        _INSERT,
        {
            "connection": [arrival.connection for arrival in arrivals],
            "source": [arrival.source for arrival in arrivals],
            "delivery_id": [arrival.delivery_id for arrival in arrivals],
            "topic": [arrival.topic for arrival in arrivals],
            "flow": [arrival.subject.flow if arrival.subject else None for arrival in arrivals],
            "subject_id": [subject.id if subject else None for subject in subjects],
            "mark": [subject.mark if subject else None for subject in subjects],
            "status": [arrival.status for arrival in arrivals],
            "cause": [arrival.cause for arrival in arrivals],
            "sentence": [arrival.sentence for arrival in arrivals],
            "remedy": [arrival.remedy for arrival in arrivals],
            "headers": [Json(dict(arrival.headers)) for arrival in arrivals],
            "body": [arrival.body for arrival in arrivals],
            "sent_at": [arrival.sent_at for arrival in arrivals],
        },
    )
    return {(row["connection"], row["delivery_id"]): row["id"] for row in found}
