"""The installation: version, workers, queues, disks, database, backups."""

from litestar import Response, get

from ml_connector.app.views.system import system_page
from ml_connector.web.address import WebRequest
from ml_connector.web.console.rendering import page
from ml_connector.web.console.state import Console


@get("/system")
async def installation_page(request: WebRequest) -> Response[bytes]:
    """Show the installation."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await system_page(on, console.settings)
    return page(request, "system.html.jinja", found=found)


ROUTES = (installation_page,)
