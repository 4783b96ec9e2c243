"""Asking a worker: for a check of the journal, an audit of fees, a comparison of stock."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import get, post

from ml_connector.app.errands import errands
from ml_connector.app.views import proofs
from ml_connector.app.views.proofs import Asked, AskedFor
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Name
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


class NewestAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for last, and how it stands; null where nobody did."""

    asked: AskedFor | None


def _routes(asked: Asked, path: str, tag: str, summary: str, *, right: str) -> tuple[Any, ...]:
    """Return the handlers that ask for something and say what came of it."""

    @post(
        path,
        guards=[needs(right)],
        status_code=HTTPStatus.ACCEPTED,
        summary=summary,
        tags=[tag],
        operation_id=f"Ask{asked.title().replace('-', '')}",
        description="A worker does it: the same address says how far it is and what came of it.",
    )
    async def ask(request: WebRequest, who: Who, connection: Name = None) -> NewestAsked:
        console = Console.of(request)
        async with console.database.single() as on:
            name = (await which(on, connection)).name
        kind, arguments = proofs.errand_of(asked)
        await errands.ask(
            console.database,
            console.installation.lanes,
            kind,
            name,
            arguments,
            person=who.name,
        )
        async with console.database.single() as on:
            return NewestAsked(asked=await proofs.newest(on, name, asked))

    @get(
        path,
        guards=[needs("look")],
        summary=f"What came of it: {summary[0].lower()}{summary[1:]}",
        tags=[tag],
        operation_id=f"Show{asked.title().replace('-', '')}",
        description="How far it is, and what came of it once it is done.",
    )
    async def show(request: WebRequest, connection: Name = None) -> NewestAsked:
        async with Console.of(request).database.single() as on:
            name = (await which(on, connection)).name
            return NewestAsked(asked=await proofs.newest(on, name, asked))

    return ask, show


ROUTES: Final = (
    *_routes("ping", "/ping", "Connections", "Check both systems", right="sync"),
    *_routes("verify", "/journal/verify", "Audit trail", "Check the journal", right="verify"),
    *_routes("fee-audit", "/invoices/fee-audit", "Invoices", "Audit the fees", right="sync"),
    *_routes("compare", "/stock/compare", "Stock", "Compare the stock now", right="sync"),
)
