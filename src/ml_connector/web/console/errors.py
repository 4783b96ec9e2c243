"""Pages for what went wrong: each says what, and what to do."""

from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import psycopg
from litestar import Response
from litestar.exceptions import HTTPException

from ml_connector.app.users.roles import NotAllowed
from ml_connector.errors import ConnectorError, UserError
from ml_connector.storage.database import DatabaseAway
from ml_connector.web.address import WebRequest, asked_path
from ml_connector.web.console.csrf import SAFE, ForeignForm
from ml_connector.web.console.guards import NotSignedIn, PasswordGiven
from ml_connector.web.console.rendering import page, see_other

_WORDS: Final = MappingProxyType(
    {
        HTTPStatus.NOT_FOUND: (
            "There is no such page",
            "The address may be mistyped, or what it showed is gone.",
        ),
        HTTPStatus.METHOD_NOT_ALLOWED: ("That can't be done here", "Go back and try again."),
        HTTPStatus.BAD_REQUEST: (
            "That could not be read",
            "Check the address, or what you typed, and try again.",
        ),
    }
)
_ELSE: Final = ("Something went wrong", "Try again. If it stays so, look into the service's log.")


def signed_out(request: WebRequest, _: Exception) -> Response[bytes]:
    """Send somebody who did not sign in to the page for that, and back afterwards."""
    there = "/sign-in"
    if request.method in SAFE and "hx-request" not in request.headers:
        here = asked_path(request)
        there += f"?next={quote(here, safe='')}" if here != "/" else ""
    if "hx-request" in request.headers:
        return Response(
            b"", status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": "/sign-in"}
        )
    return see_other(there)


def password_first(_: WebRequest, __: Exception) -> Response[bytes]:
    """Send somebody whose password another one chose to where it is changed."""
    return see_other("/account")


def refused(request: WebRequest, error: UserError) -> Response[bytes]:
    """Say what can't be done, and what to do instead."""
    status = HTTPStatus.BAD_REQUEST
    if isinstance(error, (NotAllowed, ForeignForm)):
        status = HTTPStatus.FORBIDDEN
    if isinstance(error, DatabaseAway):
        return away(request, error)
    return trouble(request, status, f"{error}.", error.next_step)


def failed(request: WebRequest, error: ConnectorError) -> Response[bytes]:
    """Say what the other system, or what is stored, did not allow."""
    return trouble(request, HTTPStatus.CONFLICT, f"{error}.", error.remedy)


def away(request: WebRequest, _: Exception) -> Response[bytes]:
    """Say that the database is away."""
    return trouble(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database can't be reached just now",
        "Webhooks are sent again by ShipBob meanwhile. Try again in a minute.",
    )


def http_error(request: WebRequest, error: HTTPException) -> Response[bytes]:
    """Say what is wrong with the request."""
    title, text = _WORDS.get(HTTPStatus(error.status_code), _ELSE)
    return trouble(request, error.status_code, title, text)


def bug(request: WebRequest, _: Exception) -> Response[bytes]:
    """Say that it is a fault of ours; the log has it."""
    return trouble(request, HTTPStatus.INTERNAL_SERVER_ERROR, *_ELSE)


def trouble(request: WebRequest, status: int, title: str, text: str) -> Response[bytes]:
    """Return a page that says what is wrong."""
    return page(
        request, "trouble.html.jinja", status=status, number=status, title=title, text=text
    )


HANDLERS: Final[dict[Any, Any]] = {
    NotSignedIn: signed_out,
    PasswordGiven: password_first,
    DatabaseAway: away,
    psycopg.OperationalError: away,
    UserError: refused,
    ConnectorError: failed,
    HTTPException: http_error,
    Exception: bug,
}
"""By what was raised."""
