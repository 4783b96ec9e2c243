"""The tokens that ShipBob signs: JWTs whose ``iss`` is the OAuth host (section 2)."""

from collections.abc import Mapping
from typing import Final

import jwt

SIGNING_KEY: Final = "a simulator signs its tokens with a key that everybody may know"
"""Clients can't verify ShipBob's tokens either: they only read ``iss``."""


def signed(claims: Mapping[str, object]) -> str:
    """A JWT with these claims."""
    return jwt.encode(dict(claims), SIGNING_KEY, algorithm="HS256")
