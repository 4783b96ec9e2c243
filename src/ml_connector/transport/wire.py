"""One request over the network and its whole answer, or a clear failure."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import httpcore2
import httpx2

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.transport.call import Answer, Call, Patience
from ml_connector.transport.guard import GuardedNetwork, is_encrypted_or_local, split_address
from ml_connector.words import Cause, System

MOST_BODY_BYTES: Final = 64 * 1024 * 1024

_MOST_CONNECTIONS: Final = 100
_MOST_IDLE_CONNECTIONS: Final = 20
# Shorter than what servers and proxies commonly allow, so that a write is never sent on a
# connection that the other side is just closing.
_IDLE_SECONDS: Final = 15.0

SYSTEM_NAMES: Final[Mapping[System, str]] = {"netsuite": "NetSuite", "shipbob": "ShipBob"}


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Seconds that calls may take, by kind: a bound on the whole call after its wait in a queue.

    Attributes:
        connect: to open a connection, within the time of the whole call.
        token: a renewal of a token.
        read: one record or page.
        query: SuiteQL and other slow reads.
        write: a create, transform or patch.
    """

    connect: float = 5.0
    token: float = 30.0
    read: float = 30.0
    query: float = 120.0
    write: float = 60.0

    def of(self, patience: Patience) -> float:
        """Seconds for the whole of such a call."""
        match patience:
            case Patience.TOKEN:
                return self.token
            case Patience.READ:
                return self.read
            case Patience.QUERY:
                return self.query
            case Patience.WRITE:
                return self.write

    @property
    def longest(self) -> float:
        """Seconds of the longest call."""
        return max(self.of(patience) for patience in Patience)


class NetworkFailure(Exception):
    """No answer came.

    Attributes:
        failure: what it means to the caller.
        before_sending: not one byte of the request had left.
        repeatable: another try may help.
    """

    def __init__(
        self, failure: ConnectorError, *, before_sending: bool, repeatable: bool = True
    ) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.before_sending = before_sending
        self.repeatable = repeatable


class Wire:
    """The HTTP client proper: HTTP/1.1, no redirects, no cookies, nothing from the environment."""

    def __init__(self, *, timeouts: Timeouts, user_agent: str) -> None:
        self._timeouts = timeouts
        # At these levels the libraries would log addresses and headers, tokens included.
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # Requests and answers of httpx2 without its client: nothing here may follow a redirect,
        # sign in by itself, or keep a cookie, which must never travel to another account.
        self._pool = _Pool()
        self._headers = {
            "user-agent": user_agent,
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
        }

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.__aexit__(None, None, None)

    async def exchange(self, call: Call) -> Answer:
        """Send the call once and read the whole answer, whatever its status.

        Raises:
            NetworkFailure: no whole answer came within the time of such a call.
        """
        _check_target(call)
        seconds = self._timeouts.of(call.patience)
        progress = _Progress()
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                status, headers, body = await self._exchange(call, seconds, progress)
        except TimeoutError as error:
            raise progress.failure(call, f"did not answer within {seconds:g} s") from error
        except (httpx2.RequestError, OSError, *_CORE_ERRORS) as error:
            raise progress.failure(call, _in_words(error)) from error
        except NeedsHuman as error:
            raise NetworkFailure(error, before_sending=True, repeatable=False) from error
        return Answer(status=status, headers=headers, body=body, seconds=time.monotonic() - began)

    async def _exchange(
        self, call: Call, seconds: float, progress: "_Progress"
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = httpx2.Headers(self._headers)
        headers.update(call.headers)
        timeouts = dict.fromkeys(("read", "write", "pool"), seconds)
        timeouts["connect"] = min(seconds, self._timeouts.connect)
        request = httpx2.Request(
            call.method,
            call.url,
            headers=headers,
            content=call.body,
            extensions={"trace": progress.trace, "timeout": timeouts},
        )
        response = await self._pool.handle_async_request(request)
        try:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MOST_BODY_BYTES:
                    raise progress.failure(
                        call, f"sent more than {MOST_BODY_BYTES >> 20} MiB", repeatable=False
                    )
        finally:
            await response.aclose()
        answered = {name.lower(): value for name, value in response.headers.items()}
        return response.status_code, answered, bytes(body)


class _Progress:
    """Whether any of the request has left."""

    def __init__(self) -> None:
        self._sending = False

    async def trace(self, event: str, _: Mapping[str, object]) -> None:
        if event == "http11.send_request_headers.started":
            self._sending = True

    def failure(self, call: Call, what: str, *, repeatable: bool = True) -> NetworkFailure:
        return NetworkFailure(
            Retryable(
                f"{SYSTEM_NAMES[call.system]} {what} ({call.operation})",
                outcome_unknown=self._sending,
            ),
            before_sending=not self._sending,
            repeatable=repeatable,
        )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, read once in a process: the list of authorities takes long to read."""
    return httpx2.create_ssl_context(trust_env=False)


class _Pool(httpx2.AsyncBaseTransport):
    """Connections kept open, made through the guard. httpx2's own takes no network of ours."""

    def __init__(self) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trusted(),
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            http1=True,
            http2=False,
            retries=0,
            network_backend=GuardedNetwork(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        if not isinstance(answer.stream, AsyncIterable):
            raise TypeError("an asynchronous pool answers with an asynchronous stream")
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


_CORE_ERRORS: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)


def _check_target(call: Call) -> None:
    """Refuse to send credentials in the clear, also to an address that came in an answer."""
    parts = split_address(call.url)
    if parts is None or not parts.hostname or not is_encrypted_or_local(parts):
        failure = NeedsHuman(
            f"{call.operation} was not sent: its address is not an encrypted one",
            cause=Cause.PERMISSION_MISSING,
            remedy="Check the addresses of the connection: https, or http to 127.0.0.1 only.",
        )
        raise NetworkFailure(failure, before_sending=True, repeatable=False)


def _in_words(error: Exception) -> str:
    """Say what happened without anything of the request or the answer in it."""
    match error:
        case httpcore2.ConnectTimeout():
            return "could not be reached in time"
        case httpcore2.ConnectError() if isinstance(error.__cause__, ssl.SSLError):
            return "could not be reached: its certificate is not trusted here"
        case httpcore2.ConnectError():
            return "could not be reached"
        case httpcore2.TimeoutException():
            return "did not answer in time"
        case httpcore2.NetworkError() | httpcore2.RemoteProtocolError() | OSError():
            return "broke off the connection"
        case _:
            return f"gave an unreadable answer ({type(error).__name__})"
