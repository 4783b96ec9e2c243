"""``/months/{month}/differences``: what a decision about one leads to, and deciding."""

from http import HTTPStatus
from typing import Annotated

from litestar import post
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.errands.asking import ask_about_difference
from ml_connector.app.views.books import months as views
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.web.address import WebRequest
from ml_connector.web.api.books.months import Named, Written
from ml_connector.web.api.errands import ErrandShown, asker, shown
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.api.subjects import DecisionWanted
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

Difference = Annotated[str, Parameter(max_length=100)]


@post(
    "/months/{month:str}/differences/{difference:str}/preview",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Look at what a decision about a difference leads to",
    tags=["Months"],
)
async def preview(
    request: WebRequest,
    *,
    who: Who,
    month: Written,
    difference: Difference,
    connection: Named,
    data: DecisionWanted,
) -> ErrandShown:
    """Ask a worker what a decision would lead to. It compares the month anew; nothing is recorded.

    ``difference`` is an id of the month's report.
    """
    one = await _connection(request, month, difference, connection)
    return await _ask(request, who, one, difference, data, record=False)


@post(
    "/months/{month:str}/differences/{difference:str}/decisions",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Decide about a difference",
    tags=["Months"],
)
async def decide(
    request: WebRequest,
    *,
    who: Who,
    month: Written,
    difference: Difference,
    connection: Named,
    data: DecisionWanted,
) -> ErrandShown:
    """Ask a worker to record a decision about a difference, and let the journal gain its rows.

    It is taken back as any decision is, with ``/decisions/{id}/take-back``.
    """
    one = await _connection(request, month, difference, connection)
    return await _ask(request, who, one, difference, data, record=True)


async def _connection(
    request: WebRequest, month: str, difference: str, connection: str
) -> AppliedConnection:
    """Return the connection of whose month a difference is."""
    async with Console.of(request).database.single() as on:
        one = await which(on, connection)
    if not difference.startswith(f"{views.parsed(month, one)}-"):
        raise NotFoundException(detail="That month has no such difference")
    return one


async def _ask(
    request: WebRequest,
    who: Who,
    one: AppliedConnection,
    difference: str,
    data: DecisionWanted,
    *,
    record: bool,
) -> ErrandShown:
    try:
        asked = await ask_about_difference(
            Console.of(request).installation,
            await asker(request, who),
            one.name,
            difference,
            data.asked,
            record=record,
        )
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    return shown(asked)


ROUTES = (preview, decide)
