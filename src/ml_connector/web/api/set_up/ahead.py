"""``/connections/{name}/plan`` and ``/file``: what it would post, and what it is made of."""

from http import HTTPStatus

from litestar import get, post

from ml_connector.app.connections.as_file import applied_as_file
from ml_connector.app.errands import errands
from ml_connector.app.errands.first_sync import sync_all
from ml_connector.app.views.set_up import PLAN, GoingLive, going_live
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.api.set_up.drafts import AskedErrand, ConnectionFile
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@post(
    "/connections/{name:str}/plan",
    guards=[needs("connections")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Plan what would be posted",
    tags=["Connections"],
)
async def plan(request: WebRequest, who: Who, name: str) -> AskedErrand:
    """Let a worker plan all flows from the start date on; nothing is written."""
    console = Console.of(request)
    async with console.database.single() as on:
        await which(on, name)
    asked = await errands.ask(
        console.database, console.installation.lanes, PLAN, name, {}, person=who.name
    )
    return AskedErrand(errand=asked)


@get(
    "/connections/{name:str}/plan",
    guards=[needs("connections")],
    summary="What would be posted",
    tags=["Connections"],
)
async def planned(request: WebRequest, name: str) -> GoingLive:
    """Return what would be posted, document by document, as a worker planned it last."""
    async with Console.of(request).database.single() as on:
        return await going_live(on, (await which(on, name)).name)


@post(
    "/connections/{name:str}/sync",
    guards=[needs("connections")],
    status_code=HTTPStatus.NO_CONTENT,
    summary="Look at all flows now",
    tags=["Connections"],
)
async def sync(request: WebRequest, who: Who, name: str) -> None:
    """Let workers look at all flows that are on, and at the webhook subscriptions, now."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await which(on, name)
    await sync_all(console.installation, applied, person=who.name)


@get(
    "/connections/{name:str}/file",
    guards=[needs("connections")],
    summary="A connection as its file",
    tags=["Connections"],
)
async def file(request: WebRequest, name: str) -> ConnectionFile:
    """Return the file that ``connection apply`` reads, without secrets."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await which(on, name)
        return ConnectionFile(toml=await applied_as_file(console.installation, on, applied))


ROUTES = (plan, planned, sync, file)
