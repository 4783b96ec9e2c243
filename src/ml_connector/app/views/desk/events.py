"""The inbox: events by status, flow, cause, subject and time, the newest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.replay import replay, replay_found
from ml_connector.app.views.paging import PAGE_ROWS, Listed, listed
from ml_connector.app.views.words import Chip, state_shown, subject_title
from ml_connector.engine.inbox.reruns import Replayed
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.ledger.history import EventFilter
from ml_connector.ledger.search import events as inbox_pages
from ml_connector.ledger.search.events import EventPlace, EventsWanted
from ml_connector.storage.database import Connection
from ml_connector.words import EVENT_STATUSES

MOST_REPLAYED: Final = 5_000

COLUMNS: Final = (
    *("id", "received_at", "connection", "source", "topic", "flow", "subject", "status"),
    *("cause", "sentence", "delivery_id"),
)
"""Of an export."""


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events; an attribute that is empty excludes none."""

    status: str = ""
    flow: str = ""
    cause: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event.

    Attributes:
        subject_id: of what it is about; None where it is about nothing that is handled.
        title: of the same, for people; empty likewise.
        word: its status as people read it, and ``chip`` how it is coloured.
    """

    id: int
    received_at: datetime
    connection: str
    source: str
    topic: str
    flow: str
    subject: str
    subject_id: int | None
    title: str
    status: str
    chip: Chip
    word: str
    cause: str
    sentence: str
    delivery_id: str


def checked(query: EventQuery) -> EventQuery:
    """Return a query whose words are known.

    Raises:
        UserError: there is no such status or flow.
    """
    for where, word, known in (
        ("status", query.status, EVENT_STATUSES),
        ("flow", query.flow, tuple(FLOWS)),
    ):
        if word and word not in known:
            raise UserError(
                f'"{word[:40]}" is no {where}',
                where=where,
                next_step=f"Use one of {', '.join(known)}.",
                usage=True,
            )
    return query


async def events(
    on: Connection,
    names: Sequence[str],
    query: EventQuery,
    *,
    after: str | None = None,
    limit: int = PAGE_ROWS,
) -> Listed[EventRow]:
    """Return a page of events, the newest first.

    Raises:
        UserError: the query has an unknown word.
        ValueError: ``after`` is none of ours.
    """
    found = await inbox_pages.event_page(
        on, names, _wanted(checked(query)), after=_place(after), limit=limit + 1
    )
    return listed([_row(row) for row in found], limit, _key)


async def replay_these(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    *,
    ids: Sequence[int],
    person: str,
) -> Replayed:
    """Run the subjects of these events again, and record the act with it.

    Raises:
        UserError: none is named.
    """
    if not ids:
        raise UserError("No event is named", where="ids", next_step="Select at least one event.")
    return await replay(
        installation, on, names, EventFilter(ids=tuple(ids)), connection=None, person=person
    )


async def replay_matching(
    installation: Installation,
    on: Connection,
    names: Sequence[str],
    query: EventQuery,
    *,
    person: str,
) -> Replayed:
    """Run the subjects of all events that match again, and record the act with it.

    Nothing is recorded as answered: who replays many has not looked at each.

    Raises:
        UserError: there are too many, or nothing says which.
    """
    if query == EventQuery():
        raise UserError(
            "Nothing says which events",
            where="events",
            next_step="Filter by status, flow, cause or time first.",
        )
    wanted = _wanted(checked(query))
    found = await inbox_pages.ids_of(on, names, wanted, most=MOST_REPLAYED + 1)
    if len(found) > MOST_REPLAYED:
        raise UserError(
            f"More than {MOST_REPLAYED:,} events match",
            where="events",
            next_step="Narrow it by time, or use: ml-connector events replay.",
        )
    filtered = EventFilter(
        status=wanted.status,
        flow=wanted.flow,
        subject=wanted.subject,
        cause=wanted.cause,
        since=wanted.since,
        until=wanted.until,
    )
    return await replay_found(installation, on, names, found, which=filtered, person=person)


def _wanted(query: EventQuery) -> EventsWanted:
    return EventsWanted(
        status=query.status or None,
        cause=query.cause or None,
        flow=query.flow or None,
        subject=query.subject or None,
        flows=tuple(FLOWS),
        since=query.since,
        until=query.until,
    )


def _place(after: str | None) -> EventPlace | None:
    if not after:
        return None
    at, _, event_id = after.rpartition("~")
    return EventPlace(datetime.fromisoformat(at), int(event_id))


def _key(row: EventRow) -> str:
    return f"{row.received_at.isoformat()}~{row.id}"


def _row(row: Mapping[str, Any]) -> EventRow:
    flow, subject = row["flow"] or "", row["subject"] or ""
    shown = state_shown(row["status"], row["attempt"] or 0)
    return EventRow(
        id=row["id"],
        received_at=row["received_at"],
        connection=row["connection"],
        source=row["source"],
        topic=row["topic"],
        flow=flow,
        subject=subject,
        subject_id=row["subject_id"],
        title=subject_title(flow, subject) if row["subject_id"] is not None else "",
        status=row["status"],
        chip=shown.chip,
        word=shown.word,
        cause=row["cause"] or "",
        sentence=row["sentence"] or "",
        delivery_id=row["delivery_id"],
    )
