"""The installation: version, workers, queues, disks, database, backups."""

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import File

from ml_connector.app.views import proofs
from ml_connector.app.views.installation.backups import ask_to_verify, backup_page, hand_out
from ml_connector.app.views.installation.system import system_page
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.figures.asking import progress_of
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/system")
async def installation_page(request: WebRequest) -> Response[bytes]:
    """Show the installation."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await system_page(on, console.settings)
        verifying = await proofs.newest(on, "", "verify-backup")
        kept = await backup_page(on, console.settings)
    return page(
        request,
        "system.html.jinja",
        found=found,
        kept=kept,
        verifying=verifying,
        is_sandbox=console.sandbox is not None,
    )


@get("/system/backups/{name:str}", guards=[needs("backup")])
async def backup_file(request: WebRequest, who: Who, name: str) -> File:
    """Hand out a backup, and note who took it."""
    path = await hand_out(Console.of(request).installation, name, person=who.name)
    if path is None:
        raise NotFoundException
    return File(path=path, filename=name, media_type="application/octet-stream")


@post(
    "/system/backups/{name:str}/verify",
    guards=[needs("backup")],
    status_code=HTTPStatus.SEE_OTHER,
)
async def verify(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Ask a worker to try a backup again."""
    if await ask_to_verify(Console.of(request).installation, name, person=who.name) is None:
        raise NotFoundException
    return see_other("/system")


_PROGRESS: Final = progress_of("verify-backup", "/system")

ROUTES = (installation_page, backup_file, verify, _PROGRESS)
