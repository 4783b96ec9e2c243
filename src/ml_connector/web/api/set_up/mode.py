"""``/connections/{name}/mode``: whether a connection posts."""

from http import HTTPStatus

import msgspec
from litestar import put

from ml_connector.app.connections import administration
from ml_connector.app.errands.first_sync import sync_all
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import Mode


class NewMode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mode that a connection is to have."""

    mode: Mode


class ModeChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        changed: false when it had that mode already.
        woken: subjects that are decided anew, since they were only noted so far.
        held: it is held since a restore, which this does not end.
    """

    name: str
    mode: Mode
    changed: bool
    woken: int
    held: bool


@put(
    "/connections/{name:str}/mode",
    guards=[needs("connections")],
    status_code=HTTPStatus.OK,
    summary="Let a connection post, or only plan",
    tags=["Connections"],
)
async def set_mode(request: WebRequest, who: Who, name: str, data: NewMode) -> ModeChanged:
    """Let a connection write to both systems (live), or only plan and record (dry-run).

    One that goes live is synced at once, flow by flow.
    """
    console = Console.of(request)
    async with console.database.transaction() as on:
        applied = await which(on, name)
        done = await administration.set_mode(
            console.installation, on, applied, mode=data.mode, by=who.name
        )
    if done.changed and data.mode == "live":
        await sync_all(console.installation, applied, person=who.name)
    return ModeChanged(
        name=name, mode=data.mode, changed=done.changed, woken=done.woken, held=done.held
    )


ROUTES = (set_mode,)
