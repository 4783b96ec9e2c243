"""Serving an ASGI application that answers for both systems with canned answers.

These are no simulators and keep no books, so that mostly our own time is measured.
"""

import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec
import uvicorn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, Any, dict[str, str]]
"""Status, body (None: none), and more headers."""

TOKEN: Final = {"access_token": "bench", "expires_in": "3600", "token_type": "bearer"}


async def whole_body(receive: Receive) -> bytes:
    """Return the body of a request."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body", False):
            return body


async def reply(send: Send, answer: Answer) -> None:
    """Send an answer, as JSON."""
    status, value, more = answer
    content = b"" if value is None else msgspec.json.encode(value)
    headers = {"content-type": "application/json", **more}
    if value is not None:
        headers["content-length"] = str(len(content))
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content})


def row_page(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return the only page of a SuiteQL query's rows (netsuite.md section 4)."""
    return {
        "links": [],
        "count": len(rows),
        "hasMore": False,
        "items": [{"links": [], **row} for row in rows],
        "offset": 0,
        "totalResults": len(rows),
    }


def serve(application: Application) -> None:
    """Serve on the open socket whose descriptor is the argument, until SIGTERM."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
