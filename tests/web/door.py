"""The web process as a stranger and as ShipBob see it: bytes over a socket."""

import hmac
import json
import secrets
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from waiting import HANGS_AFTER_SECONDS

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer, read until the server closed the connection."""

    status: int
    head: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def new_secret() -> str:
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def signed(
    secret: str,
    body: bytes,
    *,
    webhook_id: str | None = None,
    topic: str | None = "wro.updated",
    at: datetime | None = None,
) -> dict[str, str]:
    """Return the headers of a delivery, signed by the public library of the scheme."""
    webhook_id = webhook_id or f"msg_{secrets.token_hex(12)}"
    at = at or datetime.now(UTC)
    signature = _sign(secret, webhook_id, at, body)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return headers if topic is None else {**headers, "x-webhook-topic": topic}


def _sign(secret: str, webhook_id: str, at: datetime, body: bytes) -> str:
    try:
        return Webhook(secret).sign(webhook_id, at, body.decode())
    except UnicodeDecodeError:  # the library signs text only
        key = b64decode(secret.removeprefix("whsec_"))
        text = f"{webhook_id}.{int(at.timestamp())}.".encode() + body
        return "v1," + b64encode(hmac.digest(key, text, "sha256")).decode()


class Door:
    """Where the web process listens.

    Args:
        url: of the service.
        secret: what the connection's webhooks are signed with.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 0)

    def deliver(
        self,
        body: bytes | object,
        *,
        connection: str = "acme",
        webhook_id: str | None = None,
        topic: str | None = "wro.updated",
        secret: str | None = None,
        at: datetime | None = None,
    ) -> Reply:
        """Deliver a webhook as ShipBob does."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = signed(secret or self.secret, raw, webhook_id=webhook_id, topic=topic, at=at)
        return self.post(raw, headers, connection=connection)

    def post(self, body: bytes, headers: Headers, *, connection: str = "acme") -> Reply:
        lines = {"content-length": str(len(body)), "content-type": "application/json", **headers}
        return self.send(
            f"POST /webhooks/shipbob/{connection}",
            [(name.encode(), value.encode("latin-1")) for name, value in lines.items()],
            [body],
        )

    def get(self, path: str) -> Reply:
        return self.send(f"GET {path}", [], [])

    def cut(self, request: str, headers: Iterable[tuple[bytes, bytes]], part: bytes) -> None:
        """Send the beginning of a request and hang up."""
        with socket.create_connection(self._address, timeout=HANGS_AFTER_SECONDS) as connection:
            connection.sendall(_head(request, headers) + part)

    def send(
        self,
        request: str,
        headers: Iterable[tuple[bytes, bytes]],
        parts: Iterable[bytes],
        *,
        host: bytes = b"test",
    ) -> Reply:
        """Send a request byte by byte as given, and read until the connection is closed."""
        with socket.create_connection(self._address, timeout=HANGS_AFTER_SECONDS) as connection:
            try:
                connection.sendall(_head(request, headers, host))
                for part in parts:
                    connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                pass  # answered and closed before it had all: the answer is still to be read
            answer = _read(connection)
        return _parsed(answer)


def _head(request: str, headers: Iterable[tuple[bytes, bytes]], host: bytes = b"test") -> bytes:
    lines = [(b"host", host), (b"connection", b"close"), *headers]
    return (
        request.encode()
        + b" HTTP/1.1\r\n"
        + b"".join(b"%s: %s\r\n" % line for line in lines)
        + b"\r\n"
    )


def _read(connection: socket.socket) -> bytes:
    answer = b""
    try:
        while part := connection.recv(65536):
            answer += part
    except ConnectionResetError:
        pass  # closed with our bytes unread; what came before counts
    return answer


def _parsed(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 else 0
    return Reply(status, head.decode("latin-1").lower(), body)
