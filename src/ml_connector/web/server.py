"""The web application: webhooks, consent, health and metrics under one roof."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, asgi

from ml_connector.engine.flow import Flow
from ml_connector.storage.database import Database
from ml_connector.web.consent import Gives, consent_handlers
from ml_connector.web.endpoints import Endpoints
from ml_connector.web.health import health_handlers
from ml_connector.web.ingress import Ingress, Receive, Scope, Send, TakesIn
from ml_connector.web.refusals import Refusals


def web_app(
    database: Database,
    endpoints: Endpoints,
    intake: TakesIn,
    flows_by_topic: Mapping[str, Flow],
    *,
    consents: Gives,
    outbound: AbstractAsyncContextManager[object],
) -> Litestar:
    """Build the application. The pool, and the way out to ShipBob, open and close with it."""
    ingress = Ingress(endpoints, intake, flows_by_topic, Refusals(database))

    @asgi("/webhooks/shipbob", is_mount=True, copy_scope=False)
    async def webhooks(scope: Scope, receive: Receive, send: Send) -> None:
        await ingress(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        async with database, outbound:
            yield

    return Litestar(
        route_handlers=[
            webhooks,
            *health_handlers(database),
            *consent_handlers(consents),
        ],
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
