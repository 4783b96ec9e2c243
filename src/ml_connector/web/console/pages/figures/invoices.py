"""ShipBob's invoices: bills, until when they can be claimed, what is not billed yet."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from ml_connector.app.operations.fee_audit import accrued
from ml_connector.app.views import proofs
from ml_connector.app.views.flow_pages import flow_figures
from ml_connector.app.views.invoices import ShownInvoice, invoice, invoice_list, not_invoiced
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.app.views.words import FLOW_TITLES, document_title, state_shown
from ml_connector.fee_audit.accruals import Accrual
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.pages.figures.asked import (
    Id,
    applied_of,
    day_of,
    key_of,
    nothing_yet,
    number_of,
)
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import every_row, table_file

_FLOW: Final = "billing"
_HEAD: Final = (
    *("invoice", "type", "day", "amount", "currency", "claim by", "state", "cause", "sentence"),
    *("documents", "external ids"),
)
_ACCRUAL_HEAD: Final = (
    *("at", "account", "department", "class", "location", "fee", "kind", "fulfillment center"),
    *("charges", "amount", "tax", "currency", "invoice"),
)


@get("/flows/invoices")
async def invoices_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show ShipBob's invoices and their bills."""
    if not shown.connection:
        return nothing_yet(request, FLOW_TITLES[_FLOW])
    async with Console.of(request).database.transaction() as on:
        audit = await proofs.newest(on, shown.connection, "fee-audit")
        return page(
            request,
            "invoices.html.jinja",
            audit=audit,
            claims=proofs.fee_claims(audit),
            figures=await flow_figures(on, shown.connection, _FLOW),
            open_charges=await not_invoiced(on, shown.connection),
            found=await invoice_list(
                on, shown.connection, limit=PAGE_ROWS, after=number_of(request, "after")
            ),
        )


@get("/flows/invoices/{number:int}")
async def invoice_page(request: WebRequest, shown: Shown, number: Id) -> Response[bytes]:
    """Show what an invoice charges."""
    async with Console.of(request).database.transaction() as on:
        found = await invoice(on, shown.connection, number)
    if found is None:
        raise NotFoundException
    return page(request, "invoice.html.jinja", invoice=found.invoice, fees=found.fees)


@get("/flows/invoices/export.csv")
async def invoices_file(request: WebRequest, shown: Shown) -> Stream:
    """Write the invoices into a file."""

    async def part(on: Connection, limit: int, after: str | None) -> Listed[ShownInvoice]:
        return await invoice_list(on, shown.connection, limit=limit, after=key_of(after))

    rows = every_row(Console.of(request).database, part)
    return await table_file(
        f"{shown.connection}-invoices", _HEAD, (tuple(_cells(row)) async for row in rows)
    )


@get("/flows/invoices/accruals.csv")
async def accruals_file(request: WebRequest, shown: Shown) -> Stream:
    """Write what was charged and not posted at the end of a day into a file, by account."""
    database = Console.of(request).database
    async with database.single() as on:
        applied = await applied_of(on, shown)
    if applied is None:
        raise NotFoundException
    found, day = await accrued(database, applied, at=day_of(request, "at"))

    async def rows() -> AsyncIterator[tuple[object, ...]]:
        for one in found:
            yield day, *_accrual(one)

    return await table_file(f"{applied.name}-accruals-{day}", _ACCRUAL_HEAD, rows())


def _cells(row: ShownInvoice) -> Iterator[object]:
    yield row.id
    yield row.type
    yield row.day
    yield row.amount
    yield row.currency
    yield row.claim_by
    yield state_shown(row.state, row.attempt).word if row.state else None
    yield row.cause
    yield row.sentence
    yield ", ".join(document_title(one.kind, one.number) for one in row.documents)
    yield ", ".join(one.external_id for one in row.documents)


def _accrual(one: Accrual) -> tuple[object, ...]:
    return (
        one.account,
        one.department,
        one.class_,
        one.location,
        one.fee,
        one.type,
        one.center,
        one.charges,
        one.amount,
        one.tax,
        one.currency,
        one.invoice,
    )


ROUTES = (invoices_page, invoices_file, accruals_file, invoice_page)
