"""A page for each flow: figures, what is on its way, documents."""

from collections.abc import Iterator
from typing import Final

from litestar import Response, get
from litestar.exceptions import ClientException, NotFoundException
from litestar.response import Stream

from ml_connector.app.views.flow_pages import (
    STANDINGS,
    FlowSubject,
    Standing,
    flow_figures,
    flow_subjects,
)
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.app.views.words import FLOW_PATHS, FLOW_TITLES, document_title, state_shown
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.pages.figures.asked import (
    key_of,
    nothing_yet,
    number_of,
    text_of,
)
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import every_row, table_file

_HEAD: Final = (
    *("subject", "number", "state", "cause", "sentence", "status", "center", "day"),
    *(
        "expected",
        "done",
        "booked",
        "skus",
        "documents",
        "external ids",
        "tracking numbers",
        "lines",
    ),
)


@get("/flows/{name:str}")
async def flow_page(request: WebRequest, shown: Shown, name: str) -> Response[bytes]:
    """Show a flow: how much is not done, and its subjects."""
    flow = _flow(name)
    title = FLOW_TITLES[flow]
    if not shown.connection:
        return nothing_yet(request, title)
    standing = _standing(request)
    async with Console.of(request).database.transaction() as on:
        figures = await flow_figures(on, shown.connection, flow)
        found = await flow_subjects(
            on,
            shown.connection,
            flow,
            limit=PAGE_ROWS,
            after=number_of(request, "after"),
            key=text_of(request, "key"),
            standing=standing,
        )
    return page(
        request,
        f"flow_{flow.replace('-', '_')}.html.jinja",
        title=title,
        name=name,
        figures=figures,
        found=found,
        standing=standing,
    )


@get("/flows/{name:str}/export.csv")
async def flow_file(request: WebRequest, shown: Shown, name: str) -> Stream:
    """Write what the page lists into a file."""
    flow = _flow(name)
    standing, key = _standing(request), text_of(request, "key")

    async def part(on: Connection, limit: int, after: str | None) -> Listed[FlowSubject]:
        return await flow_subjects(
            on,
            shown.connection,
            flow,
            limit=limit,
            after=key_of(after),
            key=key,
            standing=standing,
        )

    rows = every_row(Console.of(request).database, part)
    return await table_file(
        f"{shown.connection}-{name}", _HEAD, (tuple(_cells(row)) async for row in rows)
    )


def _flow(name: str) -> str:
    flow = FLOW_PATHS.get(name)
    if flow is None or flow == "billing":
        raise NotFoundException
    return flow


def _standing(request: WebRequest) -> Standing | None:
    wanted = text_of(request, "standing")
    if wanted is None:
        return None
    for one in STANDINGS:
        if one == wanted:
            return one
    raise ClientException(detail="standing is none of ours")


def _cells(row: FlowSubject) -> Iterator[object]:
    facts = row.facts
    yield row.key
    yield facts.number
    yield state_shown(row.state, row.attempt).word
    yield row.cause
    yield row.sentence
    yield facts.status
    yield facts.place
    yield facts.day
    yield facts.expected
    yield facts.done
    yield row.booked
    yield ", ".join(facts.skus)
    yield ", ".join(document_title(one.kind, one.number) for one in row.documents)
    yield ", ".join(one.external_id for one in row.documents)
    yield ", ".join(one.number for one in facts.parcels)
    yield ", ".join(
        f"{one.line}: {one.received} of {one.ordered} x {one.sku}" for one in facts.lines
    )


ROUTES = (flow_page, flow_file)
