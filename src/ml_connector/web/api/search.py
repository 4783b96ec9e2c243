"""``/search``: subjects by any number."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from ml_connector.app.views.desk.search import SearchResult, search
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import seen
from ml_connector.web.console.state import Console


@get("/search", guards=[needs("look")], summary="Search by any number", tags=["Subjects"])
async def search_number(
    request: WebRequest,
    number: Annotated[str, Parameter(min_length=1, max_length=200)],
    connection: Annotated[str | None, Parameter(max_length=40)] = None,
) -> SearchResult:
    """Return what a number means: a WRO, order, parcel, SKU, document, webhook id.

    Where nothing has it, its beginning is looked for.
    """
    async with Console.of(request).database.transaction() as on:
        return await search(on, await seen(on, connection), number)


ROUTES = (search_number,)
