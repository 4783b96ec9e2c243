"""Bearer tokens of programs that call the API; each is kept only as its SHA-256."""

from datetime import datetime

import msgspec

from ml_connector.storage.database import Connection, one, rows
from ml_connector.words import Role


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token, without what its holder shows.

    Attributes:
        scope: the role as which its holder acts.
        expires_at: None: never.
        used_at: when it was last used, to the minute; None: never.
    """

    name: str
    scope: Role
    made_by: str
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


async def every(on: Connection) -> list[ApiToken]:
    """Return all tokens, by name; those whose time is over too."""
    found = await rows(
        on,
        "select name, scope, made_by, made_at, expires_at, used_at from api_token order by name",
    )
    return [msgspec.convert(row, ApiToken) for row in found]


async def add(
    on: Connection,
    name: str,
    hashed: bytes,
    *,
    scope: Role,
    made_by: str,
    expires_at: datetime | None,
) -> bool:
    """Add a token; return False where there is one of that name."""
    return bool(
        await rows(
            on,
            "insert into api_token (name, hash, scope, made_by, expires_at)"
            " values (%(name)s, %(hash)s, %(scope)s, %(made_by)s, %(expires_at)s)"
            " on conflict (name) do nothing returning name",
            {
                "name": name,
                "hash": hashed,
                "scope": scope,
                "made_by": made_by,
                "expires_at": expires_at,
            },
        )
    )


async def remove(on: Connection, name: str) -> ApiToken | None:
    """Remove a token; return it, or None where there is none."""
    row = await one(
        on,
        "delete from api_token where name = %(name)s"
        " returning name, scope, made_by, made_at, expires_at, used_at",
        {"name": name},
    )
    return msgspec.convert(row, ApiToken) if row else None


async def use(on: Connection, hashed: bytes) -> ApiToken | None:
    """Return the token, while it holds, and note that it was used, once a minute at most."""
    row = await one(
        on,
        "with touched as (update api_token set used_at = now() where hash = %(hash)s"
        "  and coalesce(expires_at > now(), true)"
        "  and coalesce(used_at < now() - interval '1 minute', true))"
        " select name, scope, made_by, made_at, expires_at, used_at from api_token"
        " where hash = %(hash)s and coalesce(expires_at > now(), true)",
        {"hash": hashed},
    )
    return msgspec.convert(row, ApiToken) if row else None
