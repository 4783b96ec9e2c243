"""``/flows``: what a flow has to do, its subjects; ``/invoices``: those of ShipBob."""

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from ml_connector.app.views.flow_pages import (
    FlowFigures,
    FlowSubject,
    Standing,
    flow_figures,
    flow_subjects,
)
from ml_connector.app.views.invoices import (
    InvoiceStory,
    NotInvoiced,
    ShownInvoice,
    invoice,
    invoice_list,
    not_invoiced,
)
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import MOST_ID, Limit, Name, Number, Text
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console

FlowName = Literal[
    "receiving",
    "purchase-orders",
    "tracking",
    "returns",
    "billing",
    "unidentified",
    "inventory",
    "month-end",
]


class ChargesOpen(msgspec.Struct, frozen=True, kw_only=True):
    """Charges that are on no invoice yet, by currency."""

    charges: list[NotInvoiced]


@get("/flows/{flow:str}", guards=[needs("look")], summary="A flow", tags=["Flows"])
async def show_flow(
    request: WebRequest, flow: Annotated[FlowName, Parameter()], connection: Name = None
) -> FlowFigures:
    """Return how many subjects of a flow are not done."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return await flow_figures(on, applied.name, flow)


@get(
    "/flows/{flow:str}/subjects",
    guards=[needs("look")],
    summary="The subjects of a flow",
    tags=["Flows"],
)
async def list_flow(
    request: WebRequest,
    flow: Annotated[FlowName, Parameter()],
    *,
    connection: Name = None,
    standing: Standing | None = None,
    key: Text = None,
    after: Number = None,
    limit: Limit = PAGE_ROWS,
) -> Listed[FlowSubject]:
    """Return subjects of a flow with their documents, the newest first."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return await flow_subjects(
            on, applied.name, flow, limit=limit, after=after, key=key, standing=standing
        )


@get("/invoices", guards=[needs("look")], summary="List invoices", tags=["Invoices"])
async def list_invoices(
    request: WebRequest, connection: Name = None, after: Number = None, limit: Limit = PAGE_ROWS
) -> Listed[ShownInvoice]:
    """Return ShipBob's invoices with their bills, the highest number first."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return await invoice_list(on, applied.name, limit=limit, after=after)


@get("/invoices/{number:int}", guards=[needs("look")], summary="An invoice", tags=["Invoices"])
async def show_invoice(
    request: WebRequest,
    number: Annotated[int, Parameter(ge=0, le=MOST_ID)],
    connection: Name = None,
) -> InvoiceStory:
    """Return an invoice with what it charges, by fee."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        found = await invoice(on, applied.name, number)
    if found is None:
        raise NotFoundException(detail="There is no such invoice")
    return found


@get(
    "/charges/not-invoiced",
    guards=[needs("look")],
    summary="Charges on no invoice yet",
    tags=["Invoices"],
)
async def show_not_invoiced(request: WebRequest, connection: Name = None) -> ChargesOpen:
    """Return the charges that are on no invoice yet, by currency."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        return ChargesOpen(charges=list(await not_invoiced(on, applied.name)))


ROUTES = (
    show_flow,
    list_flow,
    list_invoices,
    show_invoice,
    show_not_invoiced,
)
