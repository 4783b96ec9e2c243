"""The steps of the set-up, as pages."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from litestar import Response, get
from litestar.exceptions import NotFoundException

from ml_connector.app.views import set_up
from ml_connector.config.order_match import PRESETS
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections, drafts
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

PATH: Final = "/connect"
RIGHT: Final = "connections"

STEPS: Final = ("netsuite", "shipbob", "found", "rules", "apply")

ORDER_MATCH: Final[Mapping[str, str]] = {
    "tranid": "Document number of the sales order",
    "otherrefnum": "PO / check number of the sales order",
    "externalid": "External id of the sales order",
    **{name: f"As the preset {name} has it" for name in PRESETS},
}

POLICIES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "over_receipt": (
        "More is stowed than the order expects",
        {
            "adjust": "Book the rest as an inventory adjustment",
            "receive": "Receive it on the order all the same",
            "park": "Wait for a person",
            "refuse": "Leave it off, and say so",
        },
    ),
    "unmatched_wro": (
        "A WRO has the number of no order",
        {"adjust": "Book it as an inventory adjustment", "park": "Wait for a person"},
    ),
    "unmatched_return": (
        "A return has neither authorization nor order",
        {"adjust": "Book it as an inventory adjustment", "park": "Wait for a person"},
    ),
    "unmatched_shipment": (
        "A shipment has no sales order",
        {
            "park": "Wait for a person",
            "adjust": "Book it as an inventory adjustment",
            "ignore": "Leave it off, and say so",
        },
    ),
    "closed_period": (
        "The period of a fact is closed",
        {"next-open": "Post on the next open day", "park": "Wait for a person"},
    ),
    "missing_product": (
        "An ordered SKU has no product at ShipBob",
        {"park": "Wait until there is one", "create": "Make the product"},
    ),
}


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
    """Show how far a look or an applying has come; when it is over, the page loads anew."""
    console = Console.of(request)
    async with console.database.single() as on:
        there = await drafts.find(on, name) is not None
        seen = await set_up.set_up_page(console.installation, on, name) if there else None
    answer = page(request, "connect_work.html.jinja", seen=seen, step=step)
    if seen is None:
        answer.headers["hx-redirect"] = f"{PATH}/{quote(name)}"
    elif seen.work is None:
        answer.headers["hx-refresh"] = "true"
    return answer


@get(f"{PATH}/{{name:str}}", guards=[needs(RIGHT)])
async def live_page(request: WebRequest, name: str, who: Who) -> Response[bytes]:
    """Show what comes after the set-up: dry run, and going live."""
    async with Console.of(request).database.single() as on:
        if await drafts.find(on, name) is not None:
            return await shown_step(request, name, STEPS[0])
        applied = await connections.find(on, name)
    if applied is None:
        raise NotFoundException(detail="There is no connection of that name")
    return page(request, "connect_live.html.jinja", applied=applied, may_act=who.may(RIGHT))


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
        order_match=ORDER_MATCH,
        permissions=set_up.needed_permissions(),
    )


ROUTES = (connect_page, step_page, step_work, live_page)
