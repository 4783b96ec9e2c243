"""``/api/v1``: as JSON what the console shows and does, for programs with a token.

A noun is a file here, and a line below.
"""

from typing import Final

from litestar import Router
from litestar.di import Provide

from ml_connector.web.api import (
    again,
    attention,
    errands,
    events,
    figures,
    guards,
    me,
    search,
    set_up,
    subjects,
    tokens,
    users,
)
from ml_connector.web.api.books import differences, months, undo
from ml_connector.web.api.problems import HANDLERS

PATH: Final = "/api/v1"
DESCRIPTION: Final = f"{PATH}/openapi.json"

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
    *differences.ROUTES,
    *undo.ROUTES,
    *figures.ROUTES,
    *set_up.ROUTES,
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
