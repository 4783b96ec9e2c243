"""The web application: webhooks, consent, health and metrics."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar

from ml_connector.config.settings import Settings
from ml_connector.engine.flow import Flow
from ml_connector.storage.database import Database
from ml_connector.web.consent import Gives, consent_handlers
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.health import health_handlers
from ml_connector.web.ingress import WEBHOOKS, Ingress, Receive, Scope, Send, TakesIn
from ml_connector.web.refusals import Refusals

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
        async with database, outbound:
            yield

    framework = Litestar(
        route_handlers=[*health_handlers(database, settings), *consent_handlers(consents)],
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(WEBHOOKS):
            await ingress(scope, receive, send)
        else:
            await framework(scope, receive, send)  # type: ignore[arg-type]  # ASGI, untyped

    return application
