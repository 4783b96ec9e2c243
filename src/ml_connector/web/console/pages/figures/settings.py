"""Settings and limits: what is in force, where it comes from, how much of each limit is used."""

from litestar import Response, get

from ml_connector.app.views.in_force.page import settings_in_force
from ml_connector.web.address import WebRequest
from ml_connector.web.console.pages.figures.asked import applied_of
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/settings")
async def settings_page(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Show every setting in force, and how much of each limit is in use."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await settings_in_force(
            on,
            console.installation.vault,
            console.settings,
            await applied_of(on, shown),
            role=who.role,
        )
    return page(request, "settings.html.jinja", found=found)


ROUTES = (settings_page,)
