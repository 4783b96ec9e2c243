"""``/overview``: how a connection is doing; ``/events/latest``: what came just now."""

from litestar import get

from ml_connector.app.views.overview import LatestEvent, Overview, latest_events, overview
from ml_connector.app.views.paging import PAGE_ROWS
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Limit, Name, now
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console


@get("/overview", guards=[needs("look")], summary="How a connection is doing", tags=["Overview"])
async def show_overview(request: WebRequest, connection: Name = None) -> Overview:
    """Return health, figures, events by the hour, what is stopped, and the latest events."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await which(on, connection)
    return await overview(console.database, applied, now=now())


@get("/overview/latest", guards=[needs("look")], summary="The latest events", tags=["Overview"])
async def show_latest(
    request: WebRequest, connection: Name = None, limit: Limit = PAGE_ROWS
) -> list[LatestEvent]:
    """Return the latest events with what they led to, the newest first."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return list(await latest_events(on, applied.name, limit=limit))


ROUTES = (show_overview, show_latest)
