"""The web application: webhooks, consent, health and metrics."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Final

import structlog
from litestar import Litestar
from litestar.exceptions import HTTPException
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


def web_app(
    database: Database,
    endpoints: Endpoints,
    intake: TakesIn,
    flows_by_topic: Mapping[str, Flow],
    *,
    settings: Settings,
    consents: Gives,
    outbound: AbstractAsyncContextManager[object],
) -> Application:
    """Build the application, which opens and closes the pool and the calls to ShipBob.

    Webhooks bypass the framework, which would cost as much time as verifying them.
    """
    ingress = Ingress(endpoints, intake, flows_by_topic, Refusals(database))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        counting = asyncio.create_task(_flush_counts())
        try:
            async with database, outbound:
                yield
        finally:
            counting.cancel()
            flush_counts(everything=True)

    framework = Litestar(
        route_handlers=[*health_handlers(database, settings), *consent_handlers(consents)],
        lifespan=[lifespan],
        openapi_config=None,
        request_max_body_size=MOST_BYTES,
        after_exception=[_log_fault],
        logging_config=None,
        debug=False,
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(WEBHOOKS):
            await ingress(scope, receive, send)
        else:
            await framework(scope, receive, send)  # type: ignore[arg-type]  # ASGI, untyped

    return application


async def _flush_counts() -> None:
    while True:
        await asyncio.sleep(_FLUSH_SECONDS)
        flush_counts()


def _log_fault(error: Exception, scope: LitestarScope) -> None:
    """Log what is a fault of ours; the framework answers it with a 500 and says nothing."""
    expected = isinstance(error, HTTPException) and error.status_code < HTTPStatus(500)
    if expected:
        return
    about = (scope["path"], type(error).__name__)
    if _counts.note("request_failed", about, path=about[0], reason=about[1]):
        _log.error("request_failed", path=about[0], exc_info=error)
