"""The audit trail: the journal, and what people did."""

from collections.abc import Iterator
from typing import Final

from litestar import Response, get
from litestar.response import Stream

from ml_connector.app.views import proofs
from ml_connector.app.views.audit_trail import (
    ActFilter,
    JournalFilter,
    PersonAct,
    ShownRow,
    acts_page,
    chain_end,
    journal_page,
)
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.pages.figures.asked import (
    begin_of,
    day_of,
    end_of,
    key_of,
    nothing_yet,
    number_of,
    text_of,
)
from ml_connector.web.console.pages.figures.undo import DocumentNumber, ErrandId, undo_drawer
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import every_row, table_file
from ml_connector.web.who import Who

_HEAD: Final = tuple(ShownRow.__struct_fields__)
_ACT_HEAD: Final = ("id", "at", "person", "what", "connection", "changes")


@get("/audit-trail")
async def journal_list(
    request: WebRequest,
    who: Who,
    shown: Shown,
    undo: DocumentNumber = "",
    errand: ErrandId = None,
) -> Response[bytes]:
    """Show the journal, the newest rows first; beside it, the drawer that takes one back."""
    if not shown.connection:
        return nothing_yet(request, "Audit trail")
    held = await undo_drawer(request, who, shown, undo, errand)
    async with Console.of(request).database.transaction() as on:
        return page(
            request,
            "journal.html.jinja",
            end=await chain_end(on, shown.connection),
            proof=await proofs.newest(on, shown.connection, "verify"),
            found=await journal_page(
                on,
                shown.connection,
                _journal_filter(request, shown),
                limit=PAGE_ROWS,
                after=number_of(request, "after"),
            ),
            **held,
        )


@get("/audit-trail/export.csv")
async def journal_file(request: WebRequest, shown: Shown) -> Stream:
    """Write the rows of the journal that the page lists into a file."""
    wanted = _journal_filter(request, shown)

    async def part(on: Connection, limit: int, after: str | None) -> Listed[ShownRow]:
        return await journal_page(on, shown.connection, wanted, limit=limit, after=key_of(after))

    rows = every_row(Console.of(request).database, part)
    return await table_file(
        f"{shown.connection}-journal",
        _HEAD,
        ([getattr(row, name) for name in _HEAD] async for row in rows),
    )


@get("/audit-trail/acts")
async def acts_list(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show what people did, the newest first."""
    async with Console.of(request).database.transaction() as on:
        found = await acts_page(
            on,
            None,
            _act_filter(request, shown),
            limit=PAGE_ROWS,
            after=number_of(request, "after"),
        )
    return page(request, "acts.html.jinja", found=found)


@get("/audit-trail/acts/export.csv")
async def acts_file(request: WebRequest, shown: Shown) -> Stream:
    """Write what people did into a file, as the page lists it."""
    wanted = _act_filter(request, shown)

    async def part(on: Connection, limit: int, after: str | None) -> Listed[PersonAct]:
        return await acts_page(on, None, wanted, limit=limit, after=key_of(after))

    rows = every_row(Console.of(request).database, part)
    return await table_file("acts", _ACT_HEAD, (tuple(_act(row)) async for row in rows))


def _journal_filter(request: WebRequest, shown: Shown) -> JournalFilter:
    return JournalFilter(
        number=text_of(request, "number"),
        flow=text_of(request, "flow"),
        sku=text_of(request, "sku"),
        since=begin_of(day_of(request, "from"), shown.zone),
        until=end_of(day_of(request, "to"), shown.zone),
    )


def _act_filter(request: WebRequest, shown: Shown) -> ActFilter:
    return ActFilter(
        person=text_of(request, "person"),
        what=text_of(request, "what"),
        since=begin_of(day_of(request, "from"), shown.zone),
        until=end_of(day_of(request, "to"), shown.zone),
    )


def _act(row: PersonAct) -> Iterator[object]:
    yield row.id
    yield row.at
    yield row.person
    yield row.what
    yield row.connection
    yield "; ".join(row.changes)


ROUTES = (journal_list, journal_file, acts_list, acts_file)
