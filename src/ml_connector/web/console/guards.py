"""Who may open a page: whoever signed in, from a page of ours, with the role for it."""

from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from ml_connector.app.users import sign_in
from ml_connector.web.address import WebConnection, WebRequest
from ml_connector.web.console import cookies, csrf
from ml_connector.web.console.shown import Shown, shown
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_SHOWN: Final = "shown"


_BEFORE_THE_PASSWORD: Final = frozenset({"/account", "/account/password", "/sign-out"})


class PasswordGiven(Exception):
    """Somebody else chose the password: first it must be changed."""


class NotSignedIn(Exception):
    """Nobody signed in, or the session is over."""


async def signed_in(request: WebConnection, _: BaseRouteHandler) -> None:
    """Let only people through who signed in; forms only from their own pages.

    Raises:
        NotSignedIn: nobody did.
        ForeignForm: the form is of another page.
        PasswordGiven: the person must change the password first.
    """
    console = Console.of(request)
    held = cookies.shown_session(request, console.settings)
    session = await sign_in.session(console.database, held)
    if session is None:
        raise NotSignedIn
    request.scope["user"] = Who(name=session.person, role=session.role, session=session)
    if isinstance(request, Request) and request.method not in csrf.SAFE:
        await csrf.check(request, session.csrf)
    if session.password_given and request.scope["path"] not in _BEFORE_THE_PASSWORD:
        raise PasswordGiven
    request.scope["state"][_SHOWN] = await shown(
        console.database, request.query_params.get("connection")
    )


def needs(word: str) -> Guard:
    """Return a guard that lets only people through whose role may do something.

    Args:
        word: a key of ``app.users.roles.RIGHTS``.
    """

    def guard(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        request.user.check(word)

    return guard


def who(request: WebRequest) -> Who:
    """Return the one who asks, for a handler."""
    found = request.user
    assert isinstance(found, Who)  # noqa: S101 - the guards have seen to it
    return found


def what(request: WebRequest) -> Shown:
    """Return which connection the page is about, for a handler."""
    found = request.scope["state"][_SHOWN]
    assert isinstance(found, Shown)  # noqa: S101 - the guards have seen to it
    return found
