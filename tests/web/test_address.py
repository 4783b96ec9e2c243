"""From where a request comes, with proxies in between."""

from ipaddress import ip_network
from typing import Any

import pytest
from litestar.connection import ASGIConnection

from ml_connector.config.settings import Settings
from ml_connector.web.address import client_address, is_https

TRUSTED = (ip_network("10.0.0.0/24"), ip_network("127.0.0.1/32"))


def request(
    peer: str, headers: dict[str, str] | None = None
) -> ASGIConnection[Any, Any, Any, Any]:
    lines = [(key.encode(), value.encode()) for key, value in (headers or {}).items()]
    return ASGIConnection(
        {  # type: ignore[arg-type]  # what is asked of it
            "type": "http",
            "scheme": "http",
            "server": ("127.0.0.1", 8700),
            "client": (peer, 5000) if peer else None,
            "headers": lines,
            "path": "/",
            "query_string": b"",
            "state": {},
        }
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),  # nobody asked him
        ("10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # the sender wrote the first
        ("127.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.7", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.7", "nonsense", "nonsense"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "10.0.0.8", "10.0.0.8"),
        ("", "198.51.100.1", ""),
    ],
)
def test_only_proxies_that_are_trusted_say_who_sends(
    peer: str, forwarded: str, address: str
) -> None:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    assert client_address(request(peer, headers), TRUSTED) == address


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"x-forwarded-proto": "http"}, False),
        ({"x-forwarded-proto": "https"}, True),
        ({"host": "connector.example.com"}, True),
        ({"host": "localhost:8700"}, False),
    ],
)
def test_cookies_are_for_https_where_the_browser_speaks_it(
    headers: dict[str, str], *, secure: bool
) -> None:
    settings = Settings(public_url="https://connector.example.com")

    assert is_https(request("127.0.0.1", headers), settings) is secure
