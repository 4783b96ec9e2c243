"""Paths that nobody answers: a page for a browser, a problem for a program."""

from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response

from ml_connector.web.address import WebRequest
from ml_connector.web.api import PATH, problems
from ml_connector.web.console import errors


def unknown_path(request: WebRequest, error: HTTPException) -> Response[Any]:
    """Answer what no route of console or API has answered."""
    if request.scope["path"].startswith(f"{PATH}/"):
        return problems.http_error(request, error)
    if "text/html" in request.headers.get("accept", ""):
        return errors.http_error(request, error)
    return create_exception_response(request, error)
