"""Alarms: what is wrong and not over, who is told; trying a channel out."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from ml_connector.app.views.alarms import alarm_page, test_channel
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.figures.asked import nothing_yet
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_ENDED: Final = 50


@get("/alarms")
async def alarms_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show the alarms of a connection."""
    if not shown.connection:
        return nothing_yet(request, "Alarms")
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await alarm_page(on, console.installation.vault, shown.connection, ended=_ENDED)
    return page(request, "alarms.html.jinja", found=found, tried=request.query_params.get("tried"))


@post(
    "/alarms/channels/{channel:str}/test",
    guards=[needs("alarms")],
    status_code=HTTPStatus.SEE_OTHER,
)
async def try_channel(
    request: WebRequest, who: Who, shown: Shown, channel: str
) -> Response[bytes]:
    """Send a test message to a channel."""
    if not shown.connection:
        raise NotFoundException
    console = Console.of(request)
    async with console.database.transaction() as on:
        await test_channel(
            on,
            console.installation.vault,
            shown.connection,
            channel,
            by=who.name,
            now=datetime.now(UTC),
        )
    return see_other(f"/alarms?connection={quote(shown.connection)}&tried={quote(channel)}")


ROUTES = (alarms_page, try_channel)
