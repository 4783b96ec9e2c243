"""Plays the faults of a plan on one call, before, during or after its work."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_connector.sim.faults import NETSUITES_OWN, Struck
from ml_connector.sim.server import cut_connection
from ml_connector.sim.shipbob.http.answers import Answer, rate_limited

_HTML = "text/html; charset=utf-8"

_EDGE_PAGES = {
    502: "<html><body><h1>502 Bad Gateway</h1><hr>cloudflare</body></html>",
    503: "<html><body><h1>503 Service Unavailable</h1></body></html>",
    504: "<html><body><h1>504 Gateway Time-out</h1><hr>cloudflare</body></html>",
}

RETRY_AFTER_SECONDS = 1
"""What a made-up 429 asks for."""


def _edge(status: int) -> Answer:
    return Answer(status, _EDGE_PAGES[status].encode(), media_type=_HTML)


_SERVER_ERROR = Answer(
    500, {"title": "Internal Server Error", "status": 500, "detail": "An error occurred."}
)

_INSTEAD = {
    "error_before_commit": _SERVER_ERROR,
    "rate_limited": rate_limited(RETRY_AFTER_SECONDS),
    "overload_login": Answer(401),
    "bad_gateway": _edge(502),
    "unavailable": _edge(503),
}
"""Nothing is done; this is answered."""

_AFTERWARDS = {"error_after_commit": _SERVER_ERROR, "gateway_timeout": _edge(504)}
"""The work is done; this is answered."""


async def play(
    struck: Struck,
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    revoke: Callable[[Scope], None],
    note: Callable[[], None],
) -> None:
    """Let one call suffer what the plan says.

    Args:
        struck: what happens.
        app: does the work.
        scope: of the call.
        receive: of the call.
        send: of the call.
        revoke: makes the call's token stop working for good.
        note: writes down a call whose work is not done, before it is answered.
    """
    await asyncio.sleep(struck.latency)
    kind = struck.kind
    if kind == "token_revoked":
        revoke(scope)
    if kind is None or kind == "token_revoked" or kind in NETSUITES_OWN:
        await app(scope, receive, send)
    elif kind in _INSTEAD:
        note()
        await _answer(_INSTEAD[kind], send)
    elif kind == "hang_before_commit":
        await asyncio.sleep(struck.hang)
        note()
        await _answer(_edge(504), send)
    elif kind == "cut_before_commit":
        await cut_connection(receive, send)
    else:
        await _after_commit(struck, app, scope, receive, send)


async def _after_commit(
    struck: Struck, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    kept: list[Message] = []
    await app(scope, receive, _keeper(kept))
    kind = struck.kind
    if kind in _AFTERWARDS:
        await _answer(_AFTERWARDS[kind], send)
    elif kind == "cut_after_commit":
        await cut_connection(receive, send)
    elif kind == "truncated":
        for message in kept:
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2], "more_body": True})
        await cut_connection(receive, send)
    elif struck.alters:
        for message in _altered(kept, struck):
            await send(message)
    else:
        await asyncio.sleep(struck.hang)
        for message in kept:
            await send(message)


def _altered(kept: list[Message], struck: Struck) -> list[Message]:
    """Return the same answer as the fault lets it be sent."""
    start, *bodies = kept
    body = struck.altered(b"".join(one.get("body", b"") for one in bodies))
    others = [one for one in start["headers"] if one[0].lower() != b"content-length"]
    length = (b"content-length", str(len(body)).encode())
    return [{**start, "headers": [*others, length]}, {"type": "http.response.body", "body": body}]


def _keeper(kept: list[Message]) -> Callable[[Message], Awaitable[None]]:
    async def keep(message: Message) -> None:
        kept.append(message)

    return keep


async def _answer(answer: Answer, send: Send) -> None:
    content = answer.content()
    headers = {**answer.headers, "content-length": str(len(content))}
    if content:
        headers["content-type"] = answer.media_type
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content})
