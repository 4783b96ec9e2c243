"""The overview, and its latest events as they come."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from litestar import Response, get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from ml_connector.app.views.overview import LatestEvent, latest_events, overview
from ml_connector.ledger.connections import drafts
from ml_connector.storage.database import Database, DatabaseAway
from ml_connector.web.address import WebRequest
from ml_connector.web.console.charts import hours_chart
from ml_connector.web.console.pages.figures.asked import applied_of, number_of
from ml_connector.web.console.rendering import environment, here, page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_EVERY_SECONDS: Final = 1.0
_LASTS_SECONDS: Final = 300.0
"""A stream ends after so long, and the browser begins another: who signed out sees no more."""

_LOOK_BACK: Final = timedelta(seconds=30)
"""An event may be stored so long after the moment that it came."""

_AT_ONCE: Final = 20


@get("/overview")
async def overview_page(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Show how a connection is doing."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await applied_of(on, shown)
        begun = await drafts.every(on) if applied is None and who.may("connections") else []
    if applied is None:
        return page(request, "welcome.html.jinja", drafts=[one.name for one in begun])
    now = datetime.now(UTC)
    found = await overview(console.database, applied, now=now)
    return page(
        request,
        "overview.html.jinja",
        found=found,
        now=now,
        chart=hours_chart(found.hours, shown.zone),
    )


@get("/overview/events")
async def overview_events(request: WebRequest, shown: Shown) -> ServerSentEvent:
    """Send the latest events as they come, each as a row of the table.

    ``after`` in the address is the newest event that the page shows already.
    """
    after = number_of(request, "after")
    return ServerSentEvent(_rows(Console.of(request), shown, after=after))


async def _rows(
    console: Console, shown: Shown, *, after: int | None
) -> AsyncIterator[ServerSentEventMessage]:
    """Yield new rows, the oldest first; a row again when its event went on."""
    row = environment().get_template("event_row.html.jinja")
    loop = asyncio.get_running_loop()
    ends = loop.time() + _LASTS_SECONDS
    there = await _latest(console.database, shown.connection)
    newest = max((one.id for one in there), default=0) if after is None else after
    sent = {one.id: _said(one) for one in there if one.id <= newest}
    yield ServerSentEventMessage(data="", event="open")
    while True:
        for one in reversed(there):
            if sent.get(one.id) != _said(one):
                sent[one.id] = _said(one)
                html = row.render(event=one, zone=shown.zone, fresh=True, here=here(shown))
                yield ServerSentEventMessage(data=html, event="row", id=str(one.id))
        if loop.time() > ends or console.ending.has_begun:
            return
        await asyncio.sleep(_EVERY_SECONDS)
        there = await _latest(console.database, shown.connection)


def _said(event: LatestEvent) -> tuple[str, int]:
    """Return what a row shows that may change."""
    return event.status, event.attempt


async def _latest(database: Database, name: str) -> tuple[LatestEvent, ...]:
    """Return the events of the last seconds; none while the database is away."""
    if not name:
        return ()
    since = datetime.now(UTC) - _LOOK_BACK
    try:
        async with database.transaction() as on:
            return await latest_events(on, name, limit=_AT_ONCE, since=since)
    except (DatabaseAway, psycopg.OperationalError):
        return ()


ROUTES = (overview_page, overview_events)
