"""``/alarms``: what a person should hear of, and trying a channel out."""

from http import HTTPStatus
from typing import Annotated, Final

from litestar import get, post
from litestar.params import Parameter

from ml_connector.app.views.alarms import AlarmPage, alarm_page, test_channel
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Name, now
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_ENDED: Final = 50


@get("/alarms", guards=[needs("look")], summary="List alarms", tags=["Alarms"])
async def list_alarms(request: WebRequest, connection: Name = None) -> AlarmPage:
    """Return alarms that go on, those that ended lately, and who is told."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        applied = await which(on, connection)
        return await alarm_page(on, console.installation.vault, applied.name, ended=_ENDED)


@post(
    "/alarms/channels/{channel:str}/test",
    guards=[needs("alarms")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Try a channel out",
    tags=["Alarms"],
)
async def try_channel(
    request: WebRequest,
    who: Who,
    channel: Annotated[str, Parameter(max_length=20)],
    connection: Name = None,
) -> AlarmPage:
    """Send a test message to a channel: ``GET /alarms`` shows whether it took it."""
    console = Console.of(request)
    vault = console.installation.vault
    async with console.database.transaction() as on:
        applied = await which(on, connection)
        await test_channel(on, vault, applied.name, channel, by=who.name, now=now())
        return await alarm_page(on, vault, applied.name, ended=_ENDED)


ROUTES = (list_alarms, try_channel)
