"""Months: their reports, what the newest of one shows, and one that is being made."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import File

from ml_connector.app.errands import errands
from ml_connector.app.operations.months import seal as month_seal
from ml_connector.app.views.books import months as views
from ml_connector.app.views.books.months import KIND, MonthPage, MonthRow
from ml_connector.errors import UserError
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.reconcile.month import Month
from ml_connector.web.address import WebRequest
from ml_connector.web.api.seen import which
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.months_deciding import (
    DifferenceId,
    ErrandId,
    differences,
    fact_of,
    month_drawer,
)
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH: Final = "/months"
_MOST_LISTED: Final = 100


@get(_PATH)
async def months_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """List the months of the connection."""
    found: tuple[MonthRow, ...] = ()
    if shown.connection:
        async with Console.of(request).database.single() as on:
            found = await views.months(on, await which(on, shown.connection))
    return page(request, "months.html.jinja", months=found)


@get(f"{_PATH}/{{month:str}}")
async def month_page(
    request: WebRequest,
    *,
    who: Who,
    shown: Shown,
    month: str,
    decide: DifferenceId = "",
    errand: ErrandId = None,
) -> Response[bytes]:
    """Show what the newest report of a month shows; beside it, the drawer to decide in.

    A difference of a fact is decided with the fact, in the drawer of what needs attention.
    """
    found = await _found(request, shown, month)
    one = next((one for one in differences(found) if one.id == decide), None)
    subject = await fact_of(request, shown, one) if one is not None and one.with_fact else None
    if subject is not None:
        return see_other(f"/attention?connection={shown.connection}&decide={subject}#decide")
    held = await month_drawer(request, who, shown, found, decide=decide, errand=errand)
    return page(
        request,
        "month.html.jinja",
        month=found,
        kind=request.query_params.get("kind", "open"),
        most=_MOST_LISTED,
        decided={one.difference: one for one in found.decisions},
        **held,
    )


@get(f"{_PATH}/{{month:str}}/progress")
async def month_progress(request: WebRequest, shown: Shown, month: str) -> Response[bytes]:
    """Show how far the report has come that is being made; when it is, the page loads anew."""
    found = await _found(request, shown, month)
    answer = page(request, "month_progress.html.jinja", month=found)
    if found.making is None:
        answer.headers["hx-refresh"] = "true"
    return answer


@post(f"{_PATH}/{{month:str}}", guards=[needs("sync")], status_code=HTTPStatus.SEE_OTHER)
async def make_month(request: WebRequest, who: Who, shown: Shown, month: str) -> Response[bytes]:
    """Let a worker make the report of a month."""
    return await _ask(request, who, shown, month, {})


@post(f"{_PATH}/{{month:str}}/close", guards=[needs("close")], status_code=HTTPStatus.SEE_OTHER)
async def close_month(request: WebRequest, who: Who, shown: Shown, month: str) -> Response[bytes]:
    """Let a worker make the report of a month, and close it where nothing is left to explain."""
    return await _ask(request, who, shown, month, {"close": True})


@post(f"{_PATH}/{{month:str}}/unseal", guards=[needs("unseal")], status_code=HTTPStatus.SEE_OTHER)
async def unseal_month(request: WebRequest, who: Who, shown: Shown, month: str) -> Response[bytes]:
    """Open a closed month again."""
    one = await _connection(request, shown)
    wanted = _parsed(month, one)
    note = (await Typed.into(request)).text("note")
    await month_seal.unseal(
        Console.of(request).installation, one, wanted, person=who.name, note=note
    )
    return see_other(f"{_PATH}/{wanted}?connection={one.name}")


async def _ask(
    request: WebRequest, who: Who, shown: Shown, month: str, more: Mapping[str, Any]
) -> Response[bytes]:
    console = Console.of(request)
    one = await _connection(request, shown)
    wanted = str(_parsed(month, one))
    await errands.ask(
        console.database,
        console.installation.lanes,
        KIND,
        one.name,
        {"month": wanted, **more},
        person=who.name,
    )
    return see_other(f"{_PATH}/{wanted}?connection={one.name}")


@get(f"{_PATH}/{{month:str}}/reports/{{report:int}}/{{name:str}}", guards=[needs("export")])
async def month_file(
    request: WebRequest, shown: Shown, month: str, report: int, name: str
) -> File:
    """Hand out a file of a report."""
    del month
    one = await _connection(request, shown)
    async with Console.of(request).database.single() as on:
        path = await views.report_file(on, one, report, name)
    return File(path=path, filename=path.name)


async def _found(request: WebRequest, shown: Shown, month: str) -> MonthPage:
    one = await _connection(request, shown)
    async with Console.of(request).database.single() as on:
        return await views.month_page(on, one, _parsed(month, one))


async def _connection(request: WebRequest, shown: Shown) -> AppliedConnection:
    async with Console.of(request).database.single() as on:
        return await which(on, shown.connection)


def _parsed(written: str, one: AppliedConnection) -> Month:
    try:
        return views.parsed(written, one)
    except UserError as error:
        raise NotFoundException(detail=str(error)) from error


ROUTES = (
    months_page,
    month_page,
    month_progress,
    make_month,
    close_month,
    unseal_month,
    month_file,
)
