"""``/tokens``: tokens of programs."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post
from msgspec import Meta

from ml_connector.app.users import api_tokens
from ml_connector.ledger.people import api_tokens as kept
from ml_connector.ledger.people.api_tokens import ApiToken
from ml_connector.web.address import WebRequest
from ml_connector.web.api import again
from ml_connector.web.api.guards import needs
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who
from ml_connector.words import Role


class ApiTokens(msgspec.Struct, frozen=True, kw_only=True):
    """All tokens, without what their holders show."""

    tokens: list[ApiToken]


class NewApiToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token that is to be made; ``expires_at`` null: it does not end."""

    name: Annotated[str, Meta(max_length=64, examples=["warehouse-screen"])]
    scope: Role
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that was made; ``token`` is shown only here."""

    name: str
    scope: Role
    expires_at: datetime | None
    token: str


@get("/tokens", guards=[needs("tokens")], summary="List tokens", tags=["Tokens"])
async def list_tokens(request: WebRequest) -> ApiTokens:
    """Return all tokens, without what their holders show."""
    async with Console.of(request).database.single() as on:
        return ApiTokens(tokens=await kept.every(on))


@post("/tokens", guards=[needs("tokens")], summary="Make a token", tags=["Tokens"])
async def add_token(request: WebRequest, who: Who, data: NewApiToken) -> MadeToken:
    """Make a token and return it: nobody can read it again."""
    async with Console.of(request).database.transaction() as on:
        again.hold_back(request)
        token = await api_tokens.add(
            on, data.name, data.scope, expires_at=data.expires_at, by=who.name
        )
    return MadeToken(
        name=data.name, scope=data.scope, expires_at=data.expires_at, token=token.reveal()
    )


@delete("/tokens/{name:str}", guards=[needs("tokens")], summary="Remove a token", tags=["Tokens"])
async def remove_token(request: WebRequest, who: Who, name: str) -> None:
    """Remove a token: from now on it opens nothing."""
    async with Console.of(request).database.transaction() as on:
        await api_tokens.remove(on, name, by=who.name)


ROUTES = (list_tokens, add_token, remove_token)
