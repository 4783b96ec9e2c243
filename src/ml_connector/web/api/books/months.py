"""``/months``: the months of a connection, their reports, and making one."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter
from litestar.response import File

from ml_connector.app.errands import errands
from ml_connector.app.operations.months import seal as month_seal
from ml_connector.app.views.books import months as views
from ml_connector.app.views.books.months import KIND, MonthPage, MonthRow
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

Named = Annotated[str, Parameter(max_length=40)]
Written = Annotated[str, Parameter(max_length=7)]


class Months(msgspec.Struct, frozen=True, kw_only=True):
    """The months of a connection, the newest first."""

    months: tuple[MonthRow, ...]


class AskedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """The errand that makes a report: see ``/errands/{id}`` until it is done or failed."""

    errand: int


class Unsealing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a month is opened again."""

    note: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class OpenedMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month that is open again.

    Attributes:
        woken: how many subjects waited for it, and go on.
    """

    month: str
    woken: int


@get("/months", guards=[needs("look")], summary="List months", tags=["Months"])
async def list_months(request: WebRequest, connection: Named) -> Months:
    """Return the months from the connection's start date on, each with its newest report."""
    async with Console.of(request).database.single() as on:
        return Months(months=await views.months(on, await which(on, connection)))


@get("/months/{month:str}", guards=[needs("look")], summary="A month", tags=["Months"])
async def month(request: WebRequest, month: Written, connection: Named) -> MonthPage:
    """Return a month: its reports, what the newest shows, and whether one is being made."""
    async with Console.of(request).database.single() as on:
        one = await which(on, connection)
        return await views.month_page(on, one, views.parsed(month, one))


@post(
    "/months/{month:str}",
    guards=[needs("sync")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Make a month's report",
    tags=["Months"],
)
async def make_month(
    request: WebRequest, who: Who, month: Written, connection: Named
) -> AskedMonth:
    """Let a worker make the report of a month; who asks while it is made gets the same errand."""
    return await _ask(request, who, month, connection, {})


@post(
    "/months/{month:str}/close",
    guards=[needs("close")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Close a month",
    tags=["Months"],
)
async def close_month(
    request: WebRequest, who: Who, month: Written, connection: Named
) -> AskedMonth:
    """Let a worker make the report of a month, and close it where nothing is left to explain.

    What comes of it says so in ``closed`` and ``closed_now``.
    """
    return await _ask(request, who, month, connection, {"close": True})


@post(
    "/months/{month:str}/unseal",
    guards=[needs("unseal")],
    status_code=HTTPStatus.OK,
    summary="Open a closed month again",
    tags=["Months"],
)
async def unseal_month(
    request: WebRequest, who: Who, month: Written, connection: Named, data: Unsealing
) -> OpenedMonth:
    """Open a month again, and let what waited for it go on. The seal is kept, with the note."""
    console = Console.of(request)
    async with console.database.single() as on:
        one = await which(on, connection)
    parsed = views.parsed(month, one)
    woken = await month_seal.unseal(
        console.installation, one, parsed, person=who.name, note=data.note
    )
    return OpenedMonth(month=str(parsed), woken=woken)


async def _ask(
    request: WebRequest, who: Who, month: str, connection: str, more: Mapping[str, Any]
) -> AskedMonth:
    console = Console.of(request)
    async with console.database.single() as on:
        one = await which(on, connection)
    wanted = str(views.parsed(month, one))
    asked = await errands.ask(
        console.database,
        console.installation.lanes,
        KIND,
        one.name,
        {"month": wanted, **more},
        person=who.name,
    )
    return AskedMonth(errand=asked)


@get(
    "/months/{month:str}/reports/{report:int}/{name:str}",
    guards=[needs("export")],
    summary="A file of a report",
    tags=["Months"],
)
async def month_file(
    request: WebRequest, month: Written, report: int, name: str, connection: Named
) -> Response[bytes] | File:
    """Return a file of a report, as it was written."""
    del month
    async with Console.of(request).database.single() as on:
        path = await views.report_file(on, await which(on, connection), report, name)
    return File(path=path, filename=path.name)


ROUTES = (list_months, month, make_month, close_month, unseal_month, month_file)
