"""``/me``: what the token that is shown may do."""

from datetime import datetime

import msgspec
from litestar import get

from ml_connector.web.who import Who
from ml_connector.words import Role


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """The token that was shown; ``expires_at`` null: it does not end."""

    name: str
    scope: Role
    expires_at: datetime | None


@get("/me", summary="The token that is shown", tags=["Tokens"])
async def me(who: Who) -> TokenShown:
    """Return the name, scope and end of the token that is shown."""
    assert who.token is not None  # noqa: S101 - only programs come here
    return TokenShown(name=who.token.name, scope=who.role, expires_at=who.token.expires_at)


ROUTES = (me,)
