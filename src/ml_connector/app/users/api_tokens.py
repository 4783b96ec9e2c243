"""Tokens with which programs call the API: made, shown once, removed. Each is an act."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Final

from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts
from ml_connector.ledger.people import api_tokens
from ml_connector.ledger.people.api_tokens import ApiToken
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection
from ml_connector.words import Role

_PREFIX: Final = "mlc_"
"""By which people and scanners know such a token where it lies about."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST: Final = 200
_NEVER: Final = 9999  # the last year, a part of which other zones count as the one after it


class NoSuchToken(UserError):
    """There is no token of that name."""


async def add(
    on: Connection, name: str, scope: Role, *, expires_at: datetime | None, by: str
) -> Secret:
    """Make a token and return it: nobody can read it again.

    Raises:
        UserError: the name can't be used, or the time is over already or beyond all calendars.
    """
    if not _NAME.fullmatch(name):
        raise UserError(
            "That name can't be used",
            where=name[:64],
            next_step="Use up to 64 small letters, digits and . _ -, a letter or digit first.",
        )
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise UserError(
            "A token can't end in the past",
            where=expires_at.isoformat(),
            next_step="Name a later time, or none.",
        )
    if expires_at is not None and expires_at.year >= _NEVER:
        raise UserError(
            "A token can't end that late",
            where=expires_at.isoformat(),
            next_step="Name an earlier time, or none.",
        )
    token = Secret(_PREFIX + secrets.token_urlsafe(32))
    made = await api_tokens.add(
        on, name, _hash(token), scope=scope, made_by=by, expires_at=expires_at
    )
    if not made:
        raise UserError(
            f'There is a token "{name}" already',
            next_step="Choose another name, or remove that one first.",
        )
    await acts.record(
        on,
        by,
        "token.add",
        details={"before": None, "after": {"name": name, "scope": scope, "ends": expires_at}},
    )
    return token


async def remove(on: Connection, name: str, *, by: str) -> ApiToken:
    """Remove a token: from now on it opens nothing.

    Raises:
        NoSuchToken: there is none of that name.
    """
    gone = await api_tokens.remove(on, name)
    if gone is None:
        raise NoSuchToken(
            f'There is no token "{name[:64]}"', next_step="See them with: ml-connector token list"
        )
    await acts.record(
        on,
        by,
        "token.remove",
        details={"before": {"name": name, "scope": gone.scope}, "after": None},
    )
    return gone


async def holder(on: Connection, token: Secret) -> ApiToken | None:
    """Return the token that somebody shows; None where it opens nothing."""
    text = token.reveal()
    if not text.startswith(_PREFIX) or len(text) > _LONGEST:
        return None
    return await api_tokens.use(on, _hash(token))


def _hash(token: Secret) -> bytes:
    """Return what is kept of a token: as random as it is, nothing is gained by a slow hash."""
    return hashlib.sha256(token.reveal().encode()).digest()
