"""Who may call the API: whoever shows a token that holds, with the scope for it."""

from http import HTTPStatus
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from ml_connector.app.users import api_tokens
from ml_connector.secret import Secret
from ml_connector.web.address import WebConnection, WebRequest, client_address
from ml_connector.web.api.pace import CallPace
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_CALLS: Final = CallPace(600)
_GUESSES: Final = CallPace(60)
"""Of an address, with tokens that open nothing."""


class NoToken(NotAuthorizedException):
    """No token was shown, or one that opens nothing."""

    status_code = HTTPStatus.UNAUTHORIZED


async def has_token(request: WebConnection, _: BaseRouteHandler) -> None:
    """Let only programs through that show a token.

    Raises:
        NoToken: it shows none that holds.
        TooManyCalls: it calls too often.
    """
    console = Console.of(request)
    scheme, text = [*request.headers.get("authorization", "").split(" ", 1), ""][:2]
    if scheme.lower() != "bearer" or not text.strip():
        raise NoToken
    async with console.database.single() as on:
        token = await api_tokens.holder(on, Secret(text.strip()))
    if token is None:
        _GUESSES.count(client_address(request, console.settings.trusted_proxies))
        raise NoToken
    _CALLS.count(token.name)
    request.scope["user"] = Who(name=f"{token.name} (token)", role=token.scope, token=token)


def needs(word: str) -> Guard:
    """Return a guard that lets only tokens through whose scope may do something.

    Args:
        word: a key of ``app.users.roles.RIGHTS``.
    """

    def guard(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        request.user.check(word)

    return guard


def who(request: WebRequest) -> Who:
    """Return the one who asks, for a handler."""
    found = request.user
    assert isinstance(found, Who)  # noqa: S101 - the guard has seen to it
    return found
