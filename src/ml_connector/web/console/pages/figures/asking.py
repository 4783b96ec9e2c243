"""Asking a worker for something that takes a while, and showing how far it is."""

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from ml_connector.app.errands import errands
from ml_connector.app.views import proofs
from ml_connector.app.views.proofs import Asked
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import here, page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


def asking(asked: Asked, there: str, *, right: str) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    """Return the handlers of a button that asks for something, and of its progress.

    Args:
        asked: for what.
        there: the page that shows what came of it.
        right: that is needed to ask.
    """

    @post(f"{there}/{asked}", guards=[needs(right)], status_code=HTTPStatus.SEE_OTHER)
    async def ask(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
        connection = proofs.connection_of(asked, shown.connection)
        if connection == "":
            raise NotFoundException
        console = Console.of(request)
        kind, arguments = proofs.errand_of(asked)
        await errands.ask(
            console.database,
            console.installation.lanes,
            kind,
            connection,
            arguments,
            person=who.name,
        )
        return see_other(f"{there}{here(shown)}")

    return ask, progress_of(asked, there)


def progress_of(asked: Asked, there: str) -> HTTPRouteHandler:
    """Return the handler that says how far something is that was asked for.

    Args:
        asked: for what.
        there: the page that shows what came of it.
    """

    @get(f"{there}/{asked}/progress")
    async def progress(request: WebRequest, shown: Shown) -> Response[bytes]:
        async with Console.of(request).database.single() as on:
            found = await proofs.newest(on, shown.connection, asked)
        answer = page(
            request, "asked_progress.html.jinja", asked_for=found, there=there, what=asked
        )
        if found is None or not found.is_under_way:
            answer.headers["hx-refresh"] = "true"
        return answer

    return progress


VERIFY: Final = asking("verify", "/audit-trail", right="verify")
FEES: Final = asking("fee-audit", "/flows/invoices", right="sync")
PING: Final = asking("ping", "/connections", right="sync")
COMPARE: Final = asking("compare", "/stock", right="sync")
BACKUP: Final = asking("backup", "/system", right="backup")
