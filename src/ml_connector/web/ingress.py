"""The webhook endpoint: verify the raw bytes, store them, answer. The work is done later.

ShipBob waits 15 seconds and counts any 2xx as delivered (shipbob.md section 7.5), so the
answer comes after the commit and before any work.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, Protocol

import msgspec
import psycopg
import structlog
from prometheus_client import Counter, Histogram

from ml_connector.config.log_counts import LogCounts
from ml_connector.engine.flow import Flow
from ml_connector.ledger.inbox.inbox import Arrival, TakenIn
from ml_connector.ledger.inbox.subjects import SubjectRef
from ml_connector.shipbob.webhooks.signature import SignatureRefused, Verified, verify
from ml_connector.storage.database import DatabaseAway
from ml_connector.transport.http.byte_order_mark import unmarked
from ml_connector.web.endpoints import Endpoint, Endpoints
from ml_connector.web.refusals import Refusals
from ml_connector.words import Cause

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

WEBHOOKS: Final = "/webhooks/shipbob/"
"""The route, to be followed by the name of a connection and nothing else."""

MOST_BYTES: Final = 1024 * 1024

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

# Well before ShipBob gives up waiting. A delivery that is stored after that comes again and is a
# duplicate, which does no harm.
_STORAGE_SECONDS: Final = 4.0

# Stored with the event. The other headers come from proxies and may hold addresses.
_KEPT_HEADERS: Final = frozenset(
    {
        "webhook-id",
        "webhook-timestamp",
        "svix-id",
        "svix-timestamp",
        "x-webhook-topic",
        "content-type",
        "user-agent",
    }
)

_SEND_AGAIN: Final = "Send it again later."
_FAILED: Final = "The event could not be stored: a fault of this service"

# What a delivery is refused for that may be signed with a secret which can't be opened.
_PERHAPS_OF_ANOTHER: Final = frozenset({"no_secret", "wrong_signature"})

# Read-only since it takes over from another, for instance, is an internal error to the driver.
_AWAY: Final = (DatabaseAway, psycopg.OperationalError, psycopg.InternalError, TimeoutError)

_log = structlog.get_logger("ingress")
_counts: Final = LogCounts(_log)

ANSWERS: Final = Counter("mlc_webhooks", "Webhook requests, by answer.", ["answer"])
ACK_SECONDS: Final = Histogram(
    "mlc_webhook_ack_seconds",
    "Seconds from a webhook's last byte until the answer.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)


class RefusedDelivery(Exception):
    """A request that is not answered with 200.

    Attributes:
        connection: whose it is, where there is such a connection; a stranger's words are not
            told apart in the log.
    """

    def __init__(self, status: int, error: str, hint: str = "", *, connection: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.hint = hint
        self.connection = connection


class TakesIn(Protocol):
    """Where verified deliveries go."""

    async def accept(self, arrival: Arrival) -> TakenIn:
        """Return after the delivery is on disk."""
        ...


class Ingress:
    """``POST /webhooks/shipbob/{connection}`` as a plain ASGI application.

    Args:
        endpoints: the connections and their secrets.
        intake: stores verified deliveries.
        flows_by_topic: the flow of each topic; deliveries of other topics are stored as
            ignored, and so are those of a flow that is off for the connection.
        refusals: counts wrong signatures.
        clock: Unix time.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        intake: TakesIn,
        flows_by_topic: Mapping[str, Flow],
        refusals: Refusals,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoints = endpoints
        self._intake = intake
        self._flows_by_topic = flows_by_topic
        self._refusals = refusals
        self._clock = clock
        self._under_way: set[asyncio.Future[dict[str, Any]]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = scope["path"].removeprefix(WEBHOOKS)
        began = time.perf_counter()
        try:
            status, answer = 200, await self._take(name, scope, receive)
            word = str(answer["status"])
        except RefusedDelivery as refusal:
            status, answer = refusal.status, {"error": str(refusal), "hint": refusal.hint}
            word = str(status)
            _counts.note(
                "webhook_refused",
                (status, str(refusal), refusal.connection),
                connection=refusal.connection,
                status=status,
                reason=str(refusal),
                because=_because(refusal),
            )
        except Exception as error:  # noqa: BLE001 - whatever it was: answered, counted and logged
            status, answer, word = 500, {"error": _FAILED, "hint": _SEND_AGAIN}, "500"
            if _counts.note("webhook_failed", type(error).__name__, reason=type(error).__name__):
                _log.exception("webhook_failed", connection=name[:60])
        ANSWERS.labels(word).inc()
        ACK_SECONDS.observe(time.perf_counter() - began)
        await _answer(send, status, answer)

    async def _take(self, name: str, scope: Scope, receive: Receive) -> dict[str, Any]:
        if not _NAME.fullmatch(name):
            raise _unknown()
        if scope["method"] != "POST":
            raise RefusedDelivery(405, "Only POST is answered here")
        headers = _headers(scope)
        body = await _body(headers, receive)
        try:
            return await self._in_time(self._store(name, headers, body))
        except _AWAY as error:
            # Also where it was not verified, which takes the database as well.
            if self._endpoints.knows(name):
                self._refusals.note(name, "not_stored", headers)
            raise RefusedDelivery(
                503, "The event can't be stored just now", _SEND_AGAIN
            ) from error

    async def _in_time(self, storing: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
        """Wait for the storage, but not for longer than the sender should.

        What is under way goes on by itself: it shares a commit with others, and ends with that.

        Raises:
            TimeoutError: it was not over in time.
        """
        task = asyncio.ensure_future(storing)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait([task], timeout=_STORAGE_SECONDS)
        if not task.done():
            raise TimeoutError
        return task.result()

    def _ended(self, task: asyncio.Future[dict[str, Any]]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # told to who waited; that nobody does any more is no fault

    async def _store(self, name: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        endpoint = await self._endpoints.find(name)
        if endpoint is None:
            raise _unknown()
        verified = await self._verified(endpoint, headers, body)
        try:
            msgspec.json.decode(unmarked(body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._refusals.note(endpoint.connection, "not_json", headers, sample=body)
            raise RefusedDelivery(
                400, "The body is not JSON", "Send the event as UTF-8 JSON."
            ) from None
        taken = await self._intake.accept(self._arrival(endpoint, headers, body, verified))
        return {"id": taken.event_id, "status": "accepted" if taken.new else "duplicate"}

    async def _verified(
        self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes
    ) -> Verified:
        try:
            return verify(headers, body, endpoint.secrets, now=self._clock())
        except SignatureRefused as refusal:
            refused = refusal
        # The secret may have been rotated a moment ago, by another process.
        anew = await self._endpoints.find_anew(endpoint.connection) or endpoint
        if anew.secrets != endpoint.secrets:
            try:
                return verify(headers, body, anew.secrets, now=self._clock())
            except SignatureRefused as refusal:
                refused = refusal
        if anew.unusable and refused.reason in _PERHAPS_OF_ANOTHER:
            self._refusals.note(endpoint.connection, "secrets_unusable", headers)
            raise RefusedDelivery(
                503,
                "This connection's webhook secrets can't be used",
                _SEND_AGAIN,
                connection=endpoint.connection,
            ) from refused
        self._refusals.note(
            endpoint.connection,
            refused.reason,
            headers,
            clock_offset_seconds=refused.clock_offset_seconds,
        )
        raise RefusedDelivery(
            401, f"The signature is refused: {refused}", connection=endpoint.connection
        ) from refused

    def _arrival(
        self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes, verified: Verified
    ) -> Arrival:
        topic = _without_zeros(headers.get("x-webhook-topic", "")).strip()[:200]
        arrival = Arrival(
            connection=endpoint.connection,
            source="webhook",
            delivery_id=verified.webhook_id,
            topic=topic or "(none)",
            subject=None,
            status="ignored",
            headers={
                name: _without_zeros(value)
                for name, value in headers.items()
                if name in _KEPT_HEADERS
            },
            body=body,
            sent_at=verified.sent_at,
        )
        flow = self._flows_by_topic.get(topic)
        if flow is None or flow.is_off(endpoint.flows_off):
            return arrival
        key = flow.key_of(topic, body)
        if key is None:
            return replace(
                arrival,
                status="dead",
                cause=Cause.EVENT_UNREADABLE,
                sentence=f"The {topic} webhook does not say what it is about",
                remedy="The next sweep finds what has changed; report the body's shape.",
            )
        return replace(
            arrival,
            status="received",
            subject=SubjectRef(endpoint.connection, flow.name, key),
            within=flow.within_of(topic, body),
        )


def _because(refusal: RefusedDelivery) -> str | None:
    """Return why a delivery could not be stored; None where the sender is at fault."""
    if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    cause = refusal.__cause__
    if isinstance(cause, TimeoutError) and not str(cause):
        return f"the database did not answer in {_STORAGE_SECONDS:.0f} s"
    return str(cause) or type(cause).__name__


def _without_zeros(text: str) -> str:
    """Return a text as the database can keep it."""
    return text.replace("\0", "")


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; of a repeated header the first value."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > MOST_BYTES:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedDelivery(400, "The request was cut off")
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _unknown() -> RefusedDelivery:
    return RefusedDelivery(404, "There is no such connection", "Check the URL's last part.")


def _too_large() -> RefusedDelivery:
    return RefusedDelivery(413, "The body is larger than 1 MiB")


async def _answer(send: Send, status: int, answer: Mapping[str, Any]) -> None:
    body = msgspec.json.encode(answer)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # the rest is not read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
