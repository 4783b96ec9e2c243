"""Connections: which there are, how they are doing; pausing and resuming one."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from litestar import Response, get, post

from ml_connector.app.connections import administration
from ml_connector.app.views import proofs
from ml_connector.app.views.connections import shown_connection
from ml_connector.app.views.health import connection_health
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import which
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


@get("/connections")
async def connections_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show all connections with the health of their systems."""
    return await _page(request, shown)


@post(
    "/connections/{name:str}/pause",
    guards=[needs("connections")],
    status_code=HTTPStatus.SEE_OTHER,
)
async def pause(request: WebRequest, who: Who, shown: Shown, name: str) -> Response[bytes]:
    """Store webhooks and do nothing else, until it is resumed."""
    return await _set(request, who, shown, name, paused=True)


@post(
    "/connections/{name:str}/resume",
    guards=[needs("connections")],
    status_code=HTTPStatus.SEE_OTHER,
)
async def resume(request: WebRequest, who: Who, shown: Shown, name: str) -> Response[bytes]:
    """Go on: what came meanwhile is done now."""
    return await _set(request, who, shown, name, paused=False)


async def _set(
    request: WebRequest, who: Who, shown: Shown, name: str, *, paused: bool
) -> Response[bytes]:
    try:
        async with Console.of(request).database.transaction() as on:
            applied = await which(on, name)
            await administration.set_paused(on, applied, paused=paused, by=who.name)
    except UserError as error:
        return await _page(request, shown, error=error)
    return see_other(f"/connections?connection={quote(name)}")


async def _page(
    request: WebRequest, shown: Shown, *, error: UserError | None = None
) -> Response[bytes]:
    now = datetime.now(UTC)
    async with Console.of(request).database.transaction() as on:
        found = [
            (shown_connection(one), await connection_health(on, one, now=now))
            for one in await connections.every(on)
        ]
        checked = await proofs.newest(on, shown.connection, "ping")
    return page(
        request,
        "connections.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.CONFLICT,
        found=found,
        checked=checked,
        now=now,
        error=error,
    )


ROUTES = (connections_page, pause, resume)
