"""The installation: version, workers, queues, disks, database, backups."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import File

from ml_connector.app.operations.kept_backups import backup_path
from ml_connector.app.views import proofs
from ml_connector.app.views.installation.system import system_page
from ml_connector.ledger.connections import acts
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/system")
async def installation_page(request: WebRequest) -> Response[bytes]:
    """Show the installation."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await system_page(on, console.settings)
        backing_up = await proofs.newest(on, "", "backup")
    return page(request, "system.html.jinja", found=found, backing_up=backing_up)


@get("/system/backups/{name:str}", guards=[needs("backup")])
async def backup_file(request: WebRequest, who: Who, name: str) -> File:
    """Hand out a backup, and note who took it."""
    console = Console.of(request)
    path = backup_path(console.settings, name)
    if path is None:
        raise NotFoundException
    async with console.database.transaction() as on:
        await acts.record(on, who.name, "backup.download", connection=None, details={"file": name})
    return File(path=path, filename=name, media_type="application/octet-stream")


ROUTES = (installation_page, backup_file)
