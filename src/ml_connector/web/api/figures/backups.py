"""``/backups``: listed, made by a worker, tried again, downloaded."""

from http import HTTPStatus
from typing import Annotated

from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from litestar.response import File

from ml_connector.app.views.installation.backups import (
    BackupPage,
    ask_to_make,
    ask_to_verify,
    backup_page,
    hand_out,
)
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

BackupName = Annotated[str, Parameter(max_length=100)]


@get("/backups", guards=[needs("backup")], summary="List backups", tags=["Backups"])
async def list_backups(request: WebRequest) -> BackupPage:
    """Return the backups in the data folder, how each was tried, and the one being made."""
    return await _listed(request)


@post(
    "/backups",
    guards=[needs("backup")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Make a backup",
    tags=["Backups"],
)
async def make(request: WebRequest, who: Who) -> BackupPage:
    """Ask a worker for a backup: ``making`` says how far it is; it is tried before it counts."""
    await ask_to_make(Console.of(request).installation, person=who.name)
    return await _listed(request)


@post(
    "/backups/{name:str}/verify",
    guards=[needs("backup")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Try a backup again",
    tags=["Backups"],
)
async def verify(request: WebRequest, who: Who, name: BackupName) -> BackupPage:
    """Ask a worker to try a backup again: its seal over the whole file, then its schema."""
    if await ask_to_verify(Console.of(request).installation, name, person=who.name) is None:
        raise NotFoundException(detail="There is no such backup")
    return await _listed(request)


@get(
    "/backups/{name:str}",
    guards=[needs("backup")],
    summary="Download a backup",
    tags=["Backups"],
    media_type="application/octet-stream",
)
async def download(request: WebRequest, who: Who, name: BackupName) -> File:
    """Hand out a backup, and note who took it."""
    path = await hand_out(Console.of(request).installation, name, person=who.name)
    if path is None:
        raise NotFoundException(detail="There is no such backup")
    return File(path=path, filename=name, media_type="application/octet-stream")


async def _listed(request: WebRequest) -> BackupPage:
    console = Console.of(request)
    async with console.database.single() as on:
        return await backup_page(on, console.settings)


ROUTES = (list_backups, make, verify, download)
