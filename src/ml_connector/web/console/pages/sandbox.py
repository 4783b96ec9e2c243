"""The sandbox of ``demo``: the story as it is told, and what a visitor may let happen.

There is no such page where ``demo`` did not start the service.
"""

from http import HTTPStatus

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from ml_connector.app.sandbox.acts import ACTS, perform
from ml_connector.app.sandbox.place import Sandbox
from ml_connector.app.views.overview import latest_events
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.web.address import WebRequest
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.figures.asked import applied_of
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.shown import Shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_PATH = "/sandbox"
_LATEST = 8


@get(_PATH, guards=[needs("look")])
async def sandbox_page(request: WebRequest, shown: Shown) -> Response[bytes]:
    """Show the story so far, what may be done, and the latest events."""
    return await _page(request, shown, said=request.query_params.get("said", ""))


@get(f"{_PATH}/story", guards=[needs("look")])
async def story(request: WebRequest) -> Response[bytes]:
    """Return how far the story has come, for a page that is open."""
    return page(request, "components/story_told.html.jinja", told=_sandbox(request).so_far())


@post(f"{_PATH}/acts/{{name:str}}", guards=[needs("look")], status_code=HTTPStatus.SEE_OTHER)
async def let_happen(request: WebRequest, who: Who, shown: Shown, name: str) -> Response[bytes]:
    """Let something happen in the simulators."""
    sandbox, console = _sandbox(request), Console.of(request)
    async with console.database.single() as on:
        applied = await applied_of(on, shown)
    if applied is None:
        raise NotFoundException
    try:
        said = await perform(sandbox, applied, name)
    except LookupError as error:
        raise NotFoundException(detail=str(error)) from error
    except UserError as error:
        return await _page(request, shown, error=error)
    async with console.database.transaction() as on:
        details = {"act": name, "said": said}
        await acts.record(
            on, who.name, f"sandbox.{name}", connection=applied.name, details=details
        )
    return see_other(f"{_PATH}?said={name}#acts")


async def _page(
    request: WebRequest, shown: Shown, *, said: str = "", error: UserError | None = None
) -> Response[bytes]:
    told = _sandbox(request).so_far()
    async with Console.of(request).database.transaction() as on:
        latest = await latest_events(on, shown.connection, limit=_LATEST)
    return page(
        request,
        "sandbox.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        told=told,
        acts=ACTS,
        done=next((one for one in ACTS if one.name == said), None),
        latest=latest,
        error=error,
    )


def _sandbox(request: WebRequest) -> Sandbox:
    found = Console.of(request).sandbox
    if found is None:
        raise NotFoundException
    return found


ROUTES = (sandbox_page, story, let_happen)
