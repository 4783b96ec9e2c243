"""The two cookies of the console: one of a visitor, one of a session."""

import secrets
from typing import Final

from litestar.datastructures import Cookie

from ml_connector.config.settings import Settings
from ml_connector.secret import Secret
from ml_connector.web.address import WebConnection, is_https

_SESSION: Final = "mlc-session"
_VISIT: Final = "mlc-visit"
_HOST: Final = "__Host-"
"""A browser takes a cookie of such a name only from this host itself, over https."""


def shown_session(request: WebConnection, settings: Settings) -> Secret:
    """Return what the browser shows as its session; empty where it has none."""
    return Secret(request.cookies.get(_name(request, settings, _SESSION), ""))


def session_cookie(request: WebConnection, settings: Settings, held: Secret) -> Cookie:
    """Return the cookie with which a session begins."""
    return _cookie(request, settings, _SESSION, held.reveal())


def no_session(request: WebConnection, settings: Settings) -> Cookie:
    """Return the cookie with which the browser forgets its session."""
    cookie = _cookie(request, settings, _SESSION, "")
    cookie.max_age = 0
    return cookie


def shown_visit(request: WebConnection, settings: Settings) -> bytes:
    """Return what ties the sign-in form to the browser that asked for it; empty: nothing yet."""
    text = request.cookies.get(_name(request, settings, _VISIT), "")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def new_visit() -> bytes:
    """Return what ties a sign-in form to a browser."""
    return secrets.token_bytes(32)


def visit_cookie(request: WebConnection, settings: Settings, visit: bytes) -> Cookie:
    """Return the cookie that ties the sign-in form to the browser."""
    return _cookie(request, settings, _VISIT, visit.hex())


def _name(request: WebConnection, settings: Settings, name: str) -> str:
    return f"{_HOST}{name}" if is_https(request, settings) else name


def _cookie(request: WebConnection, settings: Settings, name: str, value: str) -> Cookie:
    return Cookie(
        key=_name(request, settings, name),
        value=value,
        path="/",
        httponly=True,
        secure=is_https(request, settings),
        samesite="lax",
    )
