"""The web application: webhooks, consent, health, metrics, console and API."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Litestar, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import ClientException, HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.types import BeforeMessageSendHookHandler, ExceptionHandlersMap
from litestar.types import Scope as LitestarScope

from ml_connector.config.log_counts import LogCounts, flush_counts
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import Flow
from ml_connector.storage.database import Database
from ml_connector.web.consent import MOST_BYTES, Gives, consent_handlers
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.health import health_handlers
from ml_connector.web.ingress import WEBHOOKS, Ingress, Receive, Scope, Send, TakesIn
from ml_connector.web.refusals import Refusals

_FLUSH_SECONDS: Final = 5.0

_log = structlog.get_logger("web")
_counts: Final = LogCounts(_log)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""


class Ending:
    """Whether this process is about to end: what lasts looks at it, and ends as well."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """Say that the process is about to end. A signal may come in the middle of anything."""
        self.has_begun = True


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What console and API add to an application; without them nothing of them is loaded.

    Attributes:
        pool: of connections to the database, which the application opens and closes.
        routers: of pages and API.
        description: of the API.
        before_send: looks at each answer.
        exception_handlers: answer what no route has answered.
        no_faults: exceptions that a route raises to say no.
        state: of the application.
    """

    pool: Database
    routers: Sequence[Router]
    description: OpenAPIConfig
    before_send: Sequence[BeforeMessageSendHookHandler]
    exception_handlers: ExceptionHandlersMap
    no_faults: tuple[type[Exception], ...]
    state: Mapping[str, object]


def web_app(
    database: Database,
    endpoints: Endpoints,
    intake: TakesIn,
    flows_by_topic: Mapping[str, Flow],
    *,
    settings: Settings,
    consents: Gives,
    outbound: AbstractAsyncContextManager[object],
    parts: Parts | None,
) -> Application:
    """Build the application, which opens and closes the pools and the calls to ShipBob.

    Webhooks bypass the framework, which would cost as much time as verifying them.

    Args:
        database: the pool of what takes webhooks in.
        endpoints: the connections that have webhooks.
        intake: stores them.
        flows_by_topic: which flow each topic concerns.
        settings: of the installation.
        consents: begins and ends consents.
        outbound: the calls to ShipBob.
        parts: console and API; None: neither is there.
    """
    ingress = Ingress(endpoints, intake, flows_by_topic, Refusals(database))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        counting = asyncio.create_task(_flush_counts())
        try:
            async with database, outbound, parts.pool if parts else nullcontext():
                yield
        finally:
            counting.cancel()
            flush_counts(everything=True)

    framework = _framework(
        [*health_handlers(database, settings), *consent_handlers(consents)], lifespan, parts
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(WEBHOOKS):
            await ingress(scope, receive, send)
        else:
            await framework(scope, receive, send)  # type: ignore[arg-type]  # ASGI, untyped

    return application


def console_app(database: Database, settings: Settings, parts: Parts) -> Application:
    """Build the application of console and API alone, which takes no webhooks."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        async with database, parts.pool:
            yield

    return _framework(health_handlers(database, settings), lifespan, parts)  # type: ignore[return-value]  # ASGI, untyped


def _framework(
    handlers: Sequence[HTTPRouteHandler],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    parts: Parts | None,
) -> Litestar:
    """Return the framework with these handlers, and those of console and API where it is there."""
    no_faults = parts.no_faults if parts else ()

    def log_fault(error: Exception, scope: LitestarScope) -> None:
        if not isinstance(error, no_faults):
            _log_fault(error, scope)

    return Litestar(
        route_handlers=[
            Router(path="/", route_handlers=handlers, include_in_schema=False),
            *(parts.routers if parts else ()),
        ],
        lifespan=[lifespan],
        guards=[_no_zeros],
        openapi_config=parts.description if parts else None,
        request_max_body_size=MOST_BYTES,
        before_send=parts.before_send if parts else (),
        after_exception=[log_fault],
        exception_handlers=parts.exception_handlers if parts else {},
        state=State(dict(parts.state) if parts else {}),
        logging_config=None,
        debug=False,
    )


def _no_zeros(request: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let no address through that has a zero character: no text of the database holds one."""
    if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise ClientException(
            "There is a zero character in the address. Next: leave it out, nothing here has one."
        )


async def _flush_counts() -> None:
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        flush_counts()


def _log_fault(error: Exception, scope: LitestarScope) -> None:
    """Log what is a fault of ours; the framework answers it with a 500 and says nothing."""
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus(500):
        return
    about = (scope["path"], type(error).__name__)
    if _counts.note("request_failed", about, path=about[0], reason=about[1]):
        _log.error("request_failed", path=about[0], exc_info=error)
