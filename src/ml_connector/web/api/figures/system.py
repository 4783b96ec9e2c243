"""``/system``: version, workers, queues, disks and the database."""

from litestar import get

from ml_connector.app.views.installation.system import SystemPage, system_page
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.console.state import Console


@get("/system", guards=[needs("look")], summary="The installation", tags=["System"])
async def show_system(request: WebRequest) -> SystemPage:
    """Return version, workers, queues, disks and the database."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        return await system_page(on, console.settings)


ROUTES = (show_system,)
