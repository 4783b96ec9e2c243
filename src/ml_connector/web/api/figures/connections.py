"""``/connections``: which there are, how they are doing, and pausing one."""

from http import HTTPStatus

import msgspec
from litestar import get, post

from ml_connector.app.connections import administration
from ml_connector.app.views.connections import ShownConnection, connection_list, shown_connection
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


class ConnectionsShown(msgspec.Struct, frozen=True, kw_only=True):
    """All connections, by name."""

    connections: list[ShownConnection]


class PauseChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of pausing or resuming.

    Attributes:
        changed: false when nothing had to be changed.
        open_documents: on their way when it was paused; a run that has begun may end.
        held: it is held since a restore, which this does not end.
    """

    name: str
    paused: bool
    changed: bool
    open_documents: int
    held: bool


@get("/connections", guards=[needs("look")], summary="List connections", tags=["Connections"])
async def list_connections(request: WebRequest) -> ConnectionsShown:
    """Return all connections, without their secrets."""
    async with Console.of(request).database.single() as on:
        return ConnectionsShown(connections=list(await connection_list(on)))


@get(
    "/connections/{name:str}",
    guards=[needs("look")],
    summary="A connection",
    tags=["Connections"],
)
async def show_connection(request: WebRequest, name: str) -> ShownConnection:
    """Return one connection, without its secrets."""
    async with Console.of(request).database.single() as on:
        return shown_connection(await which(on, name))


@post(
    "/connections/{name:str}/pause",
    guards=[needs("connections")],
    status_code=HTTPStatus.OK,
    summary="Pause a connection",
    tags=["Connections"],
)
async def pause(request: WebRequest, who: Who, name: str) -> PauseChanged:
    """Store webhooks and do nothing else for a connection, until it is resumed."""
    return await _set(request, who, name, paused=True)


@post(
    "/connections/{name:str}/resume",
    guards=[needs("connections")],
    status_code=HTTPStatus.OK,
    summary="Resume a connection",
    tags=["Connections"],
)
async def resume(request: WebRequest, who: Who, name: str) -> PauseChanged:
    """Go on with a connection: what came meanwhile is done now."""
    return await _set(request, who, name, paused=False)


async def _set(request: WebRequest, who: Who, name: str, *, paused: bool) -> PauseChanged:
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, name)
        done = await administration.set_paused(on, applied, paused=paused, by=who.name)
    return PauseChanged(
        name=name,
        paused=paused,
        changed=done.changed,
        open_documents=done.open_documents,
        held=done.held,
    )


ROUTES = (list_connections, show_connection, pause, resume)
