"""``/search``: subjects by any number."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import Parameter
from msgspec import Meta

from ml_connector.app.errands.asking import Asker, ask_for_document
from ml_connector.app.views.desk.search import SearchResult, search
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.api.seen import seen, which
from ml_connector.web.api.set_up.drafts import AskedErrand
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who


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


class SoughtNumber(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of a document in NetSuite; ``connection`` may be left out where there is one."""

    number: Annotated[str, Meta(min_length=1, max_length=100, examples=["IR1203"])]
    connection: Annotated[str, Meta(max_length=40)] | None = None


@post(
    "/search/netsuite",
    guards=[needs("look")],
    status_code=HTTPStatus.ACCEPTED,
    summary="Search in NetSuite",
    tags=["Subjects"],
)
async def search_in_netsuite(request: WebRequest, who: Who, data: SoughtNumber) -> AskedErrand:
    """Let a worker ask NetSuite which document of ours has a number that only it knows."""
    console = Console.of(request)
    async with console.database.single() as on:
        name = (await which(on, data.connection)).name
    asker = Asker(person=who.name, role=who.role, names=[name])
    asked = await ask_for_document(console.installation, asker, name, data.number)
    return AskedErrand(errand=asked.id)


ROUTES = (search_number, search_in_netsuite)
