"""The HTTP library and how it is used: connections kept open, each call sent once."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from ml_connector.authorities import trusting_this_machine
from ml_connector.transport.call import Call
from ml_connector.transport.guard.resolver import GuardedResolver
from ml_connector.transport.http.progress import Progress, Unanswered

MOST_BODY_BYTES: Final = 64 * 1024 * 1024

_MOST_CONNECTIONS: Final = 100
# Shorter than what servers and proxies commonly allow, so that a write is never sent on a
# connection that the other side is just closing.
_IDLE_SECONDS: Final = 15.0

# What may stand in an address as it is; the per cent sign too, as most is quoted already.
_LEFT_AS_IT_IS: Final = "/?#%:@!$&'()*+,;=[]|"


class HttpClient:
    """Sends requests. Made inside a running event loop; to be closed.

    Args:
        user_agent: how we name ourselves.
        connect_seconds: how long it may take to find and to reach the other side, each.
    """

    def __init__(self, *, user_agent: str, connect_seconds: float) -> None:
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_sends)
        tracing.on_connection_create_end.append(_sends)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_MOST_CONNECTIONS,
                keepalive_timeout=_IDLE_SECONDS,
                resolver=GuardedResolver(connect_seconds),
                use_dns_cache=False,
            ),
            # Nothing may be signed in by itself, nor keep a cookie: it must never travel to
            # another account.
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"user-agent": user_agent, "accept-encoding": "gzip, deflate"},
            skip_auto_headers=("content-type",),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds),
            trace_configs=[tracing],
            middlewares=[_once],
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def exchange(
        self, call: Call, progress: Progress
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a call once; return status, headers by lower-case name, and the whole body.

        Args:
            call: to an address that may be called.
            progress: is told when the request may have begun to leave.

        Raises:
            Unanswered: there is no whole answer.
            NeedsHuman: the host leads to an address that must not be called.
        """
        try:
            async with self._session.request(
                call.method,
                URL(quote(call.url, safe=_LEFT_AS_IT_IS), encoded=True),
                headers=call.headers,
                data=call.body,
                allow_redirects=False,
                ssl=trusting_this_machine() if call.url.lower().startswith("https:") else True,
                trace_request_ctx=progress,
            ) as answer:
                headers: dict[str, str] = {}
                for name, value in answer.headers.items():
                    key = name.lower()
                    headers[key] = f"{headers[key]}, {value}" if key in headers else value
                return answer.status, headers, await _body(answer)
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise  # the time of the whole call
            raise Unanswered(_in_words(error)) from error
        except ValueError as error:  # such as a line break in a token
            raise Unanswered(
                "can't be asked: something in the request must not be sent", repeatable=False
            ) from error


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise Unanswered(f"sent more than {MOST_BODY_BYTES >> 20} MiB", repeatable=False)
    return bytes(body)


async def _sends(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
    """There is a connection: the request is sent now."""
    context.trace_request_ctx.sending = True


class _BrokenOff(aiohttp.ClientError):
    """The connection broke; the library sends nothing again for this one."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: whether it is sent again is decided, and counted, by who asks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenOff from error


def _in_words(error: Exception) -> str:
    """Say what happened without anything of the request or the answer in it."""
    match error:
        case aiohttp.ServerTimeoutError():
            return "could not be reached in time"
        case aiohttp.ClientSSLError():
            return "could not be reached: its certificate is not trusted here"
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            return "could not be reached"
        case (
            _BrokenOff()
            | aiohttp.ClientPayloadError()
            | aiohttp.ClientConnectionError()
            | OSError()
        ):
            return "broke off the connection"
        case _:
            return f"gave an unreadable answer ({type(error).__name__})"
