"""``/api/v1``: as JSON what the console shows and does, for programs with a token.

A noun is a file here, and a line below.
"""

from typing import Final

from litestar import Router
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, License, SecurityScheme

from ml_connector import __version__
from ml_connector.web.api import (
    again,
    attention,
    errands,
    events,
    figures,
    guards,
    me,
    search,
    subjects,
    tokens,
    users,
)
from ml_connector.web.api.books import months
from ml_connector.web.api.problems import HANDLERS

PATH: Final = "/api/v1"

_ROUTES: Final = (
    *me.ROUTES,
    *users.ROUTES,
    *tokens.ROUTES,
    *attention.ROUTES,
    *events.ROUTES,
    *search.ROUTES,
    *subjects.ROUTES,
    *errands.ROUTES,
    *months.ROUTES,
    *figures.ROUTES,
)


def api_router() -> Router:
    """Return the router of the API."""
    return Router(
        path=PATH,
        route_handlers=_ROUTES,
        guards=[guards.has_token],
        before_request=again.answered_before,
        dependencies={"who": Provide(guards.who, sync_to_thread=False)},
        exception_handlers=HANDLERS,
        security=[{"token": []}],
    )


def openapi_config() -> OpenAPIConfig:
    """Return how the API describes itself, at ``/api/v1/openapi.json``."""
    return OpenAPIConfig(
        title="ml-connector",
        version=__version__,
        description="What the console shows and does, for programs.",
        license=License(name="Apache-2.0"),
        # A path of its own: the framework answers all that is below it.
        path=f"{PATH}/openapi.json",
        render_plugins=[JsonRenderPlugin(path="/")],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A token of ml-connector token add, or of the page API tokens.",
                )
            }
        ),
    )
