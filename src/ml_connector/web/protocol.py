"""HTTP over one connection, within bounds: uvicorn's protocol has none.

Without them a stranger could keep a connection for ever with half a request, fill the memory
with one endless header, and take every connection that there is.
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from prometheus_client import Counter
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from ml_connector.config.log_counts import LogCounts
from ml_connector.web.bounds import Occupancy

REFUSED: Final = Counter(
    "mlc_http_refused", "Requests and connections that were refused unread, by reason.", ["reason"]
)

_REASONS: Final[dict[str, tuple[int, str]]] = {
    "head_too_large": (431, "The request line and the headers are too large"),
    "too_many_headers": (431, "There are too many headers"),
    "too_slow": (408, "The request did not come whole in time"),
    "too_many_connections": (503, "There are too many connections"),
    "too_many_of_one_address": (503, "There are too many connections from this address"),
    "too_much_at_once": (503, "Too much waits to be answered"),
    "too_many_pipelined": (503, "Too many requests wait for the answer to an earlier one"),
    "not_http": (400, "This is no HTTP request"),
}
"""Status and sentence of each refusal."""

_AGAIN: Final = "Send it again later."

# Of the line that ends each header, and the colon and space within it.
_HEADER_EXTRA: Final = 4

# Two line ends and a length in hexadecimal digits.
_CHUNK_EXTRA: Final = 8

_log = structlog.get_logger("http")
_counts: Final = LogCounts(_log)


class Bounded(Exception):
    """The parser is to stop here: the request goes beyond a bound."""


def bounded_protocol(occupancy: Occupancy) -> type[HttpToolsProtocol]:
    """Return the class of connections that keep within bounds, for uvicorn to make."""

    class OfThisProcess(BoundedProtocol):
        def __init__(
            self,
            config: Config,
            server_state: ServerState,
            app_state: dict[str, Any],
            _loop: AbstractEventLoop | None = None,
        ) -> None:
            super().__init__(config, server_state, app_state, _loop, occupancy=occupancy)

    return OfThisProcess


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    A request's clock runs from its first byte, or from the connection's beginning, until its
    last; after that another one until it is answered.

    Args:
        occupancy: what all connections of this process take together.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        occupancy: Occupancy,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._occupancy = occupancy
        self._bounds = occupancy.bounds
        self._timer: TimerHandle | None = None
        self._receiving = False  # some byte of a request has come, and not its last
        self._in_head = False
        self._head_bytes = 0  # of what the parser has told, trailers included
        self._fed_bytes = 0  # of the request, to the parser
        self._told_bytes = 0  # of those, by the parser
        self._headers = 0
        self._held_bytes = 0
        self._over = False  # refused: nothing is read any more

    # The connection.

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Let a connection in, or refuse it."""
        super().connection_made(transport)
        refused = self._occupancy.enter(self._address())
        if refused is not None:
            self._refuse(refused, linger=False)
            return
        self._start_clock(self._bounds.request_seconds, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what the connection took."""
        self._stop_clock()
        self._release()
        self._occupancy.leave(self._address())
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Close when the sender has nothing more to say and was refused."""
        if self._over:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Parse what came, within bounds."""
        if self._over:
            return
        if not self._receiving:
            self._begin_request()
        self._fed_bytes += len(data)
        super().data_received(data)  # parses it; a refusal of ours comes back as a 400
        self._judge_fed()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser did not take, or what went beyond a bound while it parsed."""
        del msg
        if not self._over:
            self._refuse("not_http")

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        if not self._receiving:  # another one within the same bytes
            self._begin_request()
        self._in_head, self._headers, self._head_bytes = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer, which comes after the body."""
        self._headers += 1
        if self._headers > self._bounds.headers:
            self._stop("too_many_headers")
        self._count_head(len(name) + len(value) + _HEADER_EXTRA)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request over to the application."""
        self._in_head = False
        super().on_headers_complete()
        if len(self.pipeline) > self._bounds.pipelined:
            self._stop("too_many_pipelined")

    def on_chunk_header(self) -> None:
        """Count what stands around a chunk of the body."""
        self._told_bytes += _CHUNK_EXTRA

    def on_body(self, body: bytes) -> None:
        """Count a part of the body: it waits in memory until the request is answered."""
        self._told_bytes += len(body)
        if not self.cycle.response_complete:
            self._held_bytes += len(body)
            if not self._occupancy.hold(len(body)):
                self._stop("too_much_at_once")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the answer from now on."""
        self._receiving, self._fed_bytes, self._told_bytes = False, 0, 0
        if self.cycle.response_complete:  # answered before it was read to its end
            self._start_clock(self.timeout_keep_alive, self._cut)
        else:
            self._start_clock(self._bounds.exchange_seconds, self._cut)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give back what the request took."""
        self._release()
        if not self._receiving and not self.pipeline:
            self._stop_clock()
        super().on_response_complete()
        if self._timer is None and self.transport.get_write_buffer_size():
            self._start_clock(self._bounds.exchange_seconds, self._cut_unread)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle, also one whose last answer nobody reads."""
        self._cut()

    # Bounds.

    def _judge_fed(self) -> None:
        """Refuse what the parser swallows without ever telling: an endless line."""
        swallowed = self._fed_bytes - (0 if self._in_head else self._told_bytes)
        if not self._over and swallowed > self._bounds.head_bytes:
            self._refuse("head_too_large")

    def _begin_request(self) -> None:
        self._receiving, self._fed_bytes, self._told_bytes = True, 0, 0
        self._start_clock(self._bounds.request_seconds, self._too_slow)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        self._told_bytes += size
        if self._head_bytes > self._bounds.head_bytes:
            self._stop("head_too_large")

    def _too_slow(self) -> None:
        self._refuse("too_slow")

    def _cut_unread(self) -> None:
        """Cut a connection whose last answer nobody reads."""
        if self.transport.get_write_buffer_size():
            self._cut()

    def _cut(self) -> None:
        """Cut a connection on which nothing comes, or whose answer takes for ever."""
        self._over = True
        self._hang_up()
        self.transport.abort()

    def _stop(self, reason: str) -> None:
        """Refuse from within the parser, which must not go on."""
        self._refuse(reason)
        raise Bounded(reason)

    def _refuse(self, reason: str, *, linger: bool = True) -> None:
        """Answer with a refusal if nothing was answered yet, and take nothing more."""
        self._over = True
        REFUSED.labels(reason).inc()
        status, sentence = _REASONS[reason]
        _counts.note("http_refused", reason, status=status, reason=sentence)
        may_answer = self._may_answer()
        self._hang_up()
        if may_answer:
            self.transport.write(_answer(status, sentence))
        if may_answer and linger and self.transport.can_write_eof():
            # To close with bytes unread would reset the connection, and take the answer along.
            self.flow.resume_reading()
            self.transport.write_eof()
        else:
            self.transport.close()
        self._start_clock(self._bounds.linger_seconds, self.transport.abort)

    def _may_answer(self) -> bool:
        """Whether an answer of ours would be to the request that is being received."""
        if self.transport.is_closing() or self.pipeline:
            return False
        cycle = self._cycle()
        if cycle is None:
            return True
        if cycle.response_complete:
            return self._in_head
        return cycle.more_body and not cycle.response_started and not self._in_head

    def _cycle(self) -> RequestResponseCycle | None:
        """Return the newest request that was handed over; None before the first one."""
        return self.cycle

    def _hang_up(self) -> None:
        """Let the application see that the sender is gone."""
        self._stop_clock()
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        cycle = self._cycle()
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            self.flow.resume_writing()
        self._release()

    def _release(self) -> None:
        self._occupancy.release(self._held_bytes)
        self._held_bytes = 0

    def _address(self) -> str | None:
        return self.client[0] if self.client else None

    def _start_clock(self, seconds: float, then: Callable[[], object]) -> None:
        self._stop_clock()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _answer(status: int, sentence: str) -> bytes:
    body = msgspec.json.encode({"error": sentence, "hint": _AGAIN})
    return (
        STATUS_LINE[status]
        + b"content-type: application/json\r\n"
        + b"content-length: %d\r\n" % len(body)
        + b"connection: close\r\n\r\n"
        + body
    )
