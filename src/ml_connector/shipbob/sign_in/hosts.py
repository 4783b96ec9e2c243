"""ShipBob's hosts, by environment (ShipBob reference, section 2). Pure."""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.words import Cause


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The hosts of one ShipBob environment; nothing is copied between the two environments."""

    api_url: str
    auth_url: str
    dashboard_url: str


PRODUCTION: Final = Hosts(
    api_url="https://api.shipbob.com",
    auth_url="https://auth.shipbob.com",
    dashboard_url="https://web.shipbob.com",
)
SANDBOX: Final = Hosts(
    api_url="https://sandbox-api.shipbob.com",
    auth_url="https://authstage.shipbob.com",
    dashboard_url="https://webstage.shipbob.dev",
)


def auth_url_of(api_url: str) -> str | None:
    """Return the auth host that belongs to one of ShipBob's API hosts; None for another."""
    for hosts in (PRODUCTION, SANDBOX):
        if _host(hosts.api_url) == _host(api_url):
            return hosts.auth_url
    return None


def environment(api_url: str) -> str:
    """Return ``production`` or ``sandbox``, or the host itself where it is another. Pure."""
    host = _host(api_url)
    if host == _host(PRODUCTION.api_url):
        return "production"
    return "sandbox" if host == _host(SANDBOX.api_url) else host


def check_issuer(token: Secret, *, api_url: str, auth_url: str) -> None:
    """Refuse a token of another environment than the configured one, before it is sent.

    A JWT names its auth host in ``iss``. An opaque token is accepted, and so is any token for a
    loopback address, because a simulator may call its hosts anything.

    Raises:
        NeedsHuman: credentials_invalid.
    """
    if _is_loopback(api_url) or _is_loopback(auth_url):
        return
    issuer = _issuer(token)
    if issuer is None or issuer == _host(auth_url):
        return
    raise NeedsHuman(
        f"This ShipBob token was made by {_world(issuer)}, but the connection uses"
        f" {_world(_host(auth_url))}",
        cause=Cause.CREDENTIALS_INVALID,
        remedy="Use a token of the same account, or set api_url and auth_url in [shipbob] to"
        " the hosts that it belongs to.",
    )


def _world(host: str) -> str:
    if host == _host(SANDBOX.auth_url):
        return "ShipBob's sandbox"
    return "ShipBob's production" if host == _host(PRODUCTION.auth_url) else "another host"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_loopback(url: str) -> bool:
    host = _host(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Claims(msgspec.Struct):
    iss: str


def _issuer(token: Secret) -> str | None:
    """Return the host that a JWT says it comes from; None when it is no JWT or doesn't say."""
    parts = token.reveal().split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "==")
        return _host(msgspec.json.decode(claims, type=_Claims).iss) or None
    except (binascii.Error, ValueError, RecursionError):
        return None
