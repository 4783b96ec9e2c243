"""The door of the simulator: one ASGI application with limits, sign-in and a call log."""

import logging
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from time import perf_counter
from typing import Final, cast
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_connector.sim.faults import FaultPlan
from ml_connector.sim.netsuite.books.books import TellsTime
from ml_connector.sim.netsuite.http.limits import Limits
from ml_connector.sim.netsuite.http.mishaps import Way, drop, play
from ml_connector.sim.netsuite.http.tokens import TOKEN_PATH
from ml_connector.sim.netsuite.values.messages import MAX_BODY, Answer, Request, answer_refusal
from ml_connector.sim.netsuite.values.refusal import (
    Refusal,
    invalid_request,
    unexpected,
)

_LOG: Final = logging.getLogger(__name__)

Handler = Callable[[Request], Answer]

CONTROL: Final = "/_sim"
KEPT_CALLS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was answered, or cut (status 0)."""

    at: datetime
    method: str
    path: str
    status: int
    seconds: float
    fault: str | None = None


@dataclass(slots=True)
class Gate:
    """Takes HTTP requests to the handlers.

    Attributes:
        server_time: for the ``Date`` header, which clients compare with their own clock (2.3).
        handle: answers a signed-in or token request; raises ``Refusal``.
        overloaded: the answer of a system that is overloaded but says 401.
        forget_token: revokes the request's token.
        crowded: the answer to a call beyond the limit.
    """

    clock: TellsTime
    server_time: Callable[[], datetime]
    limits: Limits
    faults: FaultPlan
    handle: Handler
    control: ASGIApp
    overloaded: Callable[[], Refusal]
    forget_token: Callable[[Request], None]
    crowded: Callable[[], Refusal]
    random: random.Random
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=KEPT_CALLS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI: lifespan, the control surface, or a call of the simulated system."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            await self.control(scope, receive, send)
            return
        await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, at = perf_counter(), self.clock.now()
        target = _target(scope)
        struck = self.faults.strike(scope["method"], target)
        counted = scope["path"] != TOKEN_PATH
        limits = self.limits
        crowded = counted and not limits.free
        if counted:
            limits.in_flight += 1
            limits.peak = max(limits.peak, limits.in_flight)
        is_noted = False

        def note(status: int) -> None:
            nonlocal is_noted
            if not is_noted:
                kind = struck.kind or "latency" if struck else None
                seconds = perf_counter() - began
                self.calls.append(Call(at, scope["method"], target, status, seconds, kind))
            is_noted = True

        way = self._way(note)
        try:
            body = await _body(receive)
            if body is None:
                return
            if crowded:
                limits.refused += 1
                await way.send(send, answer_refusal(self.crowded()))
            elif struck is None:
                await way.send(send, self._work(_request(scope, body)))
            else:
                await play(struck, _request(scope, body), receive, send, way=way)
        finally:
            if counted:
                limits.in_flight -= 1
            note(0)

    def _way(self, note: Callable[[int], None]) -> Way:
        return Way(
            work=self._work,
            send=partial(self._send, note),
            crowded=self.crowded,
            overloaded=self.overloaded,
            forget_token=self.forget_token,
            error_id=self._error_id,
        )

    async def _send(
        self, note: Callable[[int], None], send: Send, answer: Answer, *, cut_short: bool = False
    ) -> None:
        # Before it leaves: who has an answer finds its call among those that were answered.
        note(0 if cut_short else answer.status)
        date = format_datetime(self.server_time(), usegmt=True)
        _leave_date_to_us(send)
        await _send(send, answer, date, cut_short=cut_short)

    def _error_id(self) -> str:
        return "".join(self.random.choices("abcdefghijklmnopqrstuvwxyz", k=20))

    def _work(self, request: Request | Refusal) -> Answer:
        if isinstance(request, Refusal):
            return answer_refusal(request)
        try:
            return self.handle(request)
        except Refusal as refusal:
            return answer_refusal(refusal)
        except Exception:  # noqa: BLE001 - logged whole, and answered as NetSuite would
            # A bug of the simulator: the real system answers like this to a bug of its own.
            error_id = self._error_id()
            _LOG.exception("%s %s failed, error id %s", request.method, request.path, error_id)
            return answer_refusal(unexpected(error_id))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _target(scope: Scope) -> str:
    query = scope.get("query_string", b"")
    path = cast("str", scope["path"])
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _body(receive: Receive) -> bytes | None:
    """The whole body; ``None`` when the client went away."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not message.get("more_body"):
        return cast("bytes", message.get("body", b""))
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= MAX_BODY:
            parts.append(message.get("body", b""))
    return b"".join(parts) if size <= MAX_BODY else b""


def _request(scope: Scope, body: bytes) -> Request | Refusal:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(
        parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    )
    if int(headers.get("content-length") or 0) > MAX_BODY:
        return invalid_request("The request is larger than 104 MB.", status=413)
    host = headers.get("host", "localhost")
    return Request(
        scope["method"], scope["path"], query, headers, body, f"{scope['scheme']}://{host}"
    )


def _leave_date_to_us(send: Send) -> None:
    """Keep the server (uvicorn) from adding the real time beside the simulated one."""
    cycle = getattr(send, "__self__", None)
    defaults = getattr(cycle, "default_headers", None)
    if cycle is not None and isinstance(defaults, list):
        cycle.default_headers = [pair for pair in defaults if pair[0].lower() != b"date"]


async def _send(send: Send, answer: Answer, date: str, *, cut_short: bool = False) -> None:
    body = answer.body or (b"{}" if cut_short else b"")
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers.items()
    ]
    headers.append((b"date", date.encode("latin-1")))
    if body or answer.status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    status = 200 if cut_short and answer.status == 204 else answer.status  # noqa: PLR2004
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if cut_short:
        half: Message = {"type": "http.response.body", "body": body[: len(body) // 2]}
        await send({**half, "more_body": True})
        await drop(send)
        return
    await send({"type": "http.response.body", "body": body})
