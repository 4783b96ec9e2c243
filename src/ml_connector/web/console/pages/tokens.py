"""API tokens: made, shown once, removed."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from litestar import Response, get, post

from ml_connector.app.users import api_tokens
from ml_connector.errors import UserError
from ml_connector.ledger.people import api_tokens as kept_tokens
from ml_connector.secret import Secret
from ml_connector.web.address import WebRequest
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import Role

_PATH = "/tokens"
_DAYS = (30, 90, 365)


@get(_PATH, guards=[needs("tokens")])
async def tokens_page(request: WebRequest) -> Response[bytes]:
    """List the tokens."""
    return await _listed(request)


@post(_PATH, guards=[needs("tokens")], status_code=HTTPStatus.OK)
async def add_token(request: WebRequest, who: Who) -> Response[bytes]:
    """Make a token and show it, which happens only now."""
    typed = await Typed.into(request)
    name, days = typed.text("name").lower(), typed.text("days")
    try:
        expires_at = datetime.now(UTC) + timedelta(days=_days(days)) if days else None
        async with Console.of(request).database.transaction() as on:
            token = await api_tokens.add(
                on, name, typed.role("scope"), expires_at=expires_at, by=who.name
            )
    except UserError as error:
        return await _listed(request, error=error, name=name)
    return await _listed(request, made=token, name=name)


@post(f"{_PATH}/{{name:str}}/remove", guards=[needs("tokens")], status_code=HTTPStatus.SEE_OTHER)
async def remove_token(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Remove a token: from now on it opens nothing."""
    async with Console.of(request).database.transaction() as on:
        await api_tokens.remove(on, name, by=who.name)
    return see_other(_PATH)


def _days(text: str) -> int:
    if text not in map(str, _DAYS):
        raise UserError("There is no such choice of days", next_step="Choose one from the list.")
    return int(text)


async def _listed(
    request: WebRequest,
    *,
    error: UserError | None = None,
    made: Secret | None = None,
    name: str = "",
) -> Response[bytes]:
    async with Console.of(request).database.single() as on:
        found = await kept_tokens.every(on)
    return page(
        request,
        "tokens.html.jinja",
        status=HTTPStatus.OK if error is None else HTTPStatus.BAD_REQUEST,
        tokens=found,
        scopes=list(Role),
        days=_DAYS,
        now=datetime.now(UTC),
        error=error,
        made=made.reveal() if made else "",
        name=name,
    )


ROUTES = (tokens_page, add_token, remove_token)
