"""Plays the faults of a plan on one call, before, during or after its work."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

from starlette.types import Receive, Send

from ml_connector.sim.faults import COMMITS, FaultKind, Struck
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_refusal
from ml_connector.sim.netsuite.values.refusal import Refusal, unexpected, user_error

_HTML: Final[dict[FaultKind, tuple[int, str]]] = {
    "bad_gateway": (502, "Bad Gateway"),
    "unavailable": (503, "Service Unavailable"),
    "gateway_timeout": (504, "Gateway Timeout"),
    "hang_before_commit": (504, "Gateway Timeout"),
}


class Sends(Protocol):
    """Sends an answer, whole or cut short."""

    async def __call__(self, send: Send, answer: Answer, *, cut_short: bool = False) -> None:
        """Send it."""


@dataclass(frozen=True, slots=True)
class Way:
    """What the gate does with a call, for a fault to come between.

    Attributes:
        work: does the work and answers.
        crowded: the refusal of too many calls at once.
        overloaded: the answer of a system that is overloaded but says 401.
        forget_token: revokes the request's token.
        error_id: of a 500.
    """

    work: Callable[[Request | Refusal], Answer]
    send: Sends
    crowded: Callable[[], Refusal]
    overloaded: Callable[[], Refusal]
    forget_token: Callable[[Request], None]
    error_id: Callable[[], str]


async def play(
    struck: Struck, request: Request | Refusal, receive: Receive, send: Send, *, way: Way
) -> None:
    """Let one call suffer what the plan says."""
    if struck.latency:
        await asyncio.sleep(struck.latency)
    kind = struck.kind
    if kind == "token_revoked" and isinstance(request, Request):
        way.forget_token(request)
        kind = None
    answer = way.work(request) if kind is None or kind in COMMITS else _refused(struck, way)
    if kind in ("hang_before_commit", "hang_after_commit"):
        await asyncio.sleep(struck.hang)
    if kind in ("cut_before_commit", "cut_after_commit"):
        await _cut(receive, send)
        return
    if kind == "error_after_commit":
        answer = answer_refusal(unexpected(way.error_id()))
    if kind == "gateway_timeout":
        answer = _html(*_HTML["gateway_timeout"])
    if struck.alters:
        answer = replace(answer, body=struck.altered(answer.body))
    await way.send(send, answer, cut_short=kind == "truncated")


def _refused(struck: Struck, way: Way) -> Answer:
    kind = struck.kind
    if kind in _HTML:
        return _html(*_HTML[kind])
    if kind == "rate_limited":
        return answer_refusal(way.crowded())
    if kind == "rate_limited_400":
        return answer_refusal(
            Refusal(
                400,
                "CONCURRENCY_LIMIT_EXCEEDED",
                "Concurrent request limit exceeded. Request blocked. Verify your concurrency "
                "limits at Setup > Integration > Integration Management > Integration "
                "Governance.",
            )
        )
    if kind == "overload_login":
        return answer_refusal(way.overloaded())
    if kind == "record_changed":
        return answer_refusal(user_error("Record has been changed"))
    return answer_refusal(unexpected(way.error_id()))


def _html(status: int, title: str) -> Answer:
    page = (
        f"<html><head><title>{status} {title}</title></head><body><h1>{title}</h1></body></html>"
    )
    return Answer(status, page.encode(), {"content-type": "text/html"})


async def drop(send: Send) -> None:
    """Cut the TCP connection, where the server lets us reach it (uvicorn does)."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
        await asyncio.sleep(0)


async def _cut(receive: Receive, send: Send) -> None:
    """End the connection without an answer."""
    if getattr(getattr(send, "__self__", None), "transport", None) is None:
        raise ConnectionResetError("The simulator cut this connection.")
    await drop(send)
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            while (await receive())["type"] != "http.disconnect":
                pass
