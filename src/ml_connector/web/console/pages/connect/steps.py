"""The steps of the set-up, as pages."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from litestar import Response, get
from litestar.exceptions import NotFoundException

from ml_connector.app.set_up.sentences import ORDER_MATCH, POLICIES, SOURCES, rules_said
from ml_connector.app.views import set_up
from ml_connector.errors import UserError
from ml_connector.ledger.connections import drafts
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page
from ml_connector.web.console.state import Console

PATH: Final = "/connect"
RIGHT: Final = "connections"

STEPS: Final = ("netsuite", "shipbob", "found", "rules", "apply")


@get(PATH, guards=[needs(RIGHT)])
async def connect_page(request: WebRequest) -> Response[bytes]:
    """List what is being set up, and ask for the name of another."""
    return await begun(request)


@get(f"{PATH}/{{name:str}}/{{step:str}}", guards=[needs(RIGHT)])
async def step_page(request: WebRequest, name: str, step: str) -> Response[bytes]:
    """Show a step."""
    if step not in STEPS:
        raise NotFoundException(detail="There is no such step")
    return await shown_step(request, name, step)


@get(f"{PATH}/{{name:str}}/{{step:str}}/work", guards=[needs(RIGHT)])
async def step_work(request: WebRequest, name: str, step: str) -> Response[bytes]:
    """Show how far work has come; when it is over, the page loads anew, unless somebody types."""
    console = Console.of(request)
    async with console.database.single() as on:
        there = await drafts.find(on, name) is not None
        seen = await set_up.set_up_page(console.installation, on, name) if there else None
    answer = page(request, "connect_work.html.jinja", seen=seen, step=step)
    if seen is None:
        answer.headers["hx-redirect"] = f"{PATH}/{quote(name)}"
    elif seen.work is None:
        answer.headers["hx-trigger"] = "work-over"
    return answer


async def begun(
    request: WebRequest, *, error: UserError | None = None, name: str = "", account: str = ""
) -> Response[bytes]:
    """Return the page on which a set-up begins."""
    async with Console.of(request).database.single() as on:
        every = await drafts.every(on)
    return page(
        request,
        "connect.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        drafts=every,
        error=error,
        name=name,
        account=account,
    )


async def shown_step(
    request: WebRequest, name: str, step: str, *, error: UserError | None = None
) -> Response[bytes]:
    """Return the page of a step.

    Raises:
        NotFoundException: nothing of this name is being set up.
    """
    console = Console.of(request)
    async with console.database.single() as on:
        if await drafts.find(on, name) is None:
            raise NotFoundException(detail=f"No connection {name} is being set up")
        seen = await set_up.set_up_page(console.installation, on, name)
    return page(
        request,
        f"connect_{step}.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        seen=seen,
        step=step,
        error=error,
        policies=POLICIES,
        sources=SOURCES,
        order_match=ORDER_MATCH,
        rules_said=rules_said,
        proposed_start=datetime.now(UTC).date().replace(day=1),
        permissions=set_up.needed_permissions(),
    )


ROUTES = (connect_page, step_page, step_work)
