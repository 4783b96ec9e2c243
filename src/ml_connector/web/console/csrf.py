"""Forms that only our own pages can send."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit

from ml_connector.errors import UserError
from ml_connector.web.address import WebRequest

FIELD: Final = "csrf"
HEADER: Final = "x-csrf-token"
BYTES: Final = 32

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignForm(UserError):
    """What was sent does not come from a page of this session."""

    def __init__(self) -> None:
        super().__init__(
            "This form is not of your session",
            next_step="Open the page again and repeat it there. Nothing was done.",
        )


def masked(token: bytes) -> str:
    """Return what a form carries: other characters each time.

    Else it could be guessed from how well a compressed page packs (BREACH, 2013).
    """
    mask = secrets.token_bytes(len(token))
    return urlsafe_b64encode(mask + _xor(mask, token)).decode()


def fits(token: bytes, shown: str) -> bool:
    """Return whether a form carries this token. Pure."""
    try:
        both = urlsafe_b64decode(shown.encode())
    except ValueError:
        return False
    mask, rest = both[: len(both) // 2], both[len(both) // 2 :]
    if len(token) != BYTES or len(mask) != len(rest):
        return False
    return hmac.compare_digest(_xor(mask, rest), token)


async def check(request: WebRequest, token: bytes) -> None:
    """See that what was sent comes from our own page.

    Raises:
        ForeignForm: it does not.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignForm
    shown = request.headers.get(HEADER)
    if shown is None:
        field = (await request.form()).get(FIELD)
        shown = field if isinstance(field, str) else ""
    if not fits(token, shown):
        raise ForeignForm


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
