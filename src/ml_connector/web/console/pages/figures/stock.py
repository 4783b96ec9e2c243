"""Stock: both systems by SKU and location, what makes each difference, one history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from litestar import Response, get
from litestar.params import Parameter
from litestar.response import Stream

from ml_connector.app.views import proofs
from ml_connector.app.views.paging import PAGE_ROWS, Listed
from ml_connector.app.views.stock import StockRow, stock_history, stock_page
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.console.charts import stock_chart
from ml_connector.web.console.pages.drawer import drawer
from ml_connector.web.console.pages.figures.asked import nothing_yet, text_of
from ml_connector.web.console.rendering import page
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.console.table_file import every_row, table_file
from ml_connector.web.who import Who

_DAYS: Final = 30
_HEAD: Final = (
    *("location", "sku", "item", "netsuite", "shipbob", "difference", "unexplained"),
    *("explained", "likely cause", "says", "remedy"),
)


Id = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]


@get("/stock")
async def stock_list(
    request: WebRequest, who: Who, shown: Shown, decide: Id = None, errand: Id = None
) -> Response[bytes]:
    """Show the stock of both systems as it was compared last."""
    if not shown.connection:
        return nothing_yet(request, "Stock")
    database = Console.of(request).database
    found = await stock_page(
        database,
        shown.connection,
        limit=PAGE_ROWS,
        location=text_of(request, "location"),
        after=text_of(request, "after"),
        sku=text_of(request, "sku"),
        only_different=text_of(request, "show") != "all",
    )
    async with database.single() as on:
        comparing = await proofs.newest(on, shown.connection, "compare")
    held = await drawer(request, who, shown, decide, errand)
    return page(request, "stock.html.jinja", found=found, comparing=comparing, **held)


@get("/stock/history")
async def history_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show what comparisons saw of one SKU at one location."""
    location, sku = text_of(request, "location") or "", text_of(request, "sku") or ""
    console = Console.of(request)
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    async with console.database.transaction() as on:
        points = await stock_history(on, shown.connection, location, sku, since=since)
    now = await stock_page(console.database, shown.connection, limit=1, location=location, sku=sku)
    return page(
        request,
        "stock_history.html.jinja",
        location=location,
        sku=sku,
        points=points,
        row=next((one for one in now.stock.rows if one.sku == sku), None),
        chart=stock_chart(points, shown.zone),
        days=_DAYS,
    )


@get("/stock/export.csv")
async def stock_file(request: WebRequest, shown: Shown) -> Stream:
    """Write the stock that the page lists into a file."""
    location, sku = text_of(request, "location"), text_of(request, "sku")
    only_different = text_of(request, "show") != "all"
    database = Console.of(request).database

    async def part(_: Connection, limit: int, after: str | None) -> Listed[StockRow]:
        found = await stock_page(
            database,
            shown.connection,
            limit=limit,
            location=location,
            after=after,
            sku=sku,
            only_different=only_different,
        )
        return found.stock

    rows = every_row(database, part)
    return await table_file(
        f"{shown.connection}-stock", _HEAD, (tuple(_cells(row)) async for row in rows)
    )


def _cells(row: StockRow) -> Iterator[object]:
    yield row.location
    yield row.sku
    yield row.item
    yield row.netsuite
    yield row.shipbob
    yield row.difference
    yield row.drift
    yield "; ".join(f"{part.quantity:+f}: {part.says}" for part in row.explained)
    yield row.likely
    yield row.says
    yield row.remedy


ROUTES = (stock_list, history_page, stock_file)
