"""``/events``: the inbox, and running again what it is about."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import Parameter
from msgspec import Meta

from ml_connector.app.views.desk.events import (
    MOST_REPLAYED,
    EventQuery,
    EventRow,
    events,
    replay_matching,
    replay_these,
)
from ml_connector.app.views.paging import MOST_ROWS, PAGE_ROWS, Listed
from ml_connector.web.address import WebRequest
from ml_connector.web.api.errands import MOST_ID
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import reading_places, seen
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_LONGEST: Final = 200

Text = Annotated[str, Parameter(max_length=_LONGEST)]
Moment = Annotated[datetime, Meta(tz=True)]

Status = Literal["received", "working", "retrying", "done", "parked", "dead", "ignored", ""]


class ReplayedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay came to; ``left_out``: of topics that nothing handles."""

    events: int
    subjects: int
    left_out: int


class EventsToReplay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events: these ids, or all that match the rest; at most 5,000."""

    ids: Annotated[
        list[Annotated[int, Meta(ge=1, le=MOST_ID)]], Meta(max_length=MOST_REPLAYED)
    ] = []
    status: Status = ""
    flow: Annotated[str, Meta(max_length=_LONGEST)] = ""
    cause: Annotated[str, Meta(max_length=_LONGEST)] = ""
    subject: Annotated[str, Meta(max_length=_LONGEST)] = ""
    since: Moment | None = None
    until: Moment | None = None


@get("/events", guards=[needs("look")], summary="List events", tags=["Events"])
async def list_events(
    request: WebRequest,
    *,
    connection: Annotated[str | None, Parameter(max_length=40)] = None,
    status: Status = "",
    flow: Text = "",
    cause: Text = "",
    subject: Text = "",
    since: Moment | None = None,
    until: Moment | None = None,
    after: Annotated[str | None, Parameter(max_length=_LONGEST)] = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_ROWS)] = PAGE_ROWS,
) -> Listed[EventRow]:
    """Return events, the newest first."""
    query = EventQuery(
        status=status, flow=flow, cause=cause, subject=subject, since=since, until=until
    )
    async with Console.of(request).database.transaction() as on:
        names = await seen(on, connection)
        with reading_places():
            return await events(on, names, query, after=after, limit=limit)


@post(
    "/events/replay",
    guards=[needs("replay")],
    status_code=HTTPStatus.OK,
    summary="Run again what events are about",
    tags=["Events"],
)
async def replay_events(request: WebRequest, who: Who, data: EventsToReplay) -> ReplayedEvents:
    """Run the subjects of events again. Nothing is booked twice, however often it is repeated."""
    console = Console.of(request)
    query = EventQuery(
        status=data.status,
        flow=data.flow,
        cause=data.cause,
        subject=data.subject,
        since=data.since,
        until=data.until,
    )
    async with console.database.transaction() as on:
        names = await seen(on)
        done = (
            await replay_these(console.installation, on, names, ids=data.ids, person=who.name)
            if data.ids
            else await replay_matching(console.installation, on, names, query, person=who.name)
        )
    return ReplayedEvents(events=done.events, subjects=done.subjects, left_out=done.left_out)


ROUTES = (list_events, replay_events)
