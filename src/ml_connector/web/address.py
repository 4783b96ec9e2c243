"""From where a request comes, and by which way, where proxies stand in between."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection

from ml_connector.config.settings import Network, Settings

WebRequest = Request[Any, Any, Any]
"""A request, as handlers get it."""

WebConnection = ASGIConnection[Any, Any, Any, Any]
"""The same, as guards get it."""


def client_address(request: WebConnection, trusted: Sequence[Network]) -> str:
    """Return the address of the browser or program.

    Behind proxies that are trusted it is the last one in ``X-Forwarded-For`` that is none of
    theirs: what stands before it anybody can write (RFC 7239, section 8.1).
    """
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getall("x-forwarded-for", []))
    hops = [one.strip() for one in forwarded.split(",") if one.strip()]
    while hops and _is_in(peer, trusted):
        peer = hops.pop()
    return peer


def is_https(request: WebConnection, settings: Settings) -> bool:
    """Return whether the browser speaks https, to us or to a proxy.

    Whoever lies about it only gets a cookie that his own browser does not send back.
    """
    if request.scope["scheme"] == "https" or request.headers.get("x-forwarded-proto") == "https":
        return True
    public = urlsplit(settings.public_url or "")
    return public.scheme == "https" and request.headers.get("host", "") == public.netloc


def asked_path(request: WebConnection) -> str:
    """Return the path and the query that were asked for.

    Not by the framework's ``url``, which fails where the sender's ``Host`` is no host.
    """
    query = request.scope["query_string"].decode("latin-1")
    return request.scope["path"] + (f"?{query}" if query else "")


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    return any(peer in network for network in networks)
