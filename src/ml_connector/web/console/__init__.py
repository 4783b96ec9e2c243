"""The console: pages for people, behind a sign-in.

A page is a file in ``pages``, a template, and a line here; its place in the menu is one in
``menu.py``.
"""

from typing import Any, Final

from litestar import Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response

from ml_connector.errors import ConnectorError, UserError
from ml_connector.web.address import WebRequest
from ml_connector.web.api import DESCRIPTION, PATH, again, api_router, problems
from ml_connector.web.api.description import openapi_config
from ml_connector.web.console import guards
from ml_connector.web.console.assets import asset
from ml_connector.web.console.errors import HANDLERS, http_error
from ml_connector.web.console.guards import NotSignedIn, PasswordGiven
from ml_connector.web.console.pages import (
    account,
    attention,
    connect,
    events,
    figures,
    front,
    months,
    search,
    sign_in,
    subjects,
    tokens,
    users,
)
from ml_connector.web.console.security import add_headers
from ml_connector.web.console.state import Console
from ml_connector.web.server import Parts

_PAGES: Final = (
    *front.ROUTES,
    *figures.ROUTES,
    *sign_in.ROUTES,
    *account.ROUTES,
    *attention.ROUTES,
    *events.ROUTES,
    *search.ROUTES,
    *subjects.ROUTES,
    *users.ROUTES,
    *months.ROUTES,
    *connect.ROUTES,
    *tokens.ROUTES,
)


def _routers() -> list[Router]:
    """Return the routers: what anybody gets, and what only people get who signed in."""
    return [
        Router(
            path="/",
            route_handlers=[asset, *sign_in.OPEN],
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
        Router(
            path="/",
            route_handlers=_PAGES,
            guards=[guards.signed_in],
            dependencies={
                "who": Provide(guards.who, sync_to_thread=False),
                "shown": Provide(guards.what, sync_to_thread=False),
            },
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
    ]


def console_parts(console: Console) -> Parts:
    """Return console and API as parts of the application."""
    return Parts(
        pool=console.database,
        routers=(*_routers(), api_router()),
        description=openapi_config(DESCRIPTION),
        before_send=(add_headers, again.keep),
        exception_handlers={HTTPException: _unknown_path},
        no_faults=(UserError, ConnectorError, NotSignedIn, PasswordGiven),
        state=console.as_state(),
    )


def _unknown_path(request: WebRequest, error: HTTPException) -> Response[Any]:
    """Answer what no route of console or API has answered."""
    if request.scope["path"].startswith(f"{PATH}/"):
        return problems.http_error(request, error)
    if "text/html" in request.headers.get("accept", ""):
        return http_error(request, error)
    return create_exception_response(request, error)
