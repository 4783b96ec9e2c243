"""Console and API as parts of the web application."""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response

from ml_connector.errors import ConnectorError, UserError
from ml_connector.web.address import WebRequest
from ml_connector.web.api import DESCRIPTION, PATH, again, api_router, problems
from ml_connector.web.api.description import openapi_config
from ml_connector.web.console import console_routers
from ml_connector.web.console.errors import http_error
from ml_connector.web.console.guards import NotSignedIn, PasswordGiven
from ml_connector.web.console.security import add_headers
from ml_connector.web.console.state import Console
from ml_connector.web.server import Parts


def console_parts(console: Console) -> Parts:
    """Return console and API as parts of the application."""
    return Parts(
        pool=console.database,
        routers=(*console_routers(), api_router()),
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
