"""The API's front door: versions, tokens, the rate limit, scopes and channels.

Each request passes the same steps in the same order, and leaves a line in ``calls``.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from math import ceil
from threading import RLock

import msgspec
from starlette.applications import Starlette
from starlette.convertors import CONVERTOR_TYPES, Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from ml_connector.sim.clock import Clock
from ml_connector.sim.faults import FaultPlan
from ml_connector.sim.readings import Readings
from ml_connector.sim.readings.shipbob_rules import BILLING_READ, CHANNEL_HEADER
from ml_connector.sim.shipbob.books.access import Access, Caller
from ml_connector.sim.shipbob.http.answers import Answer, Refusal, empty, rate_limited
from ml_connector.sim.shipbob.http.call import BadValueError, Call, Query
from ml_connector.sim.shipbob.http.endpoint import Endpoint
from ml_connector.sim.shipbob.http.limit_headers import with_limit_headers
from ml_connector.sim.shipbob.http.mishaps import play
from ml_connector.sim.shipbob.http.page_faces import PageFaces
from ml_connector.sim.shipbob.values.faces import Faces
from ml_connector.sim.shipbob.values.limit import Limit

CALLS_KEPT = 100_000
CONTROL = "/_sim"

_NOTED_HEADERS = frozenset(
    {b"shipbob_channel_id", b"user-agent", b"content-type", b"x-correlation-id"}
)


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a client, for tests and the control page. Never holds a token.

    ``status`` is that of the work that was done; 0 when a fault kept it from being done.
    """

    at: datetime
    method: str
    path: str
    query: str
    status: int
    headers: dict[str, str]
    application: str


