"""``/settings``: what is in force, where it comes from, how much of each limit is used."""

from litestar import get

from ml_connector.app.views.in_force.page import SettingsInForce, settings_in_force
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Name
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/settings", guards=[needs("look")], summary="Settings and limits", tags=["Connections"])
async def show_settings(request: WebRequest, who: Who, connection: Name = None) -> SettingsInForce:
    """Return every setting in force with its source, and how much of each limit is in use."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        return await settings_in_force(
            on,
            console.installation.vault,
            console.settings,
            await which(on, connection),
            role=who.role,
        )


ROUTES = (show_settings,)
