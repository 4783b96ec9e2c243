"""Headers that keep what comes from outside from acting in a browser."""

from typing import Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

_CONTENT: Final = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self'; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'; "
    "object-src 'none'; "
    "base-uri 'none'"
)

_HEADERS: Final = {
    "content-security-policy": _CONTENT,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: the browser would then send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}

_HTTPS_ONLY: Final = "max-age=31536000"


async def add_headers(message: Message, scope: Scope) -> None:
    """Give an answer of ours the headers that it does not have yet."""
    if message["type"] != "http.response.start":
        return
    message.setdefault("headers", [])
    headers = MutableScopeHeaders.from_message(message=message)
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    forwarded = dict(scope.get("headers", [])).get(b"x-forwarded-proto", b"")
    if forwarded == b"https" or scope.get("scheme") == "https":
        headers.setdefault("strict-transport-security", _HTTPS_ONLY)
