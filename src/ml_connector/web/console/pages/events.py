"""Events: the inbox by status, flow, cause and time; run again what they are about."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import Parameter
from litestar.response import Stream

from ml_connector.app.views.desk.events import (
    COLUMNS,
    EventQuery,
    EventRow,
    events,
    replay_matching,
    replay_these,
)
from ml_connector.app.views.desk.names import in_words
from ml_connector.app.views.paging import Listed
from ml_connector.app.views.words import FLOW_TITLES, state_shown
from ml_connector.errors import UserError
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import reading_places
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import every_row, table_file
from ml_connector.web.who import Who
from ml_connector.words import EVENT_STATUSES, Cause

_PATH: Final = "/events"
_FIELDS: Final = ("status", "flow", "cause", "subject", "since", "until")

Text = Annotated[str, Parameter(max_length=200)]


@get(_PATH, guards=[needs("look")])
async def events_page(request: WebRequest, shown: Shown, after: Text = "") -> Response[bytes]:
    """List events, the newest first."""
    return await _page(request, shown, after=after, error=None)


@get(f"{_PATH}/export.csv", guards=[needs("export")])
async def export(request: WebRequest, shown: Shown) -> Stream:
    """Return all events that match, as a file."""
    query = _query(dict(request.query_params), shown.zone)

    async def part(on: Connection, limit: int, after: str | None) -> Listed[EventRow]:
        return await events(on, [shown.connection], query, after=after, limit=limit)

    rows = every_row(Console.of(request).database, part)
    return await table_file(
        "events", COLUMNS, (tuple(getattr(row, name) for name in COLUMNS) async for row in rows)
    )


@post(f"{_PATH}/replay", guards=[needs("replay")], status_code=HTTPStatus.SEE_OTHER)
async def replay(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Run again what the selected events are about, or all that match the filters."""
    typed, console = await Typed.into(request), Console.of(request)
    ids = [
        int(one)
        for one in typed.every("ids")
        if one.isascii() and one.isdigit() and len(one) < 19  # noqa: PLR2004 - digits of a bigint
    ]
    names = [shown.connection]
    try:
        async with console.database.transaction() as on:
            done = (
                await replay_matching(
                    console.installation,
                    on,
                    names,
                    _query({name: typed.text(name) for name in _FIELDS}, shown.zone),
                    person=who.name,
                )
                if typed.text("matching")
                else await replay_these(console.installation, on, names, ids=ids, person=who.name)
            )
    except UserError as error:
        return await _page(request, shown, after="", error=error)
    return see_other(f"{_PATH}?connection={shown.connection}&replayed={done.subjects}")


async def _page(
    request: WebRequest, shown: Shown, *, after: str, error: UserError | None
) -> Response[bytes]:
    query = EventQuery()
    try:
        query = _query(dict(request.query_params), shown.zone)
        async with Console.of(request).database.transaction() as on:
            with reading_places():
                found = await events(on, [shown.connection], query, after=after or None)
    except UserError as wrong:
        error, query = error or wrong, EventQuery()
        async with Console.of(request).database.transaction() as on:
            found = await events(on, [shown.connection], query)
    return page(
        request,
        "events.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        found=found,
        query=query,
        statuses=[(one, state_shown(one).word) for one in EVENT_STATUSES],
        flows=FLOW_TITLES,
        causes=[(one.value, in_words(one)) for one in Cause],
        error=error,
        is_filtered=query != EventQuery(),
    )


def _query(fields: dict[str, str], zone: str) -> EventQuery:
    """Return which events an address or a form means.

    Raises:
        UserError: a time is none.
    """
    text = {name: fields.get(name, "").strip()[:200] for name in _FIELDS}
    return EventQuery(
        status=text["status"],
        flow=text["flow"],
        cause=text["cause"],
        subject=text["subject"],
        since=_moment(text["since"], zone, "since"),
        until=_moment(text["until"], zone, "until"),
    )


def _moment(text: str, zone: str, where: str) -> datetime | None:
    """Return a moment that was typed by the connection's clock."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f'"{text[:40]}" is no time', where=where, next_step="Write it like 2026-11-17T14:00."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


ROUTES: tuple[Any, ...] = (events_page, export, replay)
