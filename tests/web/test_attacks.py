"""Strangers at the real service: what they can fill is bounded, and what they do is counted."""

import contextlib
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from acceptance.merchant import Merchant
from acceptance.service import Process
from waiting import HANGS_AFTER_SECONDS
from web.door import Door, new_secret, signed

MIB = 1 << 20


def memory_of(web: Process) -> int:
    """Return the bytes that the web process has in memory."""
    status = Path(f"/proc/{web.parts()['web']}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def flood(url: str, requests: Iterable[bytes]) -> int:
    """Send requests one after the other on one connection; return how many were answered."""
    parts = urlsplit(url)
    answered = 0
    with socket.create_connection(
        (parts.hostname or "", parts.port or 0), timeout=HANGS_AFTER_SECONDS
    ) as connection:
        for request in requests:
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
                part = connection.recv(65536)
                if not part:
                    return answered
                answer += part
            answered += 1
    return answered


def request(path: str, headers: Mapping[str, str]) -> bytes:
    body = b"{}"
    lines = [f"POST {path} HTTP/1.1", "host: test", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_many_refused_requests_are_a_few_lines_in_the_log(
    receiver: Merchant, web: Process, door: Door
) -> None:
    assert door.get("/healthz").status == 200
    before = len(web.said)
    wrong = signed(new_secret(), b"{}")
    answered = flood(
        receiver.url,
        [
            request(path, headers)
            for number in range(500)
            for path, headers in (
                (f"/webhooks/shipbob/made-up-{number}", {}),
                ("/webhooks/shipbob/acme", {}),
                ("/webhooks/shipbob/acme", wrong),
                (f"/nothing/{number}", {}),
            )
        ],
    )
    written = web.said[before:]

    assert answered == 2000
    assert written.count("webhook_refused") <= 6
    assert len(written) < 4096


def test_what_is_no_http_is_a_line_in_the_log_and_not_one_each(
    web: Process, door: Door, receiver: Merchant
) -> None:
    assert door.get("/healthz").status == 200
    before = len(web.said)
    parts = urlsplit(receiver.url)
    for _ in range(200):
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection(
                (parts.hostname or "", parts.port or 0), timeout=HANGS_AFTER_SECONDS
            ) as connection,
        ):
            connection.sendall(b"\x16\x03\x01 is TLS\r\n\r\n")
            connection.recv(1024)

    assert len(web.said[before:]) < 2048


def test_huge_heads_take_no_memory(web: Process, door: Door) -> None:
    assert door.get("/healthz").status == 200
    before = memory_of(web)
    replies = [
        door.send(request, [(b"x", b"a" * 20 * MIB)], [])
        for request in ["POST /webhooks/shipbob/acme", "GET /healthz"] * 5
    ]

    assert {reply.status for reply in replies} == {431}
    assert memory_of(web) - before < 50 * MIB
    assert door.deliver({"id": 1}).status == 200


@pytest.mark.parametrize("path", ["/oauth/shipbob/callback", "/healthz", "/nowhere"])
def test_a_body_in_chunks_is_bounded_on_every_route(door: Door, path: str) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    reply = door.send(f"POST {path}", [(b"transfer-encoding", b"chunked")], [chunk] * 64)

    assert reply.status in {400, 404, 405, 413}
