"""Search: subjects by any number; straight to the story where only one is meant."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import Parameter

from ml_connector.app.errands.asking import Asker, ask_for_document, own
from ml_connector.app.views.desk.search import search
from ml_connector.web.address import WebRequest
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH: Final = "/search"


@get(_PATH, guards=[needs("look")])
async def search_page(
    request: WebRequest,
    who: Who,
    shown: Shown,
    q: Annotated[str, Parameter(max_length=200)] = "",
    errand: Annotated[int | None, Parameter(ge=1, le=2**63 - 1)] = None,
) -> Response[bytes]:
    """Show what a number means."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        found = await search(on, _names(request, shown), q)
    asked = await own(console.installation, _asker(who, shown), errand) if errand else None
    hits = found.subjects
    if len(hits) == 1 and hits[0].number.lower() == found.text.lower():
        return see_other(f"/subjects/{hits[0].subject_id}?connection={hits[0].connection}")
    return page(request, "search.html.jinja", found=found, errand=asked)


@post(f"{_PATH}/netsuite", guards=[needs("look")], status_code=303)
async def ask_netsuite(request: WebRequest, who: Who, shown: Shown) -> Response[bytes]:
    """Ask NetSuite, by a worker, which document of ours has a number."""
    number = (await Typed.into(request)).text("number")[:100]
    asked = await ask_for_document(
        Console.of(request).installation, _asker(who, shown), shown.connection, number
    )
    fields = {"connection": shown.connection, "q": number, "errand": asked.id}
    return see_other(f"{_PATH}?{urlencode(fields)}")


def _names(request: WebRequest, shown: Shown) -> list[str]:
    """Return where to look: in the connection that the address names, else in all."""
    return [shown.connection] if "connection" in request.query_params else list(shown.names)


def _asker(who: Who, shown: Shown) -> Asker:
    return Asker(person=who.name, role=who.role, names=[shown.connection])


ROUTES: tuple[Any, ...] = (search_page, ask_netsuite)
