import asyncio
import ipaddress
import socket
from typing import Any

import pytest

from ml_connector.errors import NeedsHuman, Retryable, UserError
from ml_connector.transport.call import Call
from ml_connector.transport.guard.guard import check_base_url, is_public
from ml_connector.transport.http.wire import NetworkFailure, Timeouts, Wire
from ml_connector.words import Cause


@pytest.mark.parametrize(
    "url",
    [
        "https://api.shipbob.com",
        "https://1234567.suitetalk.api.netsuite.com/services",
        "https://example.com:8443/path/",
        "https://127.0.0.1:9000",
        "http://127.0.0.1:9100",
        "http://127.8.9.10",
        "http://localhost:9200/",
        "http://LOCALHOST",
        "http://[::1]:9100",
    ],
)
def test_encrypted_and_local_addresses_are_taken(url: str) -> None:
    check_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.shipbob.com",
        "http://api.shipbob.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost.",
        "http://127.1",
        "http://0.0.0.0",
        "http://2130706433",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://CANARY@example.com",
        "https://me:CANARY@example.com",
        "https://@example.com",
        "https://example.com?key=CANARY",
        "https://example.com/?",
        "https://example.com/#CANARY",
        "https://example.com/ a",
        "https://exa\nmple.com",
        "https://example.com:99999",
        "https://[::1",
    ],
)
def test_other_addresses_are_refused_without_showing_what_is_secret(url: str) -> None:
    with pytest.raises(UserError) as caught:
        check_base_url(url)

    assert caught.value.next_step
    assert "CANARY" not in str(caught.value) + caught.value.where


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that is refused
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),
    ],
)
def test_only_public_addresses_are_public(address: str, expected: bool) -> None:  # noqa: FBT001 - a case
    assert is_public(ipaddress.ip_address(address)) is expected


async def refusal(url: str) -> NetworkFailure:
    """Return why a call to this address got no answer."""
    made = Call(
        connection="acme", system="shipbob", operation="receiving.get", method="GET", url=url
    )
    async with Wire(timeouts=Timeouts(), user_agent="test") as wire:
        with pytest.raises(NetworkFailure) as caught:
            await wire.exchange(made)
    return caught.value


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3",
        "127.1",
        "0x7f.1",
        "2130706433",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "0",
    ],
)
async def test_a_host_that_leads_inside_is_refused_before_anything_is_sent(host: str) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    refused = await refusal(f"https://{host}:{server.sockets[0].getsockname()[1]}/")
    server.close()

    assert refused.before_sending
    if isinstance(refused.failure, NeedsHuman):  # else it is no host at all, or not found
        assert refused.failure.cause is Cause.PERMISSION_MISSING
        assert "not a public address" in str(refused.failure)
    else:
        assert isinstance(refused.failure, Retryable)
        assert host not in {"10.1.2.3", "[::ffff:127.0.0.1]", "[fe80::1]"}


class Names:
    """A name service that answers differently every time."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]


@pytest.mark.parametrize(
    "answer", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["169.254.169.254"], ["::1"]]
)
async def test_a_name_with_any_inner_address_is_refused(
    answer: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names(answer), raising=True)
    refused = await refusal("https://api.example.com/")

    assert isinstance(refused.failure, NeedsHuman)
    assert "not a public address" in str(refused.failure)


async def test_localhost_that_leads_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names(["8.8.8.8"]))

    assert isinstance((await refusal("https://localhost/")).failure, NeedsHuman)


async def test_a_name_is_resolved_once_and_every_address_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    names = Names(["127.0.0.9", "127.0.0.1"], ["10.0.0.1"])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
    made = Call(
        connection="acme",
        system="shipbob",
        operation="receiving.get",
        method="GET",
        url=f"http://localhost:{port}/",
    )
    async with Wire(timeouts=Timeouts(), user_agent="test") as wire:
        answered = await wire.exchange(made)
    server.close()

    assert answered.status == 204
    assert names.asked.count("localhost") == 1
