"""What comes after the set-up: what would be posted, document by document, and going live."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from ml_connector.app.connections import administration
from ml_connector.app.connections.as_file import applied_as_file
from ml_connector.app.errands import errands
from ml_connector.app.errands.first_sync import sync_all
from ml_connector.app.set_up.drafts import draft_as_file
from ml_connector.app.set_up.plan_ahead import (
    TITLES,
    ForeseenDocument,
    ForeseenStop,
    PlanAhead,
)
from ml_connector.app.views.set_up import PLAN, going_live
from ml_connector.ledger.connections import connections, drafts
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.connect.steps import PATH, RIGHT, STEPS, shown_step
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import table_file
from ml_connector.web.who import Who

_GUARDS: Final = [needs(RIGHT)]
_MOST_SHOWN: Final = 200
_COLUMNS: Final = (*ForeseenDocument.__struct_fields__, "cause", "says", "remedy")


@get(f"{PATH}/{{name:str}}", guards=_GUARDS)
async def live_page(request: WebRequest, name: str, who: Who) -> Response[bytes]:
    """Show what a connection would post; of one that is being set up, its first step."""
    async with Console.of(request).database.single() as on:
        if await drafts.find(on, name) is not None:
            return await shown_step(request, name, STEPS[0])
        applied = await _applied(on, name)
        ahead = await going_live(on, name)
    return page(
        request,
        "connect_live.html.jinja",
        applied=applied,
        ahead=ahead,
        waiting=request.query_params.get("show") == "waiting",
        most=_MOST_SHOWN,
        titles=TITLES,
        is_asked=request.query_params.get("asked") == "now",
        public_url=Console.of(request).settings.public_url or "",
        may_act=who.may(RIGHT),
    )


@get(f"{PATH}/{{name:str}}/plan/work", guards=_GUARDS)
async def plan_work(request: WebRequest, name: str) -> Response[bytes]:
    """Show how far planning has come; when it is over, the page loads anew."""
    async with Console.of(request).database.single() as on:
        ahead = await going_live(on, name)
    answer = page(request, "connect_plan_work.html.jinja", name=name, ahead=ahead)
    if ahead.work is None:
        answer.headers["hx-refresh"] = "true"
    return answer


@post(f"{PATH}/{{name:str}}/plan", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def plan(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let a worker plan what would be posted now."""
    console = Console.of(request)
    async with console.database.single() as on:
        await _applied(on, name)
    await errands.ask(
        console.database, console.installation.lanes, PLAN, name, {}, person=who.name
    )
    return see_other(f"{PATH}/{quote(name)}")


@post(f"{PATH}/{{name:str}}/sync", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def sync(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let workers look at all flows now."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await _applied(on, name)
    await sync_all(console.installation, applied, person=who.name)
    return see_other(f"{PATH}/{quote(name)}?asked=now")


@get(f"{PATH}/{{name:str}}/documents.csv", guards=_GUARDS)
async def documents_file(request: WebRequest, name: str) -> Stream:
    """Hand out what would be posted and what would wait."""
    async with Console.of(request).database.single() as on:
        ahead = await going_live(on, name)
    if ahead.planned is None:
        raise NotFoundException(detail="Nothing was planned yet")
    return await table_file(f"{name}-would-be-posted", _COLUMNS, _rows(ahead.planned))


async def _rows(planned: PlanAhead) -> AsyncIterator[list[object]]:
    for row in (*map(_row, planned.documents), *map(_row, planned.stops)):
        yield row


@get(f"{PATH}/{{name:str}}/connection.toml", guards=_GUARDS)
async def connection_file(request: WebRequest, name: str) -> Response[bytes]:
    """Hand out the connection file, of a connection or of one that is being set up."""
    console = Console.of(request)
    async with console.database.single() as on:
        if await drafts.find(on, name) is not None:
            text = await draft_as_file(console.installation, on, name)
        else:
            text = await applied_as_file(console.installation, on, await _applied(on, name))
    return Response(
        text.encode(),
        media_type="application/toml",
        headers={"content-disposition": f'attachment; filename="{name}.toml"'},
    )


@post(f"{PATH}/{{name:str}}/live", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def go_live(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let a connection post, and look at once for what there is since its start date."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        applied = await _applied(on, name)
        await administration.set_mode(console.installation, on, applied, mode="live", by=who.name)
    await sync_all(console.installation, applied, person=who.name)
    return see_other(f"{PATH}/{quote(name)}")


async def _applied(on: Connection, name: str) -> AppliedConnection:
    applied = await connections.find(on, name)
    if applied is None:
        raise NotFoundException(detail="There is no connection of that name")
    return applied


def _row(one: ForeseenDocument | ForeseenStop) -> list[object]:
    cells = [getattr(one, column, None) for column in _COLUMNS]
    return [", ".join(cell) if isinstance(cell, tuple) else cell for cell in cells]


ROUTES: Final = (
    connection_file,
    documents_file,
    plan_work,
    plan,
    sync,
    go_live,
    live_page,
)
