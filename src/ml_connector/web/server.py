"""The web application: webhooks, consent, health, metrics, console and API."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Final

import structlog
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import Scope as LitestarScope

from ml_connector.config.log_counts import LogCounts, flush_counts
from ml_connector.config.settings import Settings
from ml_connector.engine.flow import Flow
from ml_connector.errors import ConnectorError, UserError
from ml_connector.storage.database import Database
from ml_connector.web.api import DESCRIPTION, again, api_router
from ml_connector.web.api.description import openapi_config
from ml_connector.web.consent import MOST_BYTES, Gives, consent_handlers
from ml_connector.web.console import console_routers
from ml_connector.web.console.guards import NotSignedIn, PasswordGiven
from ml_connector.web.console.security import add_headers
from ml_connector.web.console.state import Console
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.health import health_handlers
from ml_connector.web.ingress import WEBHOOKS, Ingress, Receive, Scope, Send, TakesIn
from ml_connector.web.refusals import Refusals
from ml_connector.web.unknown import unknown_path

_FLUSH_SECONDS: Final = 5.0

_log = structlog.get_logger("web")
_counts: Final = LogCounts(_log)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""


def web_app(
    database: Database,
    endpoints: Endpoints,
    intake: TakesIn,
    flows_by_topic: Mapping[str, Flow],
    *,
    settings: Settings,
    consents: Gives,
    outbound: AbstractAsyncContextManager[object],
    console: Console | None,
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
        console: what the console and the API work with; None: neither is there.
    """
    ingress = Ingress(endpoints, intake, flows_by_topic, Refusals(database))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        counting = asyncio.create_task(_flush_counts())
        try:
            async with database, outbound, console.database if console else nullcontext():
                yield
        finally:
            counting.cancel()
            flush_counts(everything=True)

    framework = _framework(
        [*health_handlers(database, settings), *consent_handlers(consents)], lifespan, console
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(WEBHOOKS):
            await ingress(scope, receive, send)
        else:
            await framework(scope, receive, send)  # type: ignore[arg-type]  # ASGI, untyped

    return application


def console_app(database: Database, settings: Settings, console: Console) -> Application:
    """Build the application of console and API alone, which takes no webhooks."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        async with database, console.database:
            yield

    return _framework(health_handlers(database, settings), lifespan, console)  # type: ignore[return-value]  # ASGI, untyped


def _framework(
    handlers: Sequence[HTTPRouteHandler],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    console: Console | None,
) -> Litestar:
    """Return the framework with these handlers, and those of console and API where it is there."""
    return Litestar(
        route_handlers=[
            Router(path="/", route_handlers=handlers, include_in_schema=False),
            *([*console_routers(), api_router()] if console else ()),
        ],
        lifespan=[lifespan],
        openapi_config=openapi_config(DESCRIPTION) if console else None,
        request_max_body_size=MOST_BYTES,
        before_send=[add_headers, again.keep] if console else (),
        after_exception=[_log_fault],
        exception_handlers={HTTPException: unknown_path} if console else {},
        state=State(console.as_state() if console else {}),
        logging_config=None,
        debug=False,
    )


async def _flush_counts() -> None:
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        flush_counts()


def _log_fault(error: Exception, scope: LitestarScope) -> None:
    """Log what is a fault of ours; the framework answers it with a 500 and says nothing."""
    if isinstance(error, (UserError, ConnectorError, NotSignedIn, PasswordGiven)):
        return
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus(500):
        return
    about = (scope["path"], type(error).__name__)
    if _counts.note("request_failed", about, path=about[0], reason=about[1]):
        _log.error("request_failed", path=about[0], exc_info=error)