class PathKey(Convertor[str]):
    """A path value: all up to the next slash, or up to the action of a route that has one.

    A colon in it is part of the value, so that ``/product/a:b`` is a product nobody knows and
    is answered as one, and no path without a route.
    """

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The value as it stands in the path."""
        return value

    def to_string(self, value: str) -> str:
        """The value as it goes into a path."""
        return value


if "key" not in CONVERTOR_TYPES:
    register_url_convertor("key", PathKey())


class Gate:
    """The API as an ASGI application.

    Attributes:
        calls: what clients asked, oldest first.
        faults: what goes wrong, for which calls.
        login_redirect: unauthenticated calls get a 302 to this address instead of a 401 (3.2).
    """

    def __init__(
        self,
        *,
        access: Access,
        limit: Limit,
        clock: Clock,
        lock: RLock,
        endpoints: Sequence[Endpoint],
        control: Sequence[BaseRoute],
        lifespan: Lifespan[Starlette],
        faults: FaultPlan,
        before_each: Callable[[], None],
        readings: Readings,
    ) -> None:
        self._access = access
        self._limit = limit
        self._clock = clock
        self._lock = lock
        self.calls: deque[CallRecord] = deque(maxlen=CALLS_KEPT)
        self.login_redirect: str | None = None
        self.faults = faults
        self._before_each = before_each
        self._readings = readings
        self._faces = Faces(readings)
        self._page_faces = PageFaces(readings)
        routes = [
            Route(f"/{{version}}{each.path}", self._serve(each), methods=[each.method])
            # Actions first: /shipment/{id} would take 5:cancel for an id.
            for each in sorted(endpoints, key=lambda each: not each.is_action)
        ]
        # The control surface first: its name could be a version, whose list of invoices it hid.
        app = Starlette(routes=[*control, *routes], lifespan=lifespan)
        app.router.redirect_slashes = False
        self._app: ASGIApp = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; paths are case-insensitive, as they are on ShipBob's servers."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        noted: dict[str, object] = {"status": 500, "application": "", "is_open": True}
        scope["noted"] = noted
        scope["written_path"] = scope["path"]
        scope["path"] = scope["path"].lower().rstrip("/")
        send = with_limit_headers(self._readings, send)
        query = scope["query_string"].decode("latin-1")
        path = f"{scope['written_path']}?{query}" if query else scope["written_path"]
        struck = self.faults.strike(scope["method"], path)
        try:
            if struck is None:
                await self._noting(scope, receive, send)
            else:
                noted["status"] = 0
                note = partial(self._note, scope)
                await play(
                    struck, self._noting, scope, receive, send, revoke=self._revoke, note=note
                )
        finally:
            self._note(scope)

    async def _noting(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and note the status of the work that was done."""

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["noted"]["status"] = message["status"]
                self._note(scope)
            await send(message)

        await self._app(scope, receive, note_status)

    def _revoke(self, scope: Scope) -> None:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        with self._lock:
            self._access.revoke_token(header.partition(" ")[2].strip())

    def _serve(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            raw_body = await request.body()
            with self._lock:
                return self._respond(endpoint, request, raw_body)

        return serve

    def _respond(self, endpoint: Endpoint, request: Request, raw_body: bytes) -> Response:
        headers: dict[str, str] = {}
        try:
            answer = self._answer(endpoint, request, raw_body, headers)
        except Refusal as refusal:
            answer = refusal.answer
        except BadValueError as bad:
            answer = endpoint.bad_value({bad.field: [bad.text]}).answer
        content = answer.content()
        response = Response(content, answer.status, {**headers, **answer.headers})
        if content:
            response.headers["content-type"] = answer.media_type
        return response

    def _answer(
        self, endpoint: Endpoint, request: Request, raw_body: bytes, headers: dict[str, str]
    ) -> Answer:
        version = request.path_params["version"]
        if version not in endpoint.versions:
            raise empty(404)
        now = self._clock.now()
        caller = self._caller(endpoint, request, now)
        request.scope["noted"]["application"] = caller.application
        wait = self._limit.take(caller.application, now)
        if wait is not None:
            return rate_limited(max(ceil(wait.total_seconds() / (self._clock.speed or 1)), 1))
        headers["x-remaining-calls"] = str(self._limit.remaining(caller.application, now))
        if endpoint.scopes and self._scopes(caller).isdisjoint(endpoint.scopes):
            raise endpoint.refuse(403, f"The scope {endpoint.scopes[0]} is missing.")
        written: str = request.scope["written_path"]
        ids = {
            name: written_value(written, value)
            for name, value in request.path_params.items()
            if name != "version"
        }
        self._before_each()
        call = self._page_faces.asked(
            Call(
                version=version,
                path=written[len(version) + 1 :],
                ids=ids,
                query=Query(request.url.query),
                raw_body=raw_body,
                caller=caller,
                channel_id=self._channel(endpoint, request, caller),
                base_url=f"{request.url.scheme}://{request.url.netloc}",
            )
        )
        answer = self._page_faces.dressed(call, endpoint.handler(call))
        return msgspec.structs.replace(answer, body=self._faces.dressed(answer.body))

    def _caller(self, endpoint: Endpoint, request: Request, now: datetime) -> Caller:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        caller = self._access.caller(token.strip(), now) if kind.lower() == "bearer" else None
        if caller is not None:
            return caller
        if self.login_redirect:
            raise Refusal(Answer(302, None, {"location": self.login_redirect}))
        raise endpoint.refuse(401, "The access token is missing, wrong or expired.")

    def _scopes(self, caller: Caller) -> frozenset[str]:
        refused = {"billing_read"} if self._readings[BILLING_READ] == "refused" else set()
        return caller.scopes - refused

    def _channel(self, endpoint: Endpoint, request: Request, caller: Caller) -> int | None:
        """The channel header, by the rules of 3.3 and 3.4."""
        text = request.headers.get("shipbob_channel_id")
        if endpoint.channel == "ignored":
            if text is not None and self._readings[CHANNEL_HEADER] == "refused":
                raise endpoint.bad_value({"shipbob_channel_id": ["The header is unknown here."]})
            return None
        if text is None:
            if endpoint.channel == "required":
                raise endpoint.bad_value({"shipbob_channel_id": ["The header is required."]})
            return None
        try:
            channel_id = int(text)
        except ValueError:
            raise endpoint.bad_value({"shipbob_channel_id": ["The value is not valid."]}) from None
        if endpoint.channel == "required" and channel_id != caller.channel.id:
            raise endpoint.refuse(403, "An application writes only to its own channel.")
        return channel_id

    def _note(self, scope: Scope) -> None:
        """Write a call down, once, before its answer leaves: who has that finds it here."""
        noted: dict[str, object] = scope["noted"]
        if noted.pop("is_open", None) is None:
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _NOTED_HEADERS
        }
        status = noted["status"]
        self.calls.append(
            CallRecord(
                at=self._clock.now(),
                method=scope["method"],
                path=scope["written_path"],
                query=scope["query_string"].decode("latin-1"),
                status=status if isinstance(status, int) else 500,
                headers=headers,
                application=str(noted["application"]),
            )
        )


def written_value(path: str, lowered: str) -> str:
    """A path value with the case that the client wrote."""
    start = path.lower().rfind(lowered)
    return path[start : start + len(lowered)]
