"""``/stock``: both systems by SKU and location, as they were compared last."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import Parameter

from ml_connector.app.views.paging import PAGE_ROWS
from ml_connector.app.views.stock import StockPage, StockPoint, stock_history, stock_page
from ml_connector.web.address import WebRequest
from ml_connector.web.api.figures.asked import Limit, Name, Text, now
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import which
from ml_connector.web.console.state import Console

_DAYS: Final = 30


class StockHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What comparisons saw of a SKU at a location, the oldest first."""

    points: list[StockPoint]


@get("/stock", guards=[needs("look")], summary="Stock of both systems", tags=["Stock"])
async def list_stock(
    request: WebRequest,
    *,
    connection: Name = None,
    location: Text = None,
    sku: Text = None,
    only_different: bool = False,
    after: Text = None,
    limit: Limit = PAGE_ROWS,
) -> StockPage:
    """Return the stock as it was compared last: what nothing explains first, then by SKU."""
    console = Console.of(request)
    async with console.database.single() as on:
        applied = await which(on, connection)
    return await stock_page(
        console.database,
        applied.name,
        limit=limit,
        location=location,
        after=after,
        sku=sku,
        only_different=only_different,
    )


@get("/stock/history", guards=[needs("look")], summary="The history of a SKU", tags=["Stock"])
async def show_history(
    request: WebRequest,
    location: Annotated[str, Parameter(max_length=100)],
    sku: Annotated[str, Parameter(max_length=10_000)],
    connection: Name = None,
    days: Annotated[int, Parameter(ge=1, le=366)] = _DAYS,
) -> StockHistory:
    """Return what comparisons of these days saw of a SKU at a location."""
    async with Console.of(request).database.transaction() as on:
        applied = await which(on, connection)
        since = now() - timedelta(days=days)
        points = await stock_history(on, applied.name, location, sku, since=since)
    return StockHistory(points=list(points))


ROUTES = (list_stock, show_history)
